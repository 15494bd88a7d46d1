"""A page of a resource: what changed behind the reader's place, as it is now, within the sight of who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from rest_framework import status

from archive import changes
from archive.changes import BadCursor, Changed, Changes, CursorOver, Place
from archive.reach import Reach
from integration.reach import within
from portal.api.filters import moment, one, whole
from portal.api.problems import Problem, bad_parameter, unknown_parameters
from portal.api.records import ALWAYS
from portal.api.resources import Resource

USUAL, MOST = 200, 1000
"""Rows of a page: where nothing is said, and at most."""
LOOKED_AT = 2000
"""So many changes are looked at for one page where a filter or somebody's sight leaves some out."""
FOUND = 5000
"""So many rows may a filter that finds lead to."""

COMMON = ("cursor", "limit", "fields", "updated_since", "updated_before", "format")


@dataclass(frozen=True)
class Asked:
    """What is asked of a list. ``conditions`` narrow it; ``found`` leads to its few rows, None where nothing does."""

    resource: Resource
    epoch: UUID
    after: Place = field(default_factory=Place)
    limit: int | None = None
    chosen: frozenset[str] | None = None
    since: datetime | None = None
    before: datetime | None = None
    conditions: Q = field(default_factory=Q)
    found: Q | None = None
    reach: Reach = field(default_factory=Reach)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not (
            self.conditions or self.since or self.before or self.reach.is_limited or self.resource.only
        )


@dataclass(frozen=True)
class Page:
    """Rows as they are now, each with ``changed_at`` and ``told``, its change; where the reader is behind them, and whether
    there is more."""

    rows: Sequence[Any]
    reached: Place
    goes_on: bool


def asked(resource: Resource, query: QueryDict, reach: Reach, *, others: Sequence[str] = ()) -> Asked:
    """Return what the parameters of an address ask for. Raises ``Problem`` for one that is unknown, or not understood.

    ``others`` are parameters that somebody else reads.
    """
    known = {each.name: each for each in resource.filters}
    given = {name: one(name, values) for name, values in query.lists()}
    unknown = sorted(set(given) - set(known) - set(COMMON) - set(others))
    if unknown:
        raise unknown_parameters(unknown, [*known, *COMMON])
    epoch = changes.current_epoch()
    conditions, found = Q(), None
    for name, text in given.items():
        if name in known:
            condition = Q(**{known[name].lookup: known[name].read(text)})
            conditions &= condition
            found = (found or Q()) & condition if known[name].finds else found
    return Asked(
        resource,
        epoch,
        after=_place(given["cursor"], epoch) if "cursor" in given else Place(),
        limit=whole("limit", given["limit"], least=1, most=MOST) if "limit" in given else None,
        chosen=_chosen(resource, given["fields"]) if "fields" in given else None,
        since=moment("updated_since", given["updated_since"]) if "updated_since" in given else None,
        before=moment("updated_before", given["updated_before"]) if "updated_before" in given else None,
        conditions=conditions,
        found=found,
        reach=reach,
    )


def _place(text: str, epoch: UUID) -> Place:
    try:
        return changes.read(text, epoch)
    except CursorOver:
        raise Problem(
            status.HTTP_410_GONE,
            "cursor_over",
            "The database was restored since. Read the list anew, from its beginning, and put rows over yours by id.",
        ) from None
    except BadCursor:
        raise Problem(
            status.HTTP_400_BAD_REQUEST,
            "cursor_invalid",
            "Give next_cursor as the last answer had it, or leave it out.",
        ) from None


def _chosen(resource: Resource, text: str) -> frozenset[str]:
    named = frozenset(text.split(","))
    if unknown := sorted(named - set(resource.columns)):
        raise bad_parameter(
            "fields", f"there is no {', '.join(unknown)} among {', '.join(resource.columns)}."
        )
    return named | frozenset(ALWAYS)


def page(asked: Asked, limit: int, until: int | None = None) -> Page:
    """Return the next rows, ``limit`` at most; ``until`` leaves what later transactions changed for another time."""
    looked = limit if asked.is_whole else max(LOOKED_AT, limit)
    if asked.found is not None:
        told = changes.of_rows(asked.resource.name, _found(asked), asked.after, limit, until)
    else:
        after = asked.after
        if asked.since is not None:
            begin = changes.since(asked.resource.name, asked.since)
            after = max(after, begin, key=lambda place: (place.changed_xid, place.row))
        told = changes.page(asked.resource.name, after, looked, until)
    return _cut(asked, told, _with_rows(asked, told), limit)


def rows_of(resource: Resource, reach: Reach) -> Any:
    """Return the rows of ``resource`` that lie within ``reach``."""
    rows = resource.rows()
    if not reach.is_limited:
        return rows
    if not resource.within:
        return rows.filter(within(resource.model, reach))
    model: Any = resource.model
    for name in resource.within.split("__"):
        model = model._meta.get_field(name).related_model
    inside = model._default_manager.filter(within(model, reach))
    return rows.filter(**{f"{resource.within}__in": inside})


def one_row(resource: Resource, pk: int, reach: Reach) -> Any:
    """Return one row with when it changed last, or None where it is not there, or not within ``reach``."""
    found = list(rows_of(resource, reach).filter(pk=pk)[:1])
    told = changes.newest(resource.name, pk)
    if not found or told is None:
        return None
    return _completed(resource, [(found[0], told)])[0]


def _found(asked: Asked) -> list[int]:
    rows = rows_of(asked.resource, asked.reach).filter(asked.conditions)
    pks = list(
        rows.select_related(None).prefetch_related(None).values_list("pk", flat=True).distinct()[: FOUND + 1]
    )
    if len(pks) > FOUND:
        raise Problem(
            status.HTTP_400_BAD_REQUEST,
            "too_many_rows",
            f"That leads to more than {FOUND:,} rows. Narrow it further, or read the whole list by its cursor.",
        )
    return pks


def _with_rows(asked: Asked, told: Changes) -> list[tuple[Any, Changed]]:
    """Return the rows behind the changes that are looked for, in their order."""
    kept = [
        each
        for each in told.rows
        if (asked.since is None or each.at >= asked.since)
        and (asked.before is None or each.at < asked.before)
    ]
    rows = rows_of(asked.resource, asked.reach).filter(asked.conditions, pk__in=[each.row for each in kept])
    found = {row.pk: row for row in rows}
    return [(found[each.row], each) for each in kept if each.row in found]


def _cut(asked: Asked, told: Changes, pairs: list[tuple[Any, Changed]], limit: int) -> Page:
    reached, goes_on = told.reached, told.goes_on
    if len(pairs) > limit:
        pairs, reached, goes_on = pairs[:limit], pairs[limit - 1][1].place, True
    return Page(_completed(asked.resource, pairs), reached, goes_on)


def _completed(resource: Resource, pairs: Sequence[tuple[Any, Changed]]) -> list[Any]:
    for row, told in pairs:
        row.changed_at, row.told = told.at, told
    rows = [row for row, _ in pairs]
    if resource.complete is not None:
        resource.complete(rows)
    return rows
