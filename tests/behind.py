"""Rows that disappear behind our back: removed by the owner of the database, past the guards, with all that hangs on them."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import Model
from psycopg import sql


def remove(row: Model) -> None:
    """Remove ``row`` and whatever names it."""
    with connections["owner"].cursor() as owner:
        _remove(owner, type(row), [row.pk])


def _remove(owner: Any, model: type[Model], pks: list[Any]) -> None:
    if not pks:
        return
    for related in model._meta.related_objects:
        held, column = related.related_model, related.field.column
        if related.many_to_many:
            held, column = related.through, related.field.m2m_reverse_name()
        find = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s)")
        owner.execute(find.format(*map(sql.Identifier, (_key(held), held._meta.db_table, column))), [pks])
        _remove(owner, held, [pk for (pk,) in owner.fetchall()])
    table = sql.Identifier(model._meta.db_table)
    owner.execute(
        "SELECT 1 FROM pg_trigger WHERE tgname = 'guard_rows' AND tgrelid = %s::regclass",
        [model._meta.db_table],
    )
    guarded = owner.fetchone() is not None
    if guarded:
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER guard_rows").format(table))
    owner.execute(
        sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(table, sql.Identifier(_key(model))), [pks]
    )
    if guarded:
        owner.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER guard_rows").format(table))


def _key(model: type[Model]) -> str:
    return str(model._meta.pk.column)
