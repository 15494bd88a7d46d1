"""Who reads by the API what: recorded before it leaves, with the rows that it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

from archive.models import AccessRecord
from archive.store import record_access
from portal.api.asking import actor
from portal.api.resources import Resource
from portal.readings import SUBJECTS

_LONGEST = 100


def told_of(resource: Resource, rows: Sequence[Any]) -> list[str]:
    """Return what ``rows`` tell of (``order:7``), each once: themselves, and where they are parts of something, of that.

    None of lists that tell of no order, document or person, or only sum them up.
    """
    found = {}
    for row in rows:
        for name in resource.within.split("__") if resource.within else ():
            row = getattr(row, name)
        if (kind := SUBJECTS.get(type(row))) is not None:
            found[f"{kind}:{row.pk}"] = True
    return list(found)


def record_list(request: Request, resource: Resource, rows: Sequence[Any]) -> None:
    """Record that a page of a list is shown. Raises ``NotRecorded``."""
    record_access(
        actor=actor(request),
        kind=AccessRecord.Kind.LIST,
        hits=told_of(resource, rows),
        purpose=f"API, list of {resource.title}"[:_LONGEST],
    )


def record_row(request: Request, resource: Resource, row: Any, what: str = "") -> None:
    """Record that a row is shown, or ``what`` of it. Raises ``NotRecorded``."""
    record_access(
        actor=actor(request),
        kind=AccessRecord.Kind.PAGE,
        subject=next(iter(told_of(resource, [row])), ""),
        purpose=f"API, {what or 'one'} of {resource.title}"[:_LONGEST],
    )


def record_chunk(who: str, words: str, told: list[str], *, before: int = 0, subject: str = "") -> None:
    """Record that rows go into a file that tell of ``told``, behind ``before`` others; ``subject`` is what keeps it.

    Raises ``NotRecorded``.
    """
    goes_on = f", from row {before + 1:,} on" if before else ""
    record_access(
        actor=who,
        kind=AccessRecord.Kind.EXPORT,
        subject=subject,
        hits=told,
        purpose=f"{words[: _LONGEST - len(goes_on)]}{goes_on}",
    )
