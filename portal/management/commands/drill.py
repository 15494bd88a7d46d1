"""Try a backup out: restore it into a scratch database, look through it, and say how long that took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from integration.flows.drills import tell_of_drill
from portal.backups import BackupError
from portal.backups.address import address_of
from portal.backups.drill import Place, backup_folder, latest_backup, run_drill
from portal.backups.look import look_through
from portal.management.commands.restore import app_password, superuser


class Command(BaseCommand):
    """``manage.py drill [FILE] [--keys FILE]``."""

    help = (
        "Restore FILE, or the newest backup in BACKUP_FOLDER, into a scratch database, look through it and drop it: what was"
        " found stands on the page “Restore drills”. Needs DATABASE_OWNER_URL, and DATABASE_SUPERUSER_URL where the owner"
        " may not make databases. Exit code 1: it failed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and its keys."""
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
        parser.add_argument("--keys", type=Path, metavar="FILE", help="the keys (default FILE.keys)")

    def handle(
        self, *args: Any, file: Path | None, keys: Path | None, verbosity: int, **options: Any
    ) -> None:
        """Do it, telling on stderr how far it is."""

        def say(line: str) -> None:
            if verbosity:
                self.stderr.write(f"Drill: {line}")
                self.stderr.flush()

        owner = address_of("owner")
        if owner is None:
            raise CommandError("DATABASE_OWNER_URL is not set: a drill restores as gridport_owner.")
        try:
            chosen = file or latest_backup(backup_folder())
        except BackupError as error:
            raise CommandError(str(error)) from error
        place = Place(owner, superuser(), app_password())
        done = run_drill(chosen, keys, place, look_through, say)
        tell_of_drill(timezone.now())
        if not done.passed:
            raise CommandError(f"The drill failed after {done.seconds} s. {done.detail}")
        assert done.backup_made_at is not None
        age = (timezone.now() - done.backup_made_at).total_seconds() / 60
        say(f"{done.detail} Restored and looked through in {done.seconds} s.")
        say(f"What was done in the last {age:,.0f} minutes would be lost: the backup is that old.")
