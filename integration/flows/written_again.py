"""What would be sent where a document is sent again: the same content, or the content rebuilt; and how the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from archive import store
from archive.models import Document, Translation
from integration.documents import KINDS, SETS, DocumentError, from_json
from integration.flows.generate import SET, purchase_order_outgoing
from integration.flows.outgoing import NotWritable, Outgoing
from integration.flows.rights import Refused
from integration.flows.writing import written
from integration.models import OrderDocument, PurchaseOrder
from integration.x12.envelope import SetReading, read_interchange
from integration.x12.rewriting import to_write_again
from integration.x12.syntax import Segment
from integration.x12.tables import find_table
from partners.models import Agreement


class Content(StrEnum):
    """What is sent again: what went out, segment for segment, or what mapping, codes and settings make of it now."""

    SAME = "same"
    REBUILT = "rebuilt"


@dataclass(frozen=True)
class DifferingLine:
    """A segment that only one of the two has: ``was`` the first document, or what would be sent now."""

    was: bool
    text: str


def may_be_rebuilt(document: Document) -> bool:
    """Say whether a mapping makes such documents: acknowledgments and messages are never rebuilt."""
    return document.transaction_set in SETS


def outgoing_again(document: Document, content: Content, purchase_order: PurchaseOrder | None) -> Outgoing:
    """Return what would be sent now. Raises ``Refused`` where it cannot be written, with the value in the way."""
    try:
        if content == Content.SAME:
            return _same(document)
        if document.transaction_set == SET and purchase_order is not None:
            return purchase_order_outgoing(purchase_order)
        return _rebuilt(document)
    except NotWritable as problem:
        raise Refused(gettext("It cannot be written. %(problem)s") % {"problem": problem}) from problem


def _same(document: Document) -> Outgoing:
    agreement = _agreement_of(document)
    return Outgoing(
        agreement,
        document.transaction_set,
        sent_body(document),
        _zone(document, agreement),
        document.guide,
        document.version,
    )


def _rebuilt(document: Document) -> Outgoing:
    """Return what the guide of today writes of what the document said: in the partner's units already, as it was read back."""
    kept = Translation.objects.filter(document=document).values_list("content", flat=True).first()
    if kept is None or not may_be_rebuilt(document):
        raise Refused(gettext("No mapping makes it: it can be sent with the same content only."))
    try:
        canonical = from_json(SETS[document.transaction_set], kept)
    except DocumentError as problem:
        raise Refused(
            gettext("What it said cannot be read any more: %(problem)s") % {"problem": problem}
        ) from problem
    assert isinstance(canonical, KINDS[SETS[document.transaction_set]])
    agreement = _agreement_of(document)
    return written(agreement, document.transaction_set, canonical, _zone(document, agreement))


def sent_set(document: Document) -> SetReading:
    """Return the set as it was sent, ST to SE, with its separators."""
    reading = read_interchange(store.open(document.interchange.payload, purpose="send again"))
    return next(each for group in reading.groups for each in group.sets if each.offset == document.offset)


def sent_body(document: Document) -> list[Segment]:
    """Return what stands between ST and SE of the set as it was sent, ready to be written once more."""
    located = sent_set(document)
    table = find_table(document.transaction_set, document.version)
    return to_write_again(located.segments[1:-1], table, located.separators)


def differing_lines(before: Sequence[Segment], now: Sequence[Segment]) -> Iterator[DifferingLine]:
    """Yield the segments in which two bodies differ, in order, what goes before what comes in its place."""
    old, new = [_text(each) for each in before], [_text(each) for each in now]
    for kind, from_old, to_old, from_new, to_new in SequenceMatcher(
        a=old, b=new, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            yield from (DifferingLine(True, text) for text in old[from_old:to_old])
            yield from (DifferingLine(False, text) for text in new[from_new:to_new])


def _text(each: Segment) -> str:
    # Composites and repeats as a string hold unit and record separators; the usual ones are shown instead.
    return "*".join(each.texts).rstrip("*").replace("\x1f", ">").replace("\x1e", "^")


def _agreement_of(document: Document) -> Agreement:
    if document.agreement is None:
        raise Refused(gettext("It was sent under no agreement: there is nobody to send it to again."))
    return document.agreement


def _zone(document: Document, agreement: Agreement) -> ZoneInfo:
    link = OrderDocument.objects.filter(document=document).select_related("order__store").first()
    return ZoneInfo(agreement.time_zone or (link.order.store.time_zone if link else "UTC"))
