"""Columns that many of the reporting tables share, each said once."""

from __future__ import annotations

from portal.reporting.declaring import Column

ID = "Key of the row: never used again for another."
CHANGED = (
    "The transaction that last wrote the row; for readers of what changed: rows below pg_snapshot_xmin(pg_current_snapshot()) are"
    " complete, whoever commits late."
)


def key(alias: str) -> Column:
    """The row's own key."""
    return Column("id", "bigint", f"{alias}.id", ID)


def changed(alias: str, more: str = "") -> Column:
    """The transaction that last wrote the row."""
    return Column("changed_xid", "xid8", f"{alias}.changed_xid", f"{CHANGED} {more}".rstrip())


def link(name: str, expression: str, to: str, meaning: str = "") -> Column:
    """The key of a row of another view."""
    return Column(name, "bigint", expression, f"{meaning} Key in {to}.".strip())


def named(what: str, alias: str, meaning: str) -> list[Column]:
    """A partner, store, mailbox or agreement (``what``): its key and its name, of the table ``alias``."""
    return [
        Column(f"{what}_id", "bigint", f"{alias}.id", meaning),
        Column(f"{what}_name", "text", f"{alias}.name", f"Its name: {what} as staff know it."),
    ]


def partner(alias: str = "partner") -> list[Column]:
    """The trading partner."""
    return named("partner", alias, "The trading partner. Key in partners.")


def store(alias: str = "store") -> list[Column]:
    """The store."""
    return named("store", alias, "The BigCommerce store. Key in stores.")


def slug(name: str, expression: str, meaning: str, values: str) -> Column:
    """A word of a fixed list, as it is stored."""
    return Column(name, "text", expression, f"{meaning} One of: {values}.")


def text(name: str, expression: str, meaning: str) -> Column:
    """Text; empty and not NULL where nothing is said."""
    return Column(name, "text", expression, meaning)


def number(name: str, expression: str, meaning: str) -> Column:
    """A quantity, in the unit of the column ``unit``, or a price or an amount in ``currency``."""
    return Column(name, "numeric", expression, meaning)


def whole(name: str, expression: str, meaning: str) -> Column:
    """A count, or a number that counts on."""
    return Column(name, "bigint", expression, meaning)


def moment(name: str, expression: str, meaning: str) -> Column:
    """A time with its zone."""
    return Column(name, "timestamptz", expression, meaning)


def day(name: str, expression: str, meaning: str) -> Column:
    """A date, as a document or a person gave it, without a zone."""
    return Column(name, "date", expression, meaning)


def truth(name: str, expression: str, meaning: str) -> Column:
    """Yes or no."""
    return Column(name, "boolean", expression, meaning)


def values_of(choices: type) -> str:
    """Return the stored words of a list of choices, for a column's meaning; the empty one in words."""
    return ", ".join(value or "empty" for value in choices.values)  # type: ignore[attr-defined]
