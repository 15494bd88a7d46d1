"""What a pack is about, and which documents belong to that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q

from archive.models import Document
from integration.models import (
    Order,
    OrderDocument,
    OutgoingMail,
    ReturnCase,
    ReturnDocument,
    ReturnFile,
    ShipmentFile,
)
from partners.models import TradingPartner
from portal import filed_under
from portal.evidence import attachments
from portal.evidence.attachments import Attachment


@dataclass(frozen=True)
class Scope:
    """What a pack is about: ``kind`` (order, return, partner, search) and its ``name`` for people.

    ``documents`` are primary keys, ``subjects`` what events, decisions and readings about it are filed under besides, ``also`` which
    further events tell of it. ``attachments`` are files beside the documents.
    """

    kind: str
    name: str
    documents: tuple[int, ...]
    subjects: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    also: Q = Q()  # noqa: RUF009 - nobody changes it

    @property
    def size(self) -> int:
        """How many documents and files it is about."""
        return len(self.documents) + len(self.attachments)

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
    """Return an order with its purchase orders, cases, returns, mails, documents, and the files beside them."""
    links = OrderDocument.objects.filter(order=order).values_list("document_id", flat=True)
    returned = ReturnDocument.objects.filter(case__order=order).values_list("document_id", flat=True)
    beside = [
        *attachments.of_shipments(ShipmentFile.objects.filter(purchase_order__order=order)),
        *attachments.of_returns(ReturnFile.objects.filter(case__order=order)),
    ]
    return Scope(
        "order",
        str(order),
        tuple(sorted({*links, *returned})),
        tuple(filed_under.of_order(order)),
        tuple(beside),
    )


def of_return(case: ReturnCase) -> Scope:
    """Return a return with its documents and files, sent or not, and the purchase order that it goes back on."""
    own = case.documents.values_list("document_id", flat=True)
    files = case.files.exclude(document=None).values_list("document_id", flat=True)
    sent = OrderDocument.objects.filter(
        purchase_order=case.purchase_order, role=OrderDocument.Role.PURCHASE_ORDER
    ).values_list("document_id", flat=True)
    return Scope(
        "return",
        str(case),
        tuple(sorted({*own, *files, *sent})),
        tuple(filed_under.of_return(case)),
        tuple(attachments.of_returns(ReturnFile.objects.filter(case=case))),
        filed_under.told_on_order(case),
    )


def of_partner(partner: TradingPartner, first: date, last: date) -> Scope:
    """Return what went to and came from a partner on the days ``first`` to ``last``, in UTC, both included: documents, files of
    no document, and mails."""
    begin = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    documents = Document.objects.filter(partner=partner, recorded_at__gte=begin, recorded_at__lt=end)
    mails = OutgoingMail.objects.filter(partner=partner, created_at__gte=begin, created_at__lt=end)
    beside = attachments.of_partner(partner, begin, end)
    return Scope(
        "partner",
        f"{partner} from {first:%d %b %Y} to {last:%d %b %Y}",
        tuple(documents.order_by("pk").values_list("pk", flat=True)),
        (
            *(each.name for each in mails.order_by("pk")),
            *dict.fromkeys(each.about for each in beside if each.about),
        ),
        tuple(beside),
    )


def of_search(words: str, documents: Iterable[int]) -> Scope:
    """Return the documents that a search brought."""
    return Scope("search", f"Search for “{words}”", tuple(sorted(set(documents))))
