"""A backup tried out: restored into a scratch database, looked through, measured and dropped again.

That a backup is made says nothing of whether it can be read: only a restore does. The scratch database lies on the owner's
server and is called for what it is, so that what a killed drill leaves behind is seen and dropped by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings
from psycopg import sql

from integration.models import RestoreDrill
from portal.backups import BackupError, FaultsAfterRestore
from portal.backups.address import Address
from portal.backups.ground import refuse_missing_roles
from portal.backups.keys import SUFFIX, keys_beside
from portal.backups.restore import restore_backup
from portal.roles import create_database_statement, schema_statements

PREFIX = "gridport_drill_"
Say = Callable[[str], None]
Verify = Callable[[Address], str]
"""Looks through a restored database; returns what it saw, and raises ``FaultsAfterRestore`` where something is wrong."""


@dataclass(frozen=True)
class Place:
    """Where a drill restores to: the owner's server, and who may make a database there (None: the owner may)."""

    owner: Address
    superuser: Address | None
    app_password: str


def latest_backup(folder: Path) -> Path:
    """Return the newest backup in ``folder`` whose keys stand beside it; raise ``BackupError`` where there is none."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if path.is_file()] if folder.is_dir() else []
    backups = [path.with_name(path.name.removesuffix(SUFFIX)) for path in found]
    standing = [path for path in backups if path.is_file()]
    if not standing:
        raise BackupError(
            f"There is no backup with its keys in {folder}: name one, or set BACKUP_FOLDER to where they are."
        )
    return max(standing, key=lambda path: path.stat().st_mtime)


def run_drill(file: Path, keys: Path | None, place: Place, verify: Verify, say: Say) -> RestoreDrill:
    """Restore ``file`` into a scratch database, ``verify`` it, drop it, and return the row that says how it went."""
    began = time.monotonic()
    made_at, rows, passed = None, 0, False
    try:
        with scratch_database(place) as target:
            manifest = restore_backup(
                file,
                keys or keys_beside(file),
                target,
                superuser=None,
                app_password=place.app_password,
                skip=0,
                say=say,
            )
            made_at, rows = datetime.fromisoformat(manifest.made_at), sum(manifest.tables.values())
            said = verify(target)
        passed = True
    except (BackupError, FaultsAfterRestore, psycopg.Error) as error:
        said = str(error)
    seconds = round(time.monotonic() - began, 1)
    return RestoreDrill.objects.create(
        file=file.name[:300], backup_made_at=made_at, seconds=seconds, rows=rows, passed=passed, detail=said
    )


@contextmanager
def scratch_database(place: Place) -> Iterator[Address]:
    """Make an empty database for the owner, and drop it; what earlier drills left behind is dropped first."""
    maker = (place.superuser or place.owner).at("postgres")
    target = place.owner.at(f"{PREFIX}{uuid4().hex[:8]}")
    with maker.connect() as server:
        refuse_missing_roles(server)
        for (left,) in server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            " AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = pg_database.datname)",
            [PREFIX],
        ).fetchall():
            with suppress(psycopg.Error):
                server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(left)))
        server.execute(create_database_statement(target.database))
        try:
            with (place.superuser or place.owner).at(target.database).connect() as inside:
                for statement in schema_statements(target.database):
                    inside.execute(statement)
            yield target
        finally:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(target.database)))


def backup_folder() -> Path:
    """Return where backups are kept, as the settings say."""
    return Path(settings.BACKUP_FOLDER)
