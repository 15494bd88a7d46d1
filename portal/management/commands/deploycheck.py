"""Run ``check --deploy`` as a deployment would be set up, on any machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


class Command(BaseCommand):
    """``manage.py deploycheck``: what ``make lint`` calls."""

    help = "Run check --deploy under the settings of an example deployment; warnings fail."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Check in a process of its own, whose environment is the example."""
        example = {
            "DATABASE_URL": "postgres://gridport_app:secret@database.example/gridport",
            "SECRET_KEY": "an-example-of-a-long-and-random-key-0123456789-abcdefghijklmnop",
            "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "ALLOWED_HOSTS": "portal.example",
            "BEHIND_PROXY": "true",
        }
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "GRIDPORT_DATA") if name in os.environ
        }
        done = subprocess.run(
            [sys.executable, str(MANAGE), "check", "--deploy", "--fail-level", "WARNING"],
            env={**kept, **example},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(done.stderr.strip())
        self.stdout.write(done.stdout.strip())
