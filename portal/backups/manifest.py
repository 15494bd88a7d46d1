"""What a backup says of itself, so that a restore can refuse before it changes anything."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from archive.store import key_id
from portal.backups import BackupError

FORMAT = 2


@dataclass(frozen=True)
class Manifest:
    """``tables`` counts rows and ``keys`` counts what is encrypted under each key, in the dump's own snapshot.

    A key is named by the id that payloads carry too; of the key itself nothing is kept. ``lineage`` is what the database has in
    common with its file of keys (``keys``), whose tables stand in no dump. ``pg_dump`` is the major
    version that reads the dump, ``server`` the one that it came from.
    """

    format: int
    gridport: str
    made_at: str
    database: str
    server: int
    pg_dump: int
    migrations: list[str]
    tables: dict[str, int]
    keys: dict[str, int]
    size: int
    sha256: str
    lineage: str

    def to_json(self) -> bytes:
        """Return the text of ``manifest.json``."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"


def read_manifest(data: bytes) -> Manifest:
    """Return what ``to_json`` wrote; raise ``BackupError`` where it is of another format or not whole."""
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise BackupError(
                f"The backup is of format {said['format']} and was made by Gridport {said.get('gridport')}; this"
                f" Gridport ({gridport_version()}) reads format {FORMAT}. Restore it with the Gridport that made it."
            )
        return Manifest(**{field.name: said[field.name] for field in fields(Manifest)})
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("The backup's manifest is damaged: take another copy of the file.") from error


def gridport_version() -> str:
    """Return the version of this Gridport."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def schema_differences(applied: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return which of this Gridport's migrations ``applied`` lacks, and which of it this Gridport does not know."""
    loader = MigrationLoader(None)
    lacking = {".".join(node) for node in loader.graph.nodes} - set(applied)
    unknown = set(applied) - {".".join(key) for key in loader.disk_migrations}
    return sorted(lacking), sorted(unknown)


def refuse_another_schema(manifest: Manifest) -> None:
    """Raise ``BackupError`` unless the backup's schema is the one of this Gridport."""
    lacking, unknown = schema_differences(manifest.migrations)
    if unknown:
        raise BackupError(
            f"The backup was made by a newer Gridport ({manifest.gridport}): this one ({gridport_version()}) does"
            f" not know {_named(unknown)}. Restore it with the Gridport that made it."
        )
    if lacking:
        raise BackupError(
            f"The backup holds an older schema, of Gridport {manifest.gridport}: {_named(lacking)} were not applied"
            " when it was made. Restore it with the Gridport that ran then, and migrate afterwards."
        )


def refuse_missing_keys(manifest: Manifest) -> None:
    """Raise ``BackupError`` unless ENCRYPTION_KEYS holds every key that the backup's content needs."""
    held = {key_id(master) for master in settings.ENCRYPTION_KEYS}
    missing = {each: count for each, count in manifest.keys.items() if each not in held}
    if missing:
        needed = "; ".join(f"{each} for {count} payloads and secrets" for each, count in missing.items())
        raise BackupError(
            f"ENCRYPTION_KEYS lacks a key that the backup needs ({needed}). Set ENCRYPTION_KEYS as it was when the"
            " backup was made: without that key, what was encrypted under it can never be read."
        )


def _named(migrations: list[str]) -> str:
    shown = ", ".join(migrations[:3])
    return f"{shown} and {len(migrations) - 3} more migrations" if len(migrations) > 3 else shown
