"""What of a fact is sealed: one leaf a row, the same bytes whenever and wherever they are made anew.

A leaf is JSON in UTF-8, names sorted, no blanks: ``{"columns":{…},"id":7,"table":"archive_document","version":1}``. Each
column stands there as text: times in UTC with microseconds, bytes in hex, everything else as PostgreSQL writes it. What
is null or empty is left out, so a column that comes later (null or empty in the rows of before) leaves their leaves alone.

Two columns are not bound: the ciphertext, which may go (``address`` and ``commitment`` stand for it), and the number of the
transaction, which another cluster counts anew after a restore.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from archive.facts import Fact
from archive.house import house_language

VERSION = 1
NOT_BOUND = frozenset({"ciphertext", "changed_xid"})
_TIME = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


@dataclass(frozen=True)
class Source:
    """A table of facts: what a row is called, its bound columns, and the SQL that gives each as text."""

    table: str
    words: str
    columns: tuple[str, ...]
    texts: sql.Composable

    @property
    def name(self) -> sql.Identifier:
        """The table's name, quoted."""
        return sql.Identifier(self.table)


@cache
def sources() -> dict[str, Source]:
    """Return every table whose rows are sealed, by name: those of all facts but the seals."""
    found = [_source(model) for model in apps.get_models() if issubclass(model, Fact) and model.is_sealed]
    return {each.table: each for each in sorted(found, key=lambda each: each.table)}


@house_language()
def _source(model: type[models.Model]) -> Source:
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.column not in NOT_BOUND
    ]
    return Source(
        model._meta.db_table,
        str(model._meta.verbose_name),
        tuple(str(field.column) for field in fields),
        sql.SQL(", ").join(_text(field) for field in fields),
    )


def _text(field: models.Field[Any, Any]) -> sql.Composable:
    column = sql.SQL("t.{}").format(sql.Identifier(str(field.column)))
    # Said in full: how a session shows times and bytes is a setting.
    if isinstance(field, models.DateTimeField):
        return sql.SQL("to_char({} AT TIME ZONE 'UTC', {})").format(column, sql.Literal(_TIME))
    if isinstance(field, models.DateField):
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(column)
    if isinstance(field, models.BinaryField):
        return sql.SQL("encode({}, 'hex')").format(column)
    return sql.SQL("{}::text").format(column)


def leaf(table: str, row_id: int, columns: Mapping[str, str | None]) -> bytes:
    """Return the leaf of a row whose columns are these texts."""
    said = {name: text for name, text in columns.items() if text}
    whole = {"columns": said, "id": row_id, "table": table, "version": VERSION}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read(source: Source, rest: sql.Composable, values: Sequence[Any] = ()) -> Iterator[tuple[int, bytes]]:
    """Return id and leaf of the rows of ``source`` (``t``) that ``rest`` of the statement leaves."""
    yield from read_beside(source, sql.SQL("t.id"), rest, values)


def read_beside(
    source: Source, beside: sql.Composable, rest: sql.Composable, values: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Return the columns ``beside``, of which the first is the row's id, and its leaf, for the rows that ``rest`` leaves."""
    count = len(source.columns)
    statement = sql.SQL("SELECT {}, {} FROM {} t {}").format(beside, source.texts, source.name, rest)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for row in cursor.fetchall():
            columns = dict(zip(source.columns, row[-count:], strict=True))
            yield *row[:-count], leaf(source.table, row[0], columns)


def leaves_of(table: str, row_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the leaves of these rows of ``table``, as the rows are now; without those that are not there."""
    return dict(read(sources()[table], sql.SQL("WHERE t.id = ANY(%s)"), [list(row_ids)]))
