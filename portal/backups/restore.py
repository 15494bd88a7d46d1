"""A backup into a fresh cluster: refused before anything changes, or loaded whole and looked through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
from django.db import DatabaseError

from portal.backups import BackupError, FaultsAfterRestore
from portal.backups.address import Address
from portal.backups.erased import dispose_again, erase_again
from portal.backups.ground import prepare
from portal.backups.keys import KeyFile, read_keys, refuse_other_keys
from portal.backups.load import load
from portal.backups.manifest import Manifest, refuse_another_schema, refuse_missing_keys
from portal.backups.package import open_package
from portal.backups.programs import find_program
from portal.guards import guard_faults, powerful_role
from portal.roles import APP


def restore_backup(
    file: Path,
    keys: Path,
    owner: Address,
    *,
    superuser: Address | None,
    app_password: str,
    skip: int,
    say: Callable[[str], None],
) -> Manifest:
    """Restore ``file`` into the empty database of ``owner``, whose counters of control numbers leave out ``skip``.

    ``keys`` is the file of keys that was written with it, or a later one: what was erased or disposed of in between stays so.

    Raises ``BackupError`` with nothing restored, or ``FaultsAfterRestore`` with everything restored.
    """
    with open_package(file) as package:
        manifest = package.manifest
        say(f"{file} is whole: made by Gridport {manifest.gridport} at {manifest.made_at}.")
        refuse_another_schema(manifest)
        refuse_missing_keys(manifest)
        held = read_keys(keys)
        refuse_other_keys(held, manifest.made_at, manifest.lineage)
        program = find_program(
            "pg_restore", manifest.pg_dump, f"The backup was written by pg_dump {manifest.pg_dump}"
        )
        major = prepare(manifest, owner, superuser, app_password)
        say(
            f"Loading {len(manifest.tables)} tables with {sum(manifest.tables.values()):,} rows into the {owner}."
        )
        try:
            load(package, held, owner, major, program, skip)
        except OSError as error:
            raise BackupError(f"PostgreSQL's programs cannot be run: {error.strerror or error}.") from error
    end_again(owner, held, say)
    look_through(owner)
    return manifest


def end_again(owner: Address, keys: KeyFile, say: Callable[[str], None]) -> None:
    """Erase and dispose of what was erased and disposed of since. Raises ``FaultsAfterRestore`` where it cannot."""
    try:
        orders = erase_again(owner, keys.erased())
        files = dispose_again(owner, keys)
    except DatabaseError as error:
        raise FaultsAfterRestore(
            "What was erased or disposed of since is there again, and could not be taken away:"
            f" {str(error).splitlines()[0]} Drop the database and restore once more."
        ) from error
    if orders:
        say(
            f"{orders} order{' was' if orders == 1 else 's were'} erased since the backup was made, and again here."
        )
    if files:
        say(
            f"{files:,} file{' was' if files == 1 else 's were'} disposed of since the backup was made, and again here."
        )


def look_through(owner: Address) -> None:
    """Analyse the tables, and raise ``FaultsAfterRestore`` where guards, grants or the application's role are not as they should be."""
    try:
        with owner.connect() as connection, connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # else every plan is a guess until autovacuum has come round
            faults = guard_faults(cursor)
            powerful = powerful_role(cursor, APP)
    except psycopg.Error as error:
        raise FaultsAfterRestore(f"It could not be looked through: {str(error).splitlines()[0]}") from error
    if powerful is not None:
        faults.append(f"{powerful[0]} is or may become {powerful[1]}: it could rewrite history.")
    if faults:
        raise FaultsAfterRestore(" ".join(faults))
