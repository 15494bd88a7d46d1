"""What keeps history as it was: guards on the facts, stamps for readers, an application role without power."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from portal.roles import APP

_POWERFUL = """
    SELECT u.rolname, r.rolname
      FROM pg_roles u JOIN pg_roles r ON pg_has_role(u.oid, r.oid, 'MEMBER')
     WHERE u.rolname = coalesce(%s, current_user)
       AND (r.rolsuper OR r.rolcreaterole OR EXISTS (
            SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relowner = r.oid))
     ORDER BY 2 LIMIT 1
"""
_SWITCHED_OFF = """
    SELECT c.relname, string_agg(w.trigger, ', ' ORDER BY w.trigger)
      FROM unnest(%s::text[], %s::text[]) AS w (relation, trigger)
      JOIN pg_class c ON c.oid = to_regclass('public.' || w.relation)
      LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = w.trigger
     WHERE t.tgenabled IS DISTINCT FROM 'A'
     GROUP BY 1 ORDER BY 1
"""
_GRANTS = """
    SELECT c.relname, string_agg(p.privilege, ', ' ORDER BY p.privilege), p.wanted
      FROM unnest(%s::text[]) AS w (relation)
      JOIN pg_class c ON c.oid = to_regclass('public.' || w.relation)
      JOIN pg_roles r ON r.rolname = %s
     CROSS JOIN (VALUES ('SELECT', true), ('INSERT', true), ('UPDATE', false), ('DELETE', false),
                        ('TRUNCATE', false)) AS p (privilege, wanted)
     WHERE (has_table_privilege(r.oid, c.oid, p.privilege)
            OR (p.privilege = 'UPDATE' AND has_any_column_privilege(r.oid, c.oid, 'UPDATE'))) <> p.wanted
     GROUP BY 1, 3 ORDER BY 1, 3
"""

# Written once like facts, below the layer that knows what a fact is: its migration brings guards of its own.
_WRITTEN_ONCE = ("partners_mappingrevision",)
# Keys are added by the application; a function of another role alone removes them.
_ADDED_TO = ("archive_payloadkey", "archive_subjectkey")


def guarded_tables() -> tuple[list[str], list[str]]:
    """Return the tables of facts, and those of rows that may change and are followed by readers.

    They are known by the columns that ``archive.facts`` gives them: system checks are loaded before models are,
    so its classes cannot be named here.
    """
    facts: list[str] = []
    stamped: list[str] = []
    for model in apps.get_models():
        columns = {field.column for field in model._meta.concrete_fields}
        if "changed_xid" in columns:
            (facts if "recorded_at" in columns else stamped).append(model._meta.db_table)
    return sorted(facts), sorted(stamped)


def powerful_role(cursor: Any, role: str | None = None) -> tuple[str, str] | None:
    """Return ``role`` (default: who is connected) and a role it is or may become that could rewrite history."""
    cursor.execute(_POWERFUL, [role])
    found: tuple[str, str] | None = cursor.fetchone()
    return found


def guard_faults(cursor: Any) -> list[str]:
    """Return a sentence for each table whose guards, stamp or grants are not as the migrations made them.

    Tables that are not there yet are passed over.
    """
    facts, stamped = guarded_tables()
    facts += _WRITTEN_ONCE
    wanted = [(table, trigger) for table in facts for trigger in ("guard_rows", "guard_table")]
    wanted += [(table, "stamp_change") for table in stamped]
    cursor.execute(_SWITCHED_OFF, [[table for table, _ in wanted], [trigger for _, trigger in wanted]])
    faults = [f"{table} lacks {triggers}, always enabled." for table, triggers in cursor.fetchall()]
    cursor.execute(_GRANTS, [[*facts, *_ADDED_TO], APP])
    for table, privileges, granted in cursor.fetchall():
        faults.append(f"{APP} {'lacks' if granted else 'holds'} {privileges} on {table}.")
    return faults
