"""What has to stand before a restore: an empty database of gridport_owner's, and the roles."""

from __future__ import annotations

from typing import Any

import psycopg

from portal.backups import BackupError
from portal.backups.address import Address
from portal.backups.manifest import Manifest
from portal.localdb import OLDEST_MAJOR
from portal.roles import (
    APP,
    OWNER,
    create_database_statement,
    missing_role_statements,
    schema_statements,
)

Connection = psycopg.Connection[tuple[Any, ...]]
_CONTENT = """
    SELECT o.name
      FROM (SELECT oid, 'pg_class'::regclass AS kind, relname AS name, relnamespace AS schema FROM pg_class
             WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            UNION ALL
            SELECT oid, 'pg_proc'::regclass, proname, pronamespace FROM pg_proc) o
      JOIN pg_namespace n ON n.oid = o.schema
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT 1 FROM pg_depend d
                        WHERE d.objid = o.oid AND d.classid = o.kind AND d.deptype = 'e')
     ORDER BY 1
"""


def prepare(manifest: Manifest, owner: Address, superuser: Address | None, app_password: str) -> int:
    """See that the owner's database is there and empty, and return its server's major version.

    With a superuser's address, roles and database that are missing are created, with the passwords that the
    application's and the owner's addresses give; without, the refusal says which statements are missing.
    """
    if owner.user != OWNER:
        raise BackupError(
            f"DATABASE_OWNER_URL connects as {owner.user or 'nobody'}: it must be {OWNER}, who will own every table."
            " A superuser's address goes into DATABASE_SUPERUSER_URL beside it."
        )
    if superuser is not None:
        _create_missing(manifest, owner, superuser, app_password)
    try:
        with owner.connect() as connection:
            _refuse_old_server(connection, manifest)
            _refuse_content(connection, owner)
            refuse_missing_roles(connection)
            return _major(connection)
    except psycopg.OperationalError as error:
        raise BackupError(
            f"The {owner} does not let {OWNER} in: {_first_line(error)} On a new server, let a superuser run what"
            " `manage.py roles --sql` prints, or set DATABASE_SUPERUSER_URL and this command does it."
        ) from error


def _create_missing(manifest: Manifest, owner: Address, superuser: Address, app_password: str) -> None:
    try:
        with superuser.at("postgres").connect() as server:
            _refuse_old_server(server, manifest)
            there = server.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [owner.database]
            ).fetchone()
            if there:
                with superuser.at(owner.database).connect() as inside:
                    _refuse_content(inside, owner)
            missing = missing_role_statements(server, owner.password, app_password)
            if missing and not app_password:
                raise BackupError(
                    f"DATABASE_URL is not set: its password is the one that the new role {APP} is given."
                )
            for statement in missing:
                server.execute(statement)
            if not there:
                server.execute(create_database_statement(owner.database))
        with superuser.at(owner.database).connect() as inside:
            for statement in schema_statements(owner.database):
                inside.execute(statement)
    except psycopg.Error as error:
        raise BackupError(
            f"The superuser's connection (DATABASE_SUPERUSER_URL) fails: {_first_line(error)}"
        ) from error


def _refuse_old_server(connection: Connection, manifest: Manifest) -> None:
    major = _major(connection)
    if major < max(manifest.server, OLDEST_MAJOR):
        raise BackupError(
            f"The backup comes from PostgreSQL {manifest.server} and this server is {major}: restore into"
            f" {max(manifest.server, OLDEST_MAJOR)} or newer."
        )


def _refuse_content(connection: Connection, owner: Address) -> None:
    names = [name for (name,) in connection.execute(_CONTENT)]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise BackupError(
            f"The {owner} is not empty ({', '.join(names[:3])}{more}): a restore overwrites nothing. Create another"
            " database and name it in DATABASE_URL and DATABASE_OWNER_URL."
        )


def refuse_missing_roles(connection: Connection) -> None:
    """Raise ``BackupError`` with the statements that a superuser has to run, where the server lacks a role."""
    missing = missing_role_statements(connection, "CHANGE-ME-OWNER", "CHANGE-ME-APP")
    if missing:
        statements = "\n".join(f"    {statement.as_string()};" for statement in missing)
        raise BackupError(
            "Roles are missing on this server. Let a superuser run these statements, or set DATABASE_SUPERUSER_URL"
            f" and this command does it:\n{statements}"
        )


def _major(connection: Connection) -> int:
    return connection.info.server_version // 10_000


def _first_line(error: psycopg.Error) -> str:
    line = str(error).strip().splitlines()[0]
    return line.split("FATAL:")[-1].strip().rstrip(".") + "."
