"""How a reporting table is declared, and the SQL that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import RunSQL
from psycopg import sql

from portal.roles import REPORTER

TYPES = ("bigint", "integer", "numeric", "text", "boolean", "date", "timestamptz", "xid8")
"""What a column may be. ``xid8`` is the transaction that last wrote a row, for readers who ask for what changed."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its type (of ``TYPES``), the expression that gives it, and what it means."""

    name: str
    type: str
    expression: str
    meaning: str


@dataclass(frozen=True)
class View:
    """One reporting table: ``meaning`` says what a row is, ``source`` is the FROM clause with its joins.

    ``key`` are the columns that tell its rows apart. ``times`` are those by which a range of rows is found by an index.
    """

    name: str
    meaning: str
    source: str
    columns: Sequence[Column]
    key: Sequence[str] = ("id",)
    times: Sequence[str] = ()

    def create(self, schema: str) -> sql.Composed:
        """Return the statement that creates it."""
        columns = sql.SQL(", ").join(
            sql.SQL("({})::{} AS {}").format(
                _plain(each.expression), _plain(each.type), sql.Identifier(each.name)
            )
            for each in self.columns
        )
        named = sql.Identifier(schema, self.name)
        return sql.SQL("CREATE VIEW {} AS SELECT {} FROM {}").format(named, columns, _plain(self.source))

    def comments(self, schema: str) -> list[sql.Composed]:
        """Return the statements that leave its meaning, and each column's, in the database."""
        told = [sql.SQL("COMMENT ON VIEW {} IS {}").format(sql.Identifier(schema, self.name), self.meaning)]
        for each in self.columns:
            named = sql.Identifier(schema, self.name, each.name)
            told.append(sql.SQL("COMMENT ON COLUMN {} IS {}").format(named, each.meaning))
        return told


@dataclass(frozen=True)
class Version:
    """One version of all of them: the schema, such as ``reporting_v1``, and its views."""

    schema: str
    views: Sequence[View]

    def create(self) -> list[sql.Composed]:
        """Return the statements that create schema and views, owned by whoever runs them."""
        named = sql.Identifier(self.schema)
        made = [
            sql.SQL("CREATE SCHEMA {}").format(named),
            sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(named),
        ]
        for view in self.views:
            made += [view.create(self.schema), *view.comments(self.schema)]
        return made

    def drop(self) -> sql.Composed:
        """Return the statement that removes all of it."""
        return sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(self.schema))

    def grants(self) -> list[sql.Composed]:
        """Return the statements that let ``gridport_reporter`` read the views, and nothing besides."""
        names = {"schema": sql.Identifier(self.schema), "role": sql.Identifier(REPORTER)}
        lines = (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
        )
        return [sql.SQL(line).format(**names) for line in lines]

    def described(self) -> dict[str, Any]:
        """Return what others build upon, as it is frozen: of each view its key, and its columns with type and meaning."""
        return {
            view.name: {
                "meaning": view.meaning,
                "key": list(view.key),
                "columns": {each.name: [each.type, each.meaning] for each in view.columns},
            }
            for view in self.views
        }


def create_views(version: Version) -> RunSQL:
    """Return the migration operation that creates a version; who may read it is granted by ``manage.py migrate``, at its end.

    Where a later migration replaces the views, this one becomes ``RunSQL.noop``: it would ask for columns of later.
    """
    return RunSQL(sql=_script(version.create()), reverse_sql=_script([version.drop()]))


def replace_views(version: Version) -> RunSQL:
    """Return the migration operation that makes the views of a version anew, as they are declared now.

    A migration that changes the type of a column, or drops one that a view reads, begins with ``DROP SCHEMA`` of it and ends
    with ``create_views``.
    """
    return RunSQL(sql=_script([version.drop(), *version.create()]), reverse_sql=RunSQL.noop)


def _script(statements: Sequence[sql.Composed]) -> str:
    # Django hands a script without parameters on as it stands, per cent signs and all.
    return ";\n".join(statement.as_string() for statement in statements)


def _plain(text: str) -> sql.SQL:
    # Declared by us, in this package: no word of anybody else's comes into it.
    return sql.SQL(text)
