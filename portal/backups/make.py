"""A backup: rows counted and the dump taken in one snapshot of the database."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psycopg
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from psycopg import sql

from archive.store import key_id
from partners.secrets import MARK, EncryptedTextField
from portal.backups import BackupError
from portal.backups.address import Address
from portal.backups.keys import KEY_TABLES, lineage, write_keys
from portal.backups.manifest import FORMAT, Manifest, gridport_version, schema_differences
from portal.backups.package import CHUNK, refuse_to_overwrite, write_package
from portal.backups.programs import Program, find_program

Connection = psycopg.Connection[tuple[Any, ...]]
Say = Callable[[str], None]
LOCK_WAIT = "60s"
LEFT_OUT = (*KEY_TABLES, "portal_exportpart")
"""Tables of which a dump holds no rows: keys, which have a file of their own, and what is there for a day alone."""
TELL_EVERY = 10.0


def make_backup(source: Address, target: Path, keys: Path, *, force: bool, say: Say) -> Manifest:
    """Write one consistent copy of ``source`` to the file ``target``, and its keys to the file ``keys``.

    Raise ``BackupError`` where it cannot.
    """
    for path in (target, keys):
        refuse_to_overwrite(path, force=force)
    try:
        with source.connect() as connection:
            major = connection.info.server_version // 10_000
            program = find_program("pg_dump", major, f"The server is PostgreSQL {major}")
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with connection.transaction():
                return _make(connection, source, (target, keys), program, force=force, say=say)
    except psycopg.Error as error:
        raise BackupError(f"The {source} cannot be read: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}.") from error


def _make(
    connection: Connection,
    source: Address,
    targets: tuple[Path, Path],
    program: Program,
    *,
    force: bool,
    say: Say,
) -> Manifest:
    target, keys_target = targets
    (snapshot,) = _row(connection, "SELECT pg_export_snapshot()")
    migrations = _migrations(connection, source)
    lacking, _ = schema_differences(migrations)
    if lacking:
        say(
            f"Careful: {len(lacking)} migrations of this Gridport are not applied. This backup is restored by the"
            " Gridport that ran before, and not by this one."
        )
    tables = _row_counts(connection)
    say(f"{len(tables)} tables with {sum(tables.values()):,} rows in the {source}.")
    keys = _keys(connection, say)
    (made_at,) = _row(
        connection, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    )

    def describe(size: int, sha256: str) -> Manifest:
        return Manifest(
            format=FORMAT,
            gridport=gridport_version(),
            made_at=made_at,
            database=source.database,
            server=connection.info.server_version // 10_000,
            pg_dump=program.major,
            migrations=migrations,
            tables=tables,
            keys=keys,
            size=size,
            sha256=sha256,
            lineage=lineage(connection),
        )

    staged = keys_target.with_name(f".{keys_target.name}.partial")
    written = write_keys(connection, staged, made_at)
    for key in sorted(written.store_keys.keys() - {key_id(master) for master in settings.ENCRYPTION_KEYS}):
        say(
            f"Careful: {written.store_keys[key]} keys of persons and payloads lie under key {key}, which is not in"
            " ENCRYPTION_KEYS."
        )
    try:
        manifest = write_package(target, _dump(program, source, snapshot, say), describe, force=force)
        staged.replace(keys_target)
    finally:
        staged.unlink(missing_ok=True)
    return manifest


def _row(connection: Connection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def _migrations(connection: Connection, source: Address) -> list[str]:
    if _row(connection, "SELECT to_regclass('public.django_migrations')") == (None,):
        raise BackupError(f"The {source} holds no Gridport: nothing was ever migrated there.")
    rows = connection.execute("SELECT app || '.' || name FROM public.django_migrations ORDER BY 1")
    return [name for (name,) in rows]


def _row_counts(connection: Connection) -> dict[str, int]:
    counts = {}
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    for (table,) in tables.fetchall():
        if table in LEFT_OUT:
            continue
        query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
        counts[table] = connection.execute(query).fetchall()[0][0]
    return counts


def _keys(connection: Connection, say: Say) -> dict[str, int]:
    """Return how many payloads and secrets each key opens, by the key's id."""
    counts: Counter[str] = Counter()
    for key, payloads in connection.execute(
        "SELECT key_id, count(*) FROM public.archive_payload WHERE key_id <> '' GROUP BY 1"
    ):
        counts[key] += payloads
    fernets = {key_id(master): Fernet(master) for master in settings.ENCRYPTION_KEYS}
    for table, column, secret in _secrets(connection):
        key = next((key for key, fernet in fernets.items() if _opens(fernet, secret)), None)
        if key is None:
            say(f"Careful: none of ENCRYPTION_KEYS opens a secret in {table}.{column}.")
        else:
            counts[key] += 1
    for key in sorted(counts.keys() - fernets.keys()):
        say(f"Careful: {counts[key]} payloads need key {key}, which is not in ENCRYPTION_KEYS.")
    return dict(sorted(counts.items()))


def _secrets(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield table, column and stored text of each secret. A column of a migration to come is passed over."""
    there = set(
        connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
    )
    for model in apps.get_models():
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            column = str(field.column)
            if isinstance(field, EncryptedTextField) and (table, column) in there:
                query = sql.SQL("SELECT {column} FROM public.{table} WHERE {column} <> ''").format(
                    column=sql.Identifier(column), table=sql.Identifier(table)
                )
                for (secret,) in connection.execute(query):
                    yield table, column, secret


def _opens(fernet: Fernet, secret: str) -> bool:
    try:
        fernet.decrypt(secret.removeprefix(MARK).encode())
    except InvalidToken:
        return False
    return True


def _dump(program: Program, source: Address, snapshot: str, say: Say) -> Iterator[bytes]:
    """Yield what pg_dump writes; raise ``BackupError`` where it does not end well."""
    arguments = [
        "--format=custom", *(f"--exclude-table-data=public.{each}" for each in LEFT_OUT), f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}", *source.arguments()
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [program.path, *arguments],
            env=source.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield from _told(process.stdout, say)
        finally:
            process.stdout.close()
            code = process.wait()
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise BackupError(f"{program.path} ended with {code}: {' '.join(said[-3:])}")


def _told(output: IO[bytes], say: Say) -> Iterator[bytes]:
    written = 0
    told = time.monotonic()
    while chunk := output.read(CHUNK):
        yield chunk
        written += len(chunk)
        if time.monotonic() - told > TELL_EVERY:
            say(f"{written >> 20:,} MiB written.")
            told = time.monotonic()
