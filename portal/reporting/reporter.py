"""The role that reads the reporting tables, and whether it may do just that. Knows no models: system checks ask it."""

from __future__ import annotations

from typing import Any

from portal.roles import REPORTER

MISSING = (
    f"The role {REPORTER} is missing, so that no tool can read the reporting tables. Let a superuser run"
    f" CREATE ROLE {REPORTER} NOLOGIN; and run manage.py migrate once more."
)

_HELD = """
    SELECT n.nspname || '.' || c.relname, p.privilege
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles r ON r.rolname = %s
     CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (privilege)
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND has_table_privilege(r.oid, c.oid, p.privilege)
       AND NOT (n.nspname ~ '^reporting_v[0-9]+$' AND p.privilege = 'SELECT')
     ORDER BY 1, 2
"""


def has_reporter(cursor: Any) -> bool:
    """Say whether the role is there."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [REPORTER])
    return cursor.fetchone() is not None


def reporting_faults(cursor: Any) -> list[str]:
    """Return a sentence for each thing that the role may do beyond reading the reporting tables."""
    cursor.execute(_HELD, [REPORTER])
    return [f"{REPORTER} holds {privilege} on {relation}." for relation, privilege in cursor.fetchall()]
