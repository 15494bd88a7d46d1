"""One gap, and what one question came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import CharField, OuterRef
from django.db.models.functions import Cast

from archive.models import Document
from integration.models import Work
from integration.work import Step

LOOKS_BACK = timedelta(days=90)
"""How far documents are looked at: older ones were looked at before."""
SETTLED = timedelta(minutes=5)
"""What is younger may still be on its way through the normal steps."""


@dataclass(frozen=True)
class Found:
    """One gap: a sentence, what mends it (``""``: a person has to), and what it hangs on (fields of ``Gap``).

    The mending is ``steps``, ``arrived`` (its delivery is shown by something else, and gets a receipt that says so), and
    ``project`` (its statuses are written anew from the facts), which a gap that a person mends may have too.
    """

    cause: str
    sentence: str
    repair: str = ""
    steps: Sequence[Step] = ()
    arrived: Document | None = None
    project: Document | None = None
    links: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """What one question came to: ``good`` + ``explained`` + gaps are all that was looked at."""

    check: str
    good: int
    explained: int
    gaps: Sequence[Found]


class Tally:
    """A question being answered."""

    def __init__(self, check: str) -> None:
        self.check, self.good, self.explained = check, 0, 0
        self.gaps: list[Found] = []

    def checked(self) -> Checked:
        """Return what it came to."""
        return Checked(self.check, self.good, self.explained, tuple(self.gaps))


def work_for(step: str, subject: str) -> Any:
    """Return the condition that work of ``step`` waits or runs whose subject is the field ``subject`` of the outer row."""
    return Work.objects.filter(step=step, subject=Cast(OuterRef(subject), CharField()))


def subjects_in_hand(step: str, subjects: Sequence[str]) -> set[str]:
    """Return those of ``subjects`` for which work of ``step`` waits or runs."""
    return set(Work.objects.filter(step=step, subject__in=subjects).values_list("subject", flat=True))


def links_of(row: Document) -> dict[str, Any]:
    """Return what a gap about a document hangs on."""
    link = row.orders.select_related("order", "purchase_order").first()
    return {
        "document": row,
        "order": link.order if link else None,
        "purchase_order": link.purchase_order if link else None,
    }
