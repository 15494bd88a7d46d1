"""The demo's evidence: seal what was recorded, publish the root, make the pack of an order, and check it as a stranger does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count

from archive import publishing, sealing, verify
from integration.models import Order
from integration.work import Unclaimed
from portal.demo.processes import DemoError
from portal.evidence.making import make
from portal.evidence.scopes import of_order

_TRIES = 5


def prove(data: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Write ``evidence/NUMBER.zip`` of the order with the most documents, ``evidence/verify.py`` and ``published/roots.txt``.

    They lie below ``data``. What is still being recorded about the order is not sealed yet: then it is sealed and packed once more. Raises
    ``DemoError`` where the pack is not proved in the end.
    """
    folder, roots = data / "evidence", data / "published" / "roots.txt"
    folder.mkdir(parents=True, exist_ok=True)
    number = (
        Order.objects.alias(many=Count("documents"))
        .order_by("-many", "number")
        .values_list("number", flat=True)[0]
    )
    pack = folder / f"{number}.zip"
    program = Path(shutil.copy(verify.__file__, folder / "verify.py"))
    command = [sys.executable, str(program), str(pack), "--roots", str(roots)]
    for _ in range(_TRIES):
        sealing.close(Unclaimed(), now=True)
        with transaction.atomic():
            publishing.publish_to_file(roots)
        with pack.open("wb") as file:
            file.writelines(make(of_order(Order.objects.get(number=number)), "lead"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == verify.PROVED:
            break
    else:
        raise DemoError(f"The pack of order {number} is not proved:\n{done.stdout}{done.stderr}")
    proved = sum(line.startswith("proved") for line in done.stdout.splitlines())
    say(
        f"Evidence of order {number}: {proved} records proved. Check it yourself, on any machine with Python:"
    )
    say(f"  python3 {program} {pack} --roots {roots}")
    return {
        "pack": str(pack),
        "roots": str(roots),
        "verify": str(program),
        "exit_code": done.returncode,
        "proved": proved,
    }


def put_aside(roots: Path) -> Path:
    """Return ``roots``, free for a new archive: what another one published there is kept beside it."""
    if roots.exists():
        roots.rename(roots.with_name(f"roots-until-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}.txt"))
    return roots
