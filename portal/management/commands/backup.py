"""Copy the whole database into one file, and the keys into another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups import BackupError
from portal.backups.address import address_of
from portal.backups.keys import KEPT_DAYS, SUFFIX, keys_beside, remove_old_keys
from portal.backups.make import make_backup
from portal.checks import encryption_keys_are_fernet_keys


class Command(BaseCommand):
    """``manage.py backup FILE [--keys FILE] [--keep-keys DAYS] [--force]``."""

    help = (
        "Write one consistent copy of the whole database to FILE, while everything runs, and the keys of persons and"
        " payloads to a second file. Keep the two apart, and the second one for a shorter time: what is erased is gone once no"
        " copy of its key is left. Needs DATABASE_OWNER_URL and ENCRYPTION_KEYS, which no file holds. Exit code 1:"
        " nothing was written."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and whether it may be replaced."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--keys", type=Path, metavar="FILE", help=f"where the keys go (default FILE{SUFFIX})"
        )
        parser.add_argument(
            "--keep-keys",
            type=int,
            default=KEPT_DAYS,
            metavar="DAYS",
            help=f"files of keys beside it that are older are removed (default {KEPT_DAYS} days)",
        )
        parser.add_argument("--force", action="store_true", help="replace the files if they are there")

    def handle(
        self,
        *args: Any,
        file: Path,
        keys: Path | None,
        keep_keys: int,
        force: bool,
        verbosity: int,
        **options: Any,
    ) -> None:
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
            keys = keys or keys_beside(file)
            manifest = make_backup(source, file, keys, force=force, say=say)
            removed = remove_old_keys(keys, keep_keys)
        except BackupError as error:
            raise CommandError(f"No backup was made. {error}") from error
        say(f"{file} holds everything up to {manifest.made_at} ({file.stat().st_size >> 10:,} KiB).")
        say(f"{keys} holds the keys of persons and payloads: keep it elsewhere, and not as long.")
        for each in removed:
            say(f"{each} was removed: it was more than {keep_keys} days older.")
        say(
            f"It can be read only with the keys {', '.join(manifest.keys) or '(none is needed)'}: keep them elsewhere."
        )
