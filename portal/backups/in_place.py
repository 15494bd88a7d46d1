"""A database that was restored by other means, such as a base backup and the WAL behind it, made safe to go on with.

What ``load`` does around a dump is done around it too: control numbers left out, another epoch for readers, everything paused.
Such a copy holds the keys of its own time, so those that the file of keys of today does not hold are removed from it.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from integration.models import Pause
from partners.control_numbers import skip_statements
from portal.backups import BackupError
from portal.backups.address import Address
from portal.backups.keys import Connection, KeyFile, lineage
from portal.backups.load import next_epoch, pause_everything
from portal.backups.restore import end_again, look_through
from portal.roles import APP

_AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND datname = current_database()"
_NEWEST_KEY = """
    SELECT to_char(max(made_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      FROM (SELECT made_at FROM public.archive_subjectkey UNION ALL SELECT made_at FROM public.archive_payloadkey) each
"""
_REMOVE = (
    """DELETE FROM public.archive_payloadkey k USING public.archive_payload p
        WHERE p.id = k.payload_id AND NOT EXISTS (
              SELECT 1 FROM pg_temp.restored_key r WHERE r.kind = 'payload' AND r.name = p.address)""",
    """DELETE FROM public.archive_subjectkey k USING public.archive_datasubject s
        WHERE s.id = k.subject_id AND NOT EXISTS (
              SELECT 1 FROM pg_temp.restored_key r WHERE r.kind = 'person' AND r.name = s.lookup)""",
)


def finish_in_place(owner: Address, keys: KeyFile, skip: int, say: Callable[[str], None]) -> None:
    """Make the database of ``owner`` safe to go on with; ``keys`` are those of today.

    Raises ``BackupError`` with nothing changed, or ``FaultsAfterRestore`` with everything changed.
    """
    try:
        with owner.connect() as connection, connection.transaction():
            _refuse(connection, owner, keys)
            removed = _remove_keys(connection, keys)
            origin = "restored in place, to a moment before this one"
            for statement in [
                *(skip_statements(skip) if skip else []),
                next_epoch(origin),
                pause_everything(origin),
            ]:
                connection.execute(statement)
    except psycopg.Error as error:
        raise BackupError(f"The {owner} refused it: {str(error).splitlines()[0]}") from error
    if removed:
        say(f"{removed} keys were destroyed since, and are removed here too.")
    end_again(owner, keys, say)
    look_through(owner)


def _refuse(connection: Connection, owner: Address, keys: KeyFile) -> None:
    [(at_work,)] = connection.execute(_AT_WORK, [APP]).fetchall()
    if at_work:
        raise BackupError(
            f"{at_work} connections of {APP} are open to the {owner}: stop serve and worker first, or they send again what was"
            " sent since."
        )
    if connection.execute(
        "SELECT 1 FROM public.integration_pause WHERE subject = %s", [Pause.EVERYTHING]
    ).fetchone():
        raise BackupError("Everything is paused there already: this was done before.")
    if keys.manifest.lineage != lineage(connection):
        raise BackupError(f"{keys.path} holds the keys of another database.")
    [(newest,)] = connection.execute(_NEWEST_KEY).fetchall()
    if newest is not None and newest > keys.manifest.made_at:
        raise BackupError(
            f"{keys.path} was made at {keys.manifest.made_at}, and the database holds keys of {newest}: they would be lost. Use"
            " a later file of keys."
        )


def _remove_keys(connection: Connection, keys: KeyFile) -> int:
    """Remove the keys that ``keys`` does not hold; return how many that were."""
    create, copy = keys.take_in()
    connection.execute(sql.SQL(create))
    with connection.cursor() as cursor, cursor.copy(sql.SQL(copy)) as copied:
        for line in keys.lines():
            copied.write(line)
    return sum(connection.execute(sql.SQL(statement)).rowcount for statement in _REMOVE)
