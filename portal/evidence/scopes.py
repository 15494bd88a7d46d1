"""What a pack is about, and which documents belong to that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from archive.models import Document
from integration.models import Order, OrderDocument, ReturnCase
from partners.models import TradingPartner


@dataclass(frozen=True)
class Scope:
    """What a pack is about: ``kind`` (order, return, partner, search) and its ``name`` for people.

    ``documents`` are primary keys, ``subjects`` what events and decisions about it are filed under besides.
    """

    kind: str
    name: str
    documents: tuple[int, ...]
    subjects: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """How records for good speak of it: the words of a search may be somebody's name."""
        return "a search" if self.kind == "search" else self.name

    @property
    def tells_of(self) -> list[str]:
        """What its pack tells of, as the record of who read it names that."""
        return [*self.subjects, *(f"document:{pk}" for pk in self.documents)]

    @property
    def file(self) -> str:
        """What the pack's file is called: ``order-1042.zip``."""
        return f"{plain_name(self.name)}.zip"


def plain_name(words: str) -> str:
    """Return ``words`` as a file's name: letters, digits and dashes, at most 80."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:80] or "evidence"


def of_order(order: Order) -> Scope:
    """Return an order with its purchase orders, cases, returns and documents."""
    links = OrderDocument.objects.filter(order=order).order_by("document_id")
    subjects = [
        order.subject,
        *(each.subject for each in order.cases.order_by("pk")),
        *(each.subject for each in order.returns.order_by("pk")),
    ]
    return Scope("order", str(order), tuple(links.values_list("document_id", flat=True)), tuple(subjects))


def of_return(case: ReturnCase) -> Scope:
    """Return a return with its documents and files, and the purchase order that it goes back on."""
    own = set(case.documents.values_list("document_id", flat=True))
    sent = OrderDocument.objects.filter(
        purchase_order=case.purchase_order, role=OrderDocument.Role.PURCHASE_ORDER
    )
    return Scope(
        "return",
        str(case),
        tuple(sorted(own | set(sent.values_list("document_id", flat=True)))),
        (case.subject,),
    )


def of_partner(partner: TradingPartner, first: date, last: date) -> Scope:
    """Return what went to and came from a partner on the days ``first`` to ``last``, in UTC, both included."""
    begin = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    documents = Document.objects.filter(partner=partner, recorded_at__gte=begin, recorded_at__lt=end)
    return Scope(
        "partner",
        f"{partner} from {first:%d %b %Y} to {last:%d %b %Y}",
        tuple(documents.order_by("pk").values_list("pk", flat=True)),
    )


def of_search(words: str, documents: Iterable[int]) -> Scope:
    """Return the documents that a search brought."""
    return Scope("search", f"Search for “{words}”", tuple(sorted(set(documents))))
