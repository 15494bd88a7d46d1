"""A process of its own that takes one large stock feed, for ``test_stock_volume``: ``python -m tests.stock_volume FILE_PK``.

It does the work as a worker does, and prints one JSON line: seconds, and the most memory that it ever held.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django


def megabytes() -> float:
    """Return the most memory that this process ever held; what ``getrusage`` tells is that of its parent as well."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main(transmission: str) -> None:
    """Read the file, and do everything that follows."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from integration import tasks  # noqa: PLC0415 - after the set-up
    from integration.work import Step, put  # noqa: PLC0415

    tasks.async_task = lambda *args, **options: None
    before = megabytes()
    began, cpu = time.monotonic(), time.process_time()
    put("documents", Step("translate", transmission, f"transmission:{transmission}"))
    tasks.drain_everything()
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    sys.stdout.write(
        json.dumps({"seconds": took, "cpu": cpu, "megabytes": megabytes(), "at_rest": before}) + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
