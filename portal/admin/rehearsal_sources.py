"""What a rehearsal is held on: a purchase order, an archived document, or what somebody pastes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext

from archive.clock import database_now
from archive.models import Document as ArchivedDocument
from archive.models import Translation
from integration.documents import Document, DocumentError, from_json
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.flows.compose import canonical_purchase_order
from integration.flows.generate import as_the_partner_counts
from integration.flows.outgoing import NotWritable
from integration.flows.rights import Refused
from integration.models import PurchaseOrder
from integration.x12.envelope import read_interchange
from integration.x12.reading import parse_segments
from integration.x12.syntax import Segment, Separators
from partners.agreements import code_lists
from partners.mapping.codes import CodeLists
from partners.mapping.rehearsal import (
    Rehearsal,
    compared,
    rehearse_reading,
    rehearse_writing,
    usual_separators,
)
from partners.mapping.rules import Guide
from partners.models import Agreement, MappingProfile
from portal.access import seen
from portal.admin.content import READ_CONTENT, open_for
from portal.admin.documents_table import document_words

OUT, IN = "out", "in"
MOST_CHOICES = 20
MOST_PASTED = 200_000
_START = re.compile(r"\s*ST(?P<element>[^A-Za-z0-9\s])")


@dataclass(frozen=True)
class Choice:
    """One thing that can be rehearsed with, and the part of the address that chooses it."""

    words: str
    source: str


@dataclass(frozen=True)
class Source:
    """A document to be written, or a set to be read; ``agreement`` gives code lists and separators.

    ``subject`` is the row of ours that it is (``document:7``), empty where it was pasted.
    """

    words: str
    direction: str
    document: Document | None
    segments: Sequence[Segment]
    separators: Separators
    agreement: Agreement | None
    subject: str = ""

    @property
    def codes(self) -> CodeLists:
        """The partner's code lists."""
        return code_lists(self.agreement)


def choices(profile: MappingProfile, kind: str, term: str) -> list[Choice]:
    """Return the newest documents and orders that ``profile`` could map, whose number begins with ``term``."""
    found = []
    if kind == "purchase_order":
        orders = seen(PurchaseOrder.objects.filter(number__startswith=term)).select_related(
            "agreement__partner"
        )
        found += [
            Choice(
                gettext("Purchase order %(number)s for %(partner)s")
                % {"number": each.number, "partner": each.agreement.partner},
                f"purchase_order:{each.pk}",
            )
            for each in orders.order_by("-pk")[:MOST_CHOICES]
        ]
    archived = (
        seen(ArchivedDocument.objects.all())
        .filter(transaction_set=profile.transaction_set)
        .filter(Q(state__number__startswith=term) | Q(control_number__startswith=term))
    )
    found += [
        Choice(
            f"{document_words(each)}, {each.get_direction_display().lower()}, {each.recorded_at:%-d %b %Y}",
            f"document:{each.pk}",
        )
        for each in archived.select_related("state", "interchange").order_by("-pk")[:MOST_CHOICES]
    ]
    return found


def find_source(user: User, profile: MappingProfile, guide: Guide, source: str, way: str) -> Source:
    """Return what ``source`` (``document:7``) names, to be written or read as ``way`` says ("": as it went).

    Raises ``Refused`` with why there is nothing to rehearse with; looking at content leaves an access row.
    """
    kind, _, pk = source.partition(":")
    if not user.has_perm(READ_CONTENT):
        raise Refused(gettext("You may see that documents exist, and not what they say."))
    if kind == "purchase_order" and pk.isdecimal():
        return replace(_of_purchase_order(pk, guide), subject=f"{kind}:{int(pk)}")
    if kind == "document" and pk.isdecimal():
        return replace(_of_document(user, profile, guide, pk, way), subject=f"{kind}:{int(pk)}")
    raise Refused(gettext("Choose a document, an order, or paste one."))


def pasted(profile: MappingProfile, guide: Guide, text: str, agreement: Agreement | None) -> Source:
    """Return what somebody pasted: a canonical document as JSON, a set from ST to SE, or a whole interchange."""
    if len(text) > MOST_PASTED:
        raise Refused(
            gettext("That is more than %(most)s characters: paste one document.")
            % {"most": f"{MOST_PASTED:,}"}
        )
    if text.lstrip().startswith("{"):
        try:
            document = from_json(guide.document, json.loads(text))
        except (DocumentError, ValueError, RecursionError) as error:
            raise Refused(
                gettext("This JSON is no %(kind)s: %(error)s")
                % {"kind": guide.document.replace("_", " "), "error": error}
            ) from error
        return Source(gettext("What was pasted"), OUT, document, (), _separators(agreement, guide), agreement)
    segments, separators = _pasted_set(profile, text.strip())
    return Source(gettext("What was pasted"), IN, None, segments, separators, agreement)


def rehearse(source: Source, guide: Guide) -> Rehearsal:
    """Return both sides of ``source`` under ``guide``."""
    if source.document is not None:
        return rehearse_writing(source.document, guide, source.codes, source.separators)
    return rehearse_reading(source.segments, guide, source.separators, source.codes)


def rehearse_beside(source: Source, guide: Guide, released: Guide | None) -> Rehearsal:
    """Return both sides, with what the released revision makes otherwise marked."""
    return compared(rehearse(source, guide), rehearse(source, released) if released else None)


def _of_purchase_order(pk: str, guide: Guide) -> Source:
    row = seen(PurchaseOrder.objects.all()).select_related("order__store", "agreement").filter(pk=pk).first()
    if row is None or guide.document != "purchase_order":
        raise Refused(gettext("There is no such purchase order."))
    document = (
        from_json(guide.document, row.content)
        if row.content
        else canonical_purchase_order(row, database_now())
    )
    assert isinstance(document, CanonicalPurchaseOrder)
    try:
        document = as_the_partner_counts(row, document)
    except NotWritable as problem:
        raise Refused(str(problem)) from problem
    return Source(
        gettext("Purchase order %(number)s") % {"number": row.number},
        OUT,
        document,
        (),
        _separators(row.agreement, guide),
        row.agreement,
    )


def _of_document(user: User, profile: MappingProfile, guide: Guide, pk: str, way: str) -> Source:
    row = (
        seen(ArchivedDocument.objects.all())
        .select_related("interchange__payload", "agreement", "state")
        .filter(pk=pk, transaction_set=profile.transaction_set)
        .first()
    )
    if row is None:
        raise Refused(gettext("There is no such document."))
    opened = open_for(user, row.interchange.payload, f"rehearse mapping with document {row.pk}")
    if opened.data is None:
        raise Refused(opened.problem)
    words = document_words(row)
    if (way or row.direction) == OUT:
        content = Translation.objects.filter(document=row).values_list("content", flat=True).first()
        if content is None:
            raise Refused(gettext("It was not translated: it can be read, and not written."))
        document = from_json(guide.document, content)
        return Source(words, OUT, document, (), _separators(row.agreement, guide), row.agreement)
    reading = read_interchange(opened.data)
    located = next(
        (each for group in reading.groups for each in group.sets if each.offset == row.offset), None
    )
    if located is None:
        raise Refused(gettext("Its bytes are not where its interchange says."))
    return Source(words, IN, None, located.segments, located.separators, row.agreement)


def _pasted_set(profile: MappingProfile, text: str) -> tuple[Sequence[Segment], Separators]:
    if text.startswith("ISA"):
        reading = read_interchange(text.encode("utf-8", "replace"))
        for each in (one for group in reading.groups for one in group.sets):
            if each.code == profile.transaction_set:
                return each.segments, each.separators
        raise Refused(
            reading.problem
            or gettext("The interchange holds no %(transaction_set)s.")
            % {"transaction_set": profile.get_transaction_set_display().lower()}
        )
    start = _START.match(text)
    if start is None:
        raise Refused(
            gettext("This is neither X12, which starts with ISA or ST, nor JSON, which starts with {.")
        )
    ending = text[-1] if not text[-1].isalnum() else "\n"
    if text.count(ending) < 2:
        ending = "\n"
    usual = usual_separators(profile.version)
    separators = Separators(start["element"], ending, usual.component, usual.repetition)
    segments = parse_segments(text, separators)
    if problem := separators.problem():
        raise Refused(problem)
    if segments[0][1] != profile.transaction_set:
        raise Refused(
            gettext("This is a %(code)s, and the profile maps the %(transaction_set)s.")
            % {"code": segments[0][1], "transaction_set": profile.transaction_set}
        )
    return segments, separators


def _separators(agreement: Agreement | None, guide: Guide) -> Separators:
    usual = usual_separators(guide.version)
    if agreement is None:
        return usual
    chosen = Separators(
        agreement.element_separator,
        agreement.segment_terminator,
        agreement.component_separator,
        usual.repetition,
    )
    return usual if chosen.problem() else chosen
