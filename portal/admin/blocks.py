"""What a document's page is made of: fields, blocks, tables and remarks, all of them words."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise


@dataclass(frozen=True)
class Pair:
    """One field: its human label, its value, and what it means where that is known."""

    label: str
    words: str
    meaning: str = ""


@dataclass(frozen=True)
class Block:
    """A titled group: a party's address as lines, or fields that belong together."""

    title: str | Promise
    lines: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """A table's column; numbers stand on the right."""

    label: str
    numeric: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Cell:
    """One value of a table."""

    words: str
    numeric: bool = False


@dataclass(frozen=True)
class Row:
    """One row, and what is said about it beneath."""

    cells: list[Cell]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A titled table."""

    title: str
    columns: list[Column]
    rows: list[Row]


@dataclass(frozen=True)
class Readable:
    """A document for people: its own fields, then parties and groups, then tables, then remarks."""

    pairs: list[Pair]
    blocks: list[Block]
    tables: list[Table]
    notes: list[str] = field(default_factory=list)
