"""Triggers that tell which reported rows a transaction wrote (``archive.models.Change``)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.migrations.operations import RunSQL

_OCCASIONS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

_TELL = """
        INSERT INTO archive_change (resource, row_id)
        SELECT DISTINCT '{resource}', told.row_id FROM (SELECT {row} AS row_id FROM written {joins}) told
         WHERE told.row_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM archive_change c WHERE c.resource = '{resource}' AND c.row_id = told.row_id
                  AND c.changed_xid = pg_current_xact_id());
"""


def tell_changes(table: str, told: Mapping[str, str]) -> RunSQL:
    """Return the migration operation that has every write to ``table`` tell what it is a part of.

    ``told`` says for each resource the id of its row, in terms of ``written``: ``written.document_id``; what leads there by
    other tables follows after a bar: ``l.purchase_order_id | JOIN … l ON l.id = written.line_id``. Several writes of one
    transaction are told once. It runs as the owner: whoever may write the table may have that told.
    """
    statements = []
    for resource, where in told.items():
        row, _, joins = (part.strip() for part in where.partition("|"))
        statements.append(_TELL.format(resource=resource, row=row, joins=joins))
    name = f"gridport_tell_{table}"
    triggers = "".join(
        f"""
        CREATE TRIGGER tell_{occasion} AFTER {occasion} ON {table}
            REFERENCING {which} TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER tell_{occasion};
        """
        for occasion, which in _OCCASIONS.items()
    )
    return RunSQL(
        sql=f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = public, pg_temp AS $$
        BEGIN {"".join(statements)}
            RETURN NULL;
        END $$;
        {triggers}
        """,
        reverse_sql=f"DROP FUNCTION {name}() CASCADE;",
    )


def tell_all(table: str, resource: str) -> RunSQL:
    """Return the migration operation that tells every row that ``table`` holds already."""
    return RunSQL(
        sql=f"INSERT INTO archive_change (resource, row_id) SELECT '{resource}', id FROM {table}",
        reverse_sql=f"DELETE FROM archive_change WHERE resource = '{resource}'",
    )
