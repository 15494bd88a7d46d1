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
        """,
        reverse_sql=f"""
        DROP TRIGGER guard_rows ON {table};
        DROP TRIGGER guard_table ON {table};
        GRANT UPDATE, DELETE ON {table} TO gridport_app;
        """,
    )


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
