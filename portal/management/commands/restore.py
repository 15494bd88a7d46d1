"""Bring a backup into a fresh database."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from partners.control_numbers import LARGEST
from portal.backups import BackupError, FaultsAfterRestore
from portal.backups.address import Address, address_of, parse_address
from portal.backups.in_place import finish_in_place
from portal.backups.keys import SUFFIX, keys_beside, read_keys
from portal.backups.restore import restore_backup
from portal.environment import env
from portal.roles import APP

SKIP = 10_000
NEXT = """\
Everything is as it was at {made_at}, and everything is paused: serve and worker may run, and nothing is
read from a store or mailbox or sent to one until somebody resumes. Before that:
 1. What was sent after {made_at} is not known here and would be sent again. Put the stores, mailboxes and
    agreements back to watch, then resume: in watch everything is read and composed, and nothing is sent.
    Compare it with what partners and mailboxes have, then let go live, one after the other, with a reason.
 2. Control numbers: {numbers}
 3. Readers of changes begin anew: a cursor from before the restore is of another epoch.
"""
SKIPPED = """\
every counter left out the next {skip:,}. If more were given out since, restore once more, into
    another database, with a larger --skip-control-numbers. An agreement made since is not here: made again,
    it begins at 1."""
NOT_SKIPPED = """\
none was left out. Those given out since will be given out again, and partners take them for
    repeats."""


class Command(BaseCommand):
    """``manage.py restore FILE | --in-place [--keys FILE] [--skip-control-numbers N]``."""

    help = (
        "Restore the backup FILE into the empty database of DATABASE_OWNER_URL. With DATABASE_SUPERUSER_URL set as"
        " well, roles and database are created where they are missing. Exit code 1: refused, nothing was restored;"
        " 3: restored, with faults."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and how many control numbers to leave out."""
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
        parser.add_argument(
            "--in-place",
            action="store_true",
            help="the database was restored by other means (a base backup and WAL): make it safe to go on with",
        )
        parser.add_argument(
            "--keys",
            type=Path,
            metavar="FILE",
            help=f"the keys, as they were backed up with it or later (default FILE{SUFFIX}); what was erased or disposed of since stays so",
        )
        parser.add_argument(
            "--skip-control-numbers",
            type=_skip,
            default=SKIP,
            metavar="N",
            help=f"leave out the next N of every counter, given out after the backup was made (default {SKIP:,})",
        )

    def handle(
        self,
        *args: Any,
        file: Path | None,
        in_place: bool,
        keys: Path | None,
        skip_control_numbers: int,
        verbosity: int,
        **options: Any,
    ) -> None:
        """Restore, then say what to do next: nothing is resumed by itself."""

        def say(line: str) -> None:
            if verbosity:
                self.stderr.write(f"Restore: {line}")
                self.stderr.flush()

        owner = address_of("owner")
        if owner is None:
            raise CommandError("DATABASE_OWNER_URL is not set: a restore runs as gridport_owner.")
        numbers = (SKIPPED if skip_control_numbers else NOT_SKIPPED).format(skip=skip_control_numbers)
        if in_place:
            _in_place(owner, keys, skip_control_numbers, say)
            self.stderr.write(
                NEXT.format(made_at="the moment it was restored to", numbers=numbers), ending=""
            )
            return
        if file is None:
            raise CommandError("Name the backup, or say --in-place.")
        try:
            manifest = restore_backup(
                file,
                keys or keys_beside(file),
                owner,
                superuser=superuser(),
                app_password=app_password(),
                skip=skip_control_numbers,
                say=say,
            )
        except BackupError as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        except FaultsAfterRestore as error:
            raise CommandError(
                f"{file} is restored into the {owner}, and not to be used before this is mended: {error}",
                returncode=3,
            ) from error
        say("done.")
        self.stderr.write(NEXT.format(made_at=manifest.made_at, numbers=numbers), ending="")


def _in_place(owner: Address, keys: Path | None, skip: int, say: Callable[[str], None]) -> None:
    """Make a database safe that was restored by other means."""
    if keys is None:
        raise CommandError(
            "Name today's file of keys with --keys: a copy of the whole server holds keys that were destroyed since."
        )
    try:
        finish_in_place(owner, read_keys(keys), skip, say)
    except BackupError as error:
        raise CommandError(f"Nothing was changed. {error}") from error
    except FaultsAfterRestore as error:
        raise CommandError(f"Not to be used before this is mended: {error}", returncode=3) from error


def superuser() -> Address | None:
    """Return the superuser's address, where DATABASE_SUPERUSER_URL gives one."""
    url = env.str("DATABASE_SUPERUSER_URL", default="")
    if not url:
        return None
    try:
        return parse_address(url)
    except psycopg.ProgrammingError as error:
        raise CommandError("DATABASE_SUPERUSER_URL is not a postgres:// address.") from error


def app_password() -> str:
    """Return the password that DATABASE_URL gives for the application's role; a private installation's is not meant."""
    app = None if settings.USES_PRIVATE_SERVER else address_of("default")
    return app.password if app is not None and app.user == APP else ""


def _skip(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {LARGEST:,}")
    return int(text)
