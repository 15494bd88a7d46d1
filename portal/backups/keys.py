"""The keys of persons and payloads, backed up apart from what they open, and for a shorter time.

What is erased is gone from a backup too once no copy of its key is left. So the dump holds no rows of the key tables; they are
one text file of their own: a line that says what it is, a line for each key, for each order that was erased and each file that was disposed of, and a line
with the SHA-256 of those before. Rows name payloads by address and persons by lookup, so that the keys of today fit a
backup of last year, and bring back nothing that was erased since.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from psycopg import sql

from archive.store import key_id
from portal.backups import BackupError

Connection = psycopg.Connection[tuple[Any, ...]]
FORMAT, SINCE_DISPOSALS = 2, 2
"""Files of before that format say nothing of what was disposed of."""
KEY_TABLES = ("archive_subjectkey", "archive_payloadkey")
"""Never in a dump."""
SUFFIX = ".keys"
KEPT_DAYS = 30
_END = b"end\t"
_PERSONS = """
    SELECT 'person', s.lookup, encode(k.wrapped, 'hex'), k.store_key, '', k.made_at
      FROM public.archive_subjectkey k JOIN public.archive_datasubject s ON s.id = k.subject_id
"""
_PAYLOADS = """
    SELECT 'payload', p.address, encode(k.wrapped, 'hex'), k.store_key, coalesce(s.lookup, ''), k.made_at
      FROM public.archive_payloadkey k JOIN public.archive_payload p ON p.id = k.payload_id
      LEFT JOIN public.archive_datasubject s ON s.id = k.under_id
"""
_ERASED = """
    SELECT 'erased', t.store_hash, '', '', o.number::text, o.erased_at
      FROM public.integration_order o JOIN public.integration_store t ON t.id = o.store_id WHERE o.erased_at IS NOT NULL
"""
_DISPOSED = """
    SELECT 'disposed', p.address, '', '', c.number::text, c.at
      FROM (SELECT payload_id, id AS number, recorded_at AS at FROM public.archive_disposalcertificate
            UNION ALL
            SELECT payload_id, number, destroyed_at FROM public.archive_lostcertificate l
             WHERE NOT EXISTS (SELECT 1 FROM public.archive_disposalcertificate d WHERE d.payload_id = l.payload_id)) c
      JOIN public.archive_payload p ON p.id = c.payload_id
"""
_LINEAGE = "SELECT app || name || applied FROM public.django_migrations ORDER BY id LIMIT 1"
_TAKE_IN = (
    "CREATE TEMPORARY TABLE restored_key"
    " (kind text, name text, wrapped text, store_key text, under text, made_at timestamptz)",
    "COPY pg_temp.restored_key FROM STDIN",
)
_PUT = (
    """INSERT INTO public.archive_subjectkey (subject_id, wrapped, store_key, made_at)
       SELECT s.id, decode(k.wrapped, 'hex'), k.store_key, k.made_at
         FROM pg_temp.restored_key k JOIN public.archive_datasubject s ON s.lookup = k.name WHERE k.kind = 'person'""",
    """INSERT INTO public.archive_payloadkey (payload_id, wrapped, store_key, under_id, made_at)
       SELECT p.id, decode(k.wrapped, 'hex'), k.store_key, s.id, k.made_at
         FROM pg_temp.restored_key k JOIN public.archive_payload p ON p.address = k.name
         LEFT JOIN public.archive_datasubject s ON s.lookup = k.under
        WHERE k.kind = 'payload' AND (k.under = '' OR s.id IS NOT NULL)""",
)


@dataclass(frozen=True)
class KeyManifest:
    """What a file of keys says of itself; ``store_keys`` counts what lies under each key of ENCRYPTION_KEYS."""

    format: int
    made_at: str
    lineage: str
    persons: int
    payloads: int
    erased: int
    store_keys: dict[str, int]
    disposed: int


@dataclass(frozen=True)
class KeyFile:
    """A file of keys that is whole."""

    path: Path
    manifest: KeyManifest

    def lines(self) -> Iterator[bytes]:
        """Yield its rows, as COPY reads them."""
        with self.path.open("rb") as file:
            next(file)
            yield from (line for line in file if not line.startswith(_END))

    def erased(self) -> list[tuple[str, int]]:
        """Return the store (its hash) and the number of each order that was erased."""
        found = (
            line.decode().rstrip("\n").split("\t") for line in self.lines() if line.startswith(b"erased\t")
        )
        return [(cells[1], int(cells[4])) for cells in found]

    def disposed(self) -> Iterator[bytes]:
        """Yield the row of each file that was disposed of: its address, the certificate's number, and when."""
        yield from (line for line in self.lines() if line.startswith(b"disposed\t"))

    def take_in(self) -> tuple[str, str]:
        """Return the statements that make the table of its rows, and that read them into it."""
        return _TAKE_IN

    def statements(self) -> Iterator[bytes]:
        """Yield what psql is told to put the keys where they belong, once payloads and persons are there."""
        create, copy = self.take_in()
        yield create.encode() + b";\n" + copy.encode() + b";\n"
        yield from self.lines()
        yield b"\\.\n"
        for statement in _PUT:
            yield statement.encode() + b";\n"
        yield b"DROP TABLE pg_temp.restored_key;\n"


def keys_beside(backup: Path) -> Path:
    """Return where the keys of ``backup`` are, unless something else is said."""
    return backup.with_name(backup.name + SUFFIX)


def lineage(connection: Connection) -> str:
    """Return what a database has in common with all that were restored from its backups."""
    row = connection.execute(_LINEAGE).fetchone()
    return hashlib.sha256(str(row).encode()).hexdigest()[:16]


def write_keys(connection: Connection, target: Path, made_at: str) -> KeyManifest:
    """Write the keys, as the transaction of ``connection`` sees them, to ``target``, readable by its owner alone."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            manifest = _describe(connection, made_at)
            _write(connection, file, manifest)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _describe(connection: Connection, made_at: str) -> KeyManifest:
    counts: Counter[str] = Counter()
    totals: list[int] = []
    for table in KEY_TABLES:
        query = sql.SQL("SELECT store_key, count(*) FROM public.{} GROUP BY 1").format(sql.Identifier(table))
        found = {str(key): int(count) for key, count in connection.execute(query)}
        totals.append(sum(found.values()))
        counts.update({key: count for key, count in found.items() if key})
    erased, disposed = (_count(connection, query) for query in (_ERASED, _DISPOSED))
    persons, payloads = totals
    held = dict(sorted(counts.items()))
    return KeyManifest(FORMAT, made_at, lineage(connection), persons, payloads, erased, held, disposed)


def _count(connection: Connection, query: str) -> int:
    listed = sql.SQL("SELECT count(*) FROM ({}) AS each").format(sql.SQL(query))
    return int(connection.execute(listed).fetchall()[0][0])


def _write(connection: Connection, file: IO[bytes], manifest: KeyManifest) -> None:
    digest = hashlib.sha256()

    def put(data: bytes) -> None:
        file.write(data)
        digest.update(data)

    put(json.dumps(asdict(manifest)).encode() + b"\n")
    for query in (_PERSONS, _PAYLOADS, _ERASED, _DISPOSED):
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(query))) as copied,
        ):
            for block in copied:
                put(bytes(block))
    file.write(_END + digest.hexdigest().encode() + b"\n")


def read_keys(path: Path) -> KeyFile:
    """Return the file of keys at ``path``; raise ``BackupError`` where it is none, or not whole."""
    digest, end = hashlib.sha256(), b""
    try:
        manifest = _manifest(path)
        with path.open("rb") as file:
            for line in file:
                if line.startswith(_END):
                    end = line
                    break
                digest.update(line)
    except OSError as error:
        raise BackupError(
            f"The file of keys {path} cannot be read: {error.strerror or error}. Keys are backed up apart from what they"
            " open: name their file with --keys."
        ) from error
    if manifest is None:
        raise BackupError(f"{path} is no file of keys that this Gridport reads.")
    if end != _END + digest.hexdigest().encode() + b"\n":
        raise BackupError(
            f"{path} is damaged: its rows do not have the SHA-256 at its end. Take another copy."
        )
    return KeyFile(path, manifest)


def _manifest(path: Path) -> KeyManifest | None:
    with path.open("rb") as file, suppress(ValueError, KeyError, TypeError):
        said = json.loads(file.readline())
        if said["format"] in range(1, FORMAT + 1):
            of_before = {"disposed": 0} if said["format"] < SINCE_DISPOSALS else {}
            return KeyManifest(**{each.name: (said | of_before)[each.name] for each in fields(KeyManifest)})
    return None


def refuse_other_keys(keys: KeyFile, made_at: str, of: str) -> None:
    """Raise ``BackupError`` unless ``keys`` belong to a backup made at ``made_at`` of the lineage ``of``, and can be used."""
    said = keys.manifest
    if said.lineage != of:
        raise BackupError(f"{keys.path} holds the keys of another database than the backup does.")
    if said.made_at < made_at:
        raise BackupError(
            f"{keys.path} was made at {said.made_at}, before the backup ({made_at}): what came between would have no key."
            " Use the file that was written with the backup, or a later one."
        )
    held = {key_id(master) for master in settings.ENCRYPTION_KEYS}
    missing = [f"{key} for {count} keys" for key, count in said.store_keys.items() if key not in held]
    if missing:
        raise BackupError(f"ENCRYPTION_KEYS lacks what opens the keys in {keys.path}: {'; '.join(missing)}.")


def remove_old_keys(newest: Path, days: int) -> list[Path]:
    """Remove the files of keys beside ``newest``, of the same database, that are more than ``days`` older; return them."""
    kept = read_keys(newest).manifest
    oldest = datetime.fromisoformat(kept.made_at) - timedelta(days=days)
    removed = []
    for path in sorted(newest.parent.glob(f"*{SUFFIX}")):
        said = _manifest(path) if path != newest and path.is_file() else None
        if said and said.lineage == kept.lineage and datetime.fromisoformat(said.made_at) < oldest:
            path.unlink()
            removed.append(path)
    return removed
