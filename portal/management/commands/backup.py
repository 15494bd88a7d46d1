"""Copy the whole database into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups import BackupError
from portal.backups.address import address_of
from portal.backups.make import make_backup
from portal.checks import encryption_keys_are_fernet_keys


class Command(BaseCommand):
    """``manage.py backup FILE [--force]``."""

    help = (
        "Write one consistent copy of the whole database to FILE, while everything runs. Needs DATABASE_OWNER_URL"
        " and ENCRYPTION_KEYS; no key is written to the file: keep the keys elsewhere. Exit code 1: nothing was"
        " written."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and whether it may be replaced."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--force", action="store_true", help="replace FILE if it is there")

    def handle(self, *args: Any, file: Path, force: bool, verbosity: int, **options: Any) -> None:
        """Write the file, telling on stderr how far it is."""

        def say(line: str) -> None:
            if verbosity:
                self.stderr.write(f"Backup: {line}")
                self.stderr.flush()

        source = address_of("owner")
        if source is None:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: a backup reads every table, as gridport_owner."
            )
        for problem in encryption_keys_are_fernet_keys():
            raise CommandError(f"{problem.msg} Set the keys in use: the backup notes which of them it needs.")
        try:
            manifest = make_backup(source, file, force=force, say=say)
        except BackupError as error:
            raise CommandError(f"No backup was made. {error}") from error
        say(f"{file} holds everything up to {manifest.made_at} ({file.stat().st_size >> 10:,} KiB).")
        say(
            f"It can be read only with the keys {', '.join(manifest.keys) or '(none is needed)'}: keep them elsewhere."
        )
