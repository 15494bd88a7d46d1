"""Documents as rows of a table, wherever a page shows some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from archive.models import (
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    DocumentState,
    document_name,
)
from integration.models import OrderDocument
from portal.admin.show import page_url, summary_badge

WITH_STATE = ("interchange", "partner", "agreement", "state", "sent_again_as")
_REFUSED = frozenset(
    {
        AcknowledgmentState.REJECTED,
        AcknowledgmentState.PARTIALLY_ACCEPTED,
        AcknowledgmentState.OVERDUE,
    }
)


@dataclass(frozen=True)
class DocumentRow:
    """One document as tables show it."""

    name: str
    url: str
    number: str
    partner: str
    direction: str
    is_ours: bool
    status: SafeString
    control_number: str
    recorded_at: Any
    again_url: str = ""
    """Where it is sent again; only of what was not taken, and was not sent again yet."""


def state_of(document: Document | None) -> DocumentState | None:
    """Return the document's statuses, or None where there is none or it was not read yet."""
    try:
        return document.state if document is not None else None
    except DocumentState.DoesNotExist:
        return None


def document_words(document: Document) -> str:
    """Return the business name and the document's own number, else the control number of its interchange."""
    state = state_of(document)
    number = state.number if state and state.number else document.interchange.control_number
    return f"{document_name(document.transaction_set)} {number}"


def document_rows(documents: Iterable[Document]) -> list[DocumentRow]:
    """Return the rows of ``documents``, which were selected with ``WITH_STATE``."""
    return [
        DocumentRow(
            name=document_name(document.transaction_set),
            url=page_url(document),
            number=state.number if (state := state_of(document)) else "",
            partner=document.partner.name if document.partner else "",
            direction=str(Direction(document.direction).label),
            is_ours=document.direction == Direction.OUT,
            status=summary_badge(state),
            control_number=document.interchange.control_number,
            recorded_at=document.recorded_at,
            again_url=_again_url(document, state),
        )
        for document in documents
    ]


def _again_url(document: Document, state: DocumentState | None) -> str:
    # Offered where the rows were fetched with what they were sent again as: it is not worth a query for each.
    if state is None or document._state.fields_cache.get("sent_again_as", document) is not None:
        return ""
    if document.direction != Direction.OUT:
        return ""
    if state.delivery != Delivery.FAILED and state.acknowledgment not in _REFUSED:
        return ""
    return reverse("admin:archive_document_send_again", args=[document.pk])


def latest_sent(links: Iterable[OrderDocument]) -> Document | None:
    """Return the document of ours that holds: the purchase order sent last."""
    sent = [link.document for link in links if link.role == OrderDocument.Role.PURCHASE_ORDER]
    return max(sent, key=lambda document: document.pk, default=None)
