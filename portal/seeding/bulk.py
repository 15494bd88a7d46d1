"""Rows in bulk: COPY as the owner, with guards, foreign keys and indexes laid aside until the rows are in.

Everything is one transaction of the owner: either all rows are there, indexed and guarded, or nothing changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from types import NoneType
from typing import Any

from django.db.models import Model
from psycopg import Connection, sql

_HELD = 20_000
"""Lines of one table that are kept before they are copied."""

_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u') ORDER BY contype DESC, conname
"""
_INDEXES = """
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
      LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
     WHERE i.indrelid = ANY(%s::regclass[]) AND c.oid IS NULL AND i.indpred IS NULL ORDER BY 2
"""
# Those of some rows only stay: the database tells their condition in other words than it was told.
_TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname FROM pg_trigger
     WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal AND tgenabled = 'A' ORDER BY 1, 2
"""


def text_of(value: Any) -> str:
    """Return ``value`` as COPY reads it in its text format."""
    return _TEXTS.get(type(value), str)(value)


def _escaped(value: str) -> str:
    if "\\" in value or "\t" in value or "\n" in value:
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return value


def _json(value: Any) -> str:
    return _escaped(json.dumps(value))


_TEXTS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "\\N",
    str: _escaped,
    bytes: lambda value: "\\\\x" + value.hex(),
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    date: date.isoformat,
    dict: _json,
    list: _json,
}
"""By type, since it is done two hundred times for each document."""


class Table:
    """Rows of one model that wait to be copied; each ``add`` returns the id that it gave."""

    def __init__(self, model: type[Model], *fields: str) -> None:
        self.name = model._meta.db_table
        self.model = model
        self.columns = [str(model._meta.get_field(name).column) for name in fields]  # type: ignore[union-attr]
        self.counts_itself = model._meta.pk.attname == "id"
        last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        self.last = int(last or 0)
        self.count = 0
        self.lines: list[str] = []

    def reserve(self) -> int:
        """Return the id of a row that is added later, by ``add_as``."""
        self.last += 1
        return self.last

    def add(self, *values: Any) -> int:
        """Add a row of the fields that the table was made with, and return its id."""
        if self.counts_itself:
            return self.add_as(self.reserve(), *values)
        self._keep(values)
        return self.last

    def add_as(self, pk: int, *values: Any) -> int:
        """Add a row under the id ``pk``, which was reserved."""
        self._keep((pk, *values))
        return pk

    def _keep(self, values: Iterable[Any]) -> None:
        self.count += 1
        self.lines.append("\t".join([text_of(value) for value in values]))

    def copy_to(self, owner: Connection[Any]) -> None:
        """Copy what waits."""
        if not self.lines:
            return
        columns = [*(["id"] if self.counts_itself else []), *self.columns]
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.name), sql.Composed([sql.Identifier(column) for column in columns]).join(", ")
        )
        with owner.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("\n".join(self.lines) + "\n")
        self.lines.clear()

    def continue_ids(self, owner: Connection[Any]) -> None:
        """Have ids that the database gives go on after those that were given here."""
        if self.counts_itself and self.count:
            owner.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [self.name, self.last])


def copy_full(owner: Connection[Any], tables: Iterable[Table], *, all_of_it: bool = False) -> None:
    """Copy the tables of which much waits; all of them at the end."""
    for table in tables:
        if all_of_it or len(table.lines) >= _HELD:
            table.copy_to(owner)


@contextmanager
def laid_bare(owner: Connection[Any], names: list[str]) -> Iterator[None]:
    """Take guards, foreign keys, unique constraints and indexes off the tables ``names``, and put them back after.

    What is put back is checked against every row. While it lasts the tables are locked against everybody else. Indexes
    of the largest table are the first: what sorting them takes of the disk is free again before the others lie there.
    """
    triggers = owner.execute(_TRIGGERS, [names]).fetchall()
    constraints = owner.execute(_CONSTRAINTS, [names]).fetchall()
    for table, trigger in triggers:
        owner.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
    for table, name, _ in reversed(constraints):
        owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    indexes = owner.execute(_INDEXES, [names]).fetchall()
    for _, name, _ in indexes:
        owner.execute(f"DROP INDEX {name}")
    yield
    sizes = {name: _size(owner, name) for name in names}
    uniques = [each for each in constraints if each[2].startswith("UNIQUE")]
    again = [(table, definition) for table, _, definition in indexes]
    again += [(table, _added(table, name, told)) for table, name, told in uniques]
    for _, statement in sorted(again, key=lambda each: -sizes[each[0]]):
        owner.execute(statement)
    for each in constraints:
        if each not in uniques:
            owner.execute(_added(*each))
    for table, trigger in triggers:
        owner.execute(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{trigger}"')


def _added(table: str, name: str, definition: str) -> str:
    return f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'


def _size(owner: Connection[Any], table: str) -> int:
    row = owner.execute("SELECT pg_table_size(%s::regclass)", [table]).fetchone()
    assert row is not None
    return int(row[0])
