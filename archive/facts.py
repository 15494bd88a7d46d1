"""Facts and projections: the two kinds of table that everything else is built on.

A *fact* is written once. ``gridport_app`` holds SELECT and INSERT on it and nothing more, and a trigger that
no session setting switches off refuses UPDATE, DELETE and TRUNCATE to everybody, the owner included; the same
trigger sets ``recorded_at`` from the database's clock, so nobody can date a fact back.

A *projection* says what the facts amount to and may be written again at any time.

Both carry ``changed_xid``: the transaction that last wrote the row. A reader that asks for rows with
``changed_xid < pg_snapshot_xmin(pg_current_snapshot())`` never misses one that commits late.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.migrations.operations import RunSQL
from django.db.models.functions import Now


class TransactionIdField(models.BigIntegerField):  # type: ignore[type-arg]
    """PostgreSQL's ``xid8``, as an int; written by trigger only."""

    def db_type(self, connection: Any) -> str:
        """Return the column type."""
        return "xid8"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Cast what is written: there is no cast from a number. The trigger has the last word anyway."""
        return "%s::text::xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        """Return the transaction's number."""
        return None if value is None else int(value)


class CurrentTransaction(models.Func):
    """``pg_current_xact_id()``: the default until the trigger, which has the last word, is asked."""

    function = "pg_current_xact_id"
    output_field = TransactionIdField()


class Fact(models.Model):
    """A row that is never changed and never removed."""

    is_sealed = True
    """Whether its rows are bound by the seals (``archive.leaves``): all but those of the seals themselves."""

    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_xid = TransactionIdField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        abstract = True


class Reported(models.Model):
    """A row that may change, in a table that incremental readers follow."""

    changed_xid = TransactionIdField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        abstract = True


GUARD_FUNCTIONS = RunSQL(
    sql="""
    CREATE FUNCTION gridport_guard_fact() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            NEW.recorded_at := clock_timestamp();
            NEW.changed_xid := pg_current_xact_id();
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% on % refused: facts are written once', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
    END $$;
    CREATE FUNCTION gridport_stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.changed_xid := pg_current_xact_id();
        RETURN NEW;
    END $$;
    """,
    reverse_sql="DROP FUNCTION gridport_guard_fact(); DROP FUNCTION gridport_stamp_change();",
)


def protect_fact(table: str) -> RunSQL:
    """Return the migration operation that makes ``table`` write-once."""
    return RunSQL(
        sql=f"""
        CREATE TRIGGER guard_rows BEFORE INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION gridport_guard_fact();
        CREATE TRIGGER guard_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION gridport_guard_fact();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_rows;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_table;
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM gridport_app;
        CREATE INDEX {table}_changed ON {table} (changed_xid);
        """,
        reverse_sql=f"""
        DROP INDEX {table}_changed;
        DROP TRIGGER guard_rows ON {table};
        DROP TRIGGER guard_table ON {table};
        GRANT UPDATE, DELETE ON {table} TO gridport_app;
        """,
    )


GUARD_THAT_LETS_BYTES_GO = RunSQL(
    sql="""
    CREATE OR REPLACE FUNCTION gridport_guard_fact() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            NEW.recorded_at := clock_timestamp();
            NEW.changed_xid := pg_current_xact_id();
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'archive_payload' AND current_user = 'gridport_disposer' THEN
            OLD.ciphertext := ''::bytea;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '% on % refused: facts are written once', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
    END $$;
    GRANT USAGE ON SCHEMA public TO gridport_disposer;
    GRANT SELECT, UPDATE (ciphertext) ON archive_payload TO gridport_disposer;
    """,
    reverse_sql="REVOKE ALL ON archive_payload FROM gridport_disposer;",
)
"""A payload's bytes, and nothing else of any fact, may be emptied by ``gridport_disposer``: as that role nobody logs in, only
functions that check what they do run as it."""


def protect_keys(table: str) -> RunSQL:
    """Return the migration operation that lets the application add keys to ``table`` and do nothing else to them."""
    return RunSQL(
        sql=f"""
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM gridport_app;
        GRANT SELECT, DELETE ON {table} TO gridport_disposer;
        """,
        reverse_sql=f"GRANT UPDATE, DELETE ON {table} TO gridport_app; REVOKE ALL ON {table} FROM gridport_disposer;",
    )


INDEX_CHANGES = RunSQL(
    sql="""
    DO $$ DECLARE fact record; BEGIN
        FOR fact IN SELECT DISTINCT c.relname AS name FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
                     WHERE t.tgname = 'guard_rows' AND EXISTS (SELECT 1 FROM pg_attribute a
                           WHERE a.attrelid = c.oid AND a.attname = 'changed_xid') LOOP
            EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (changed_xid)', fact.name || '_changed', fact.name);
        END LOOP;
    END $$
    """,
    reverse_sql=RunSQL.noop,
)
"""For fact tables of before there were seals: rows are found by the transaction that wrote them, as ``protect_fact`` has it now."""


def stamp_changes(table: str) -> RunSQL:
    """Return the migration operation that keeps ``changed_xid`` of ``table``."""
    return RunSQL(
        sql=f"""
        CREATE TRIGGER stamp_change BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION gridport_stamp_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER stamp_change;
        """,
        reverse_sql=f"DROP TRIGGER stamp_change ON {table};",
    )
