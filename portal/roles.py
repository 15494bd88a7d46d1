"""The database roles as SQL: who may do what, before the first migration.

``gridport_owner`` migrates, backs up and restores; ``gridport_app`` serves and works and can change no
fact; ``gridport_disposer`` logs in nowhere and will own the one function that may empty a payload.
``gridport_reporter`` logs in nowhere either: who is granted it reads the reporting tables, and nothing else.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

OWNER, APP, DISPOSER = "gridport_owner", "gridport_app", "gridport_disposer"
REPORTER = "gridport_reporter"


def role_statements(
    owner_password: str, app_password: str, *, may_create_databases: bool
) -> list[sql.Composed]:
    """Return the statements that create the roles; run once for each server, as its superuser.

    ``may_create_databases`` lets the owner make the copies that tests and the demo run on.
    """
    createdb = sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB")
    return [
        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
            sql.Identifier(OWNER), createdb, sql.Literal(owner_password)
        ),
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(APP), sql.Literal(app_password)),
        sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(DISPOSER)),
        sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(REPORTER)),
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(DISPOSER), sql.Identifier(OWNER)),
    ]


def missing_role_statements(
    connection: psycopg.Connection[tuple[Any, ...]], owner_password: str, app_password: str
) -> list[sql.Composed]:
    """Return those of the statements above that the server of ``connection`` still lacks."""
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    *creations, membership = role_statements(owner_password, app_password, may_create_databases=False)
    missing = [
        statement
        for role, statement in zip((OWNER, APP, DISPOSER, REPORTER), creations, strict=True)
        if role not in there
    ]
    if {OWNER, DISPOSER} <= there:
        member = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [OWNER, DISPOSER]).fetchone()
        return missing if member == (True,) else [*missing, membership]
    return [*missing, membership]


def create_database_statement(database: str) -> sql.Composed:
    """Return the statement that creates ``database``, owned by the owner; as the superuser."""
    return sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
        sql.Identifier(database), sql.Identifier(OWNER)
    )


def schema_statements(database: str) -> list[sql.Composed]:
    """Return the statements to run inside ``database`` before the first migration, as the superuser.

    Tables that the owner creates are open to the application for ordinary work; each migration that
    creates a fact table takes UPDATE, DELETE and TRUNCATE away again.
    """
    names = {
        "db": sql.Identifier(database), "owner": sql.Identifier(OWNER), "app": sql.Identifier(APP),
        "reporter": sql.Identifier(REPORTER),
    }  # fmt: skip
    lines = (
        "REVOKE ALL ON DATABASE {db} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {app}",
        "GRANT CONNECT ON DATABASE {db} TO {reporter}",
        "ALTER SCHEMA public OWNER TO {owner}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    )
    return [sql.SQL(line).format(**names) for line in lines]
