"""Guides with overrides, compiled once, and what their rows leave out on purpose."""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from functools import lru_cache
from typing import Any, cast

from integration.documents import Document, shape_of
from partners.mapping.overrides import Override, Place, apply_overrides, places
from partners.mapping.rules import Guide


@lru_cache(maxsize=256)
def variant(base: str, overrides: tuple[Override, ...]) -> Guide:
    """The guide of a base text with overrides, known again by what it is made of. Raises ``OverrideError``."""
    return apply_overrides(base, overrides)


@lru_cache(maxsize=64)
def known_places(base: str) -> tuple[Place, ...]:
    """Everything that a row over a base text can name."""
    return places(base)


@lru_cache(maxsize=256)
def left_out(base: str, overrides: tuple[Override, ...]) -> frozenset[str]:
    """The fields (``lines[]/upc``) that the base carries and the rows do not: nobody misses them on the wire.

    A record of which nothing is carried any more (``packages[]``) is among them.
    """
    carried = variant(base, overrides).carried
    lost = variant(base, ()).carried - carried
    return lost | (_records(lost) - _records(carried))


def _records(paths: Set[str]) -> frozenset[str]:
    return frozenset(
        "/".join(parts[:at]) for parts in (path.split("/") for path in paths) for at in range(1, len(parts))
    )


def without(document: Document, fields: Set[str]) -> Document:
    """The document without those fields, which are named as in ``left_out``."""
    return cast(Document, _without(document, fields, "")) if fields else document


def _without(record: Any, fields: Set[str], prefix: str) -> Any:
    kept = {}
    for name, shape in shape_of(type(record)).items():
        value = getattr(record, name)
        path = f"{prefix}{name}[]" if shape.many else f"{prefix}{name}"
        if path in fields:
            value = () if shape.many else None
        elif shape.record is not None and shape.many:
            value = tuple(_without(each, fields, f"{path}/") for each in value)
        elif shape.record is not None and value is not None:
            value = _without(value, fields, f"{path}/")
        kept[name] = value
    return dataclasses.replace(record, **kept)
