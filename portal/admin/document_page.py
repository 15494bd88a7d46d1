"""What the page of a document shows. Looking at it is a reading of content and leaves an access row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from archive.models import ACKNOWLEDGMENTS, Direction, Document, Translation, document_name
from archive.projections import guide_of
from integration.flows.match_acknowledgments import finding_words
from integration.flows.match_advice import outcome_words
from integration.matching.evidence import KINDS as PICTURES_AND_FORMS
from integration.matching.invoicing.files import ENDINGS
from integration.models import OrderDocument
from integration.x12.acknowledgment import CODE_MEANINGS
from partners.guides_in_use import guide_words
from portal.access import seen
from portal.admin.blocks import Pair
from portal.admin.content import READ_CONTENT, Marks, Opened, document_text, open_for, whole_text
from portal.admin.document_mapping import both_sides
from portal.admin.document_way import answered_line_links, attempts_of, kin_of, next_of, readers_of
from portal.admin.documents_table import WITH_STATE, document_rows, document_words, state_of
from portal.admin.keeping import keeping_of
from portal.admin.readable import readable
from portal.admin.show import (
    BAD,
    GOOD,
    QUIET,
    WARNING,
    acknowledgment_badge,
    badge,
    delivery_badge,
    page_url,
    size,
    summary_badge,
    validation_badge,
)
from portal.admin.timeline import timeline
from portal.admin.unknown import unknown_delivery

VIEWS = ("readable", "raw", "interchange", "mapping", "attempts", "history")
LATEST = 6
"""Events beside what a document says; all of them stand under History."""
_REPORT_WORDS = {
    "error": (gettext_lazy("Wrong or missing"), BAD),
    "not_carried": (gettext_lazy("Not carried"), WARNING),
    "unread": (gettext_lazy("Not read"), QUIET),
    "conflict": (gettext_lazy("Contradiction"), WARNING),
    "untranslated": (gettext_lazy("Code without a word"), WARNING),
    "check": (gettext_lazy("Does not add up"), WARNING),
    "out_of_order": (gettext_lazy("Out of order"), WARNING),
}
_SEVERITIES = {
    "error": (gettext_lazy("Error"), BAD),
    "warning": (gettext_lazy("Remark"), WARNING),
    "note": (gettext_lazy("Note"), QUIET),
}


@dataclass(frozen=True)
class Remark:
    """One finding or one line of the report, with its place in the set."""

    badge: Any
    sentence: str
    place: str
    position: int


@dataclass(frozen=True)
class Asked:
    """What of a document is looked at: one of ``VIEWS``, and the segment or order line that is looked for."""

    view: str
    segment: int = 0
    line: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Read it from the address; nonsense is the first view."""
        view, segment = query.get("show", ""), query.get("segment", "")
        position = int(segment) if segment.isascii() and segment.isdigit() and len(segment) < 7 else 0
        return cls(view if view in VIEWS else VIEWS[0], position, query.get("line", "")[:20])


def document_context(document: Document, user: User, asked: Asked) -> dict[str, Any]:
    """Return everything that ``portal/document.html`` shows of ``document`` to ``user``."""
    view = asked.view
    opened = open_for(user, document.interchange.payload, f"look at document {document.pk}")
    translation = _translation(document)
    return {
        "document": document,
        "title": document_words(document),
        "name": document_name(document.transaction_set),
        "state": state_of(document),
        "badges": _badges(document),
        "identity": _identity(document),
        "may_read": user.has_perm(READ_CONTENT),
        "problem": opened.problem,
        "view": view,
        **_content(document, translation, opened, asked),
        "orders": [
            link.order
            for link in document.orders.select_related("order").defer("order__content").order_by("pk")
        ],
        "cases": list(document.cases.filter(closed_at=None).select_related("owner")),
        "attempts": attempts_of(document) if view == "attempts" else [],
        "next": next_of(document),
        "unknown": unknown_delivery(document),
        "kept": keeping_of(document, user),
        "kin": kin_of(document),
        "acknowledgments": _acknowledgments(document),
        "answered_by": _answered_by(document),
        "answers": _answers(document),
        "answered_lines": answered_line_links(
            document, translation.content if translation else None, _purchase_order_sent(document)
        ),
        "complaints": _complaints(document),
        "spoken_of": _spoken_of(document),
        "is_file": document.transaction_set in ENDINGS,
        "is_evidence": document.transaction_set in PICTURES_AND_FORMS,
        "acknowledges": document.transaction_set in ACKNOWLEDGMENTS,
        **_history(document, view),
    }


def _history(document: Document, view: str) -> dict[str, Any]:
    """Return all that happened for the view of that name, and the last of it beside what the document says."""
    events = timeline(f"document:{document.pk}", _file_subjects(document), document)
    if view == "history":
        return {"timeline": events, "readers": readers_of(document), "readings_of": f"document:{document.pk}"}
    return {"timeline": events[-LATEST:], "earlier": max(0, len(events) - LATEST)}


def _translation(document: Document) -> Translation | None:
    try:
        return document.translation
    except Translation.DoesNotExist:
        return None


def _content(
    document: Document, translation: Translation | None, opened: Opened, asked: Asked
) -> dict[str, Any]:
    """Return what the document says; nothing of it where its bytes were not given out."""
    if opened.data is None:
        return {"readable": None, "raw": None, "remarks": []}
    findings = translation.findings if translation else []
    content = translation.content if translation else None
    said = {
        "readable": readable(document.transaction_set, content) if asked.view == "readable" else None,
        "raw": _raw(document, opened.data, findings, asked),
        "remarks": _remarks(findings, translation.report if translation else []),
    }
    return said | (both_sides(document, opened.data) if asked.view == "mapping" else {})


def _raw(document: Document, data: bytes, findings: list[Any], asked: Asked) -> Any:
    if asked.view not in ("raw", "interchange") or document.transaction_set in PICTURES_AND_FORMS:
        return None
    if document.transaction_set in ENDINGS:
        return whole_text(data)
    theirs = [
        {**each, "sentence": finding_words(each)}
        for said in document.acknowledgments.order_by("pk")
        for each in said.findings
    ]
    marks = Marks(findings, theirs, asked.segment, asked.line)
    if asked.view == "raw":
        return document_text(data, document, marks)
    return whole_text(data, document, marks)


def _purchase_order_sent(document: Document) -> Document | None:
    """Return the purchase order (850) of ours that went last before ``document``, an answer to it, came."""
    if document.transaction_set != "855" or document.direction != Direction.IN:
        return None
    link = document.orders.filter(purchase_order__isnull=False).first()
    if link is None:
        return None
    sent = OrderDocument.objects.filter(
        purchase_order=link.purchase_order_id, role=OrderDocument.Role.PURCHASE_ORDER
    )
    before = sent.filter(document__pk__lt=document.pk).order_by("-document_id").first() or sent.first()
    return before.document if before is not None else None


def _complaints(document: Document) -> list[dict[str, Any]]:
    """Return what an acknowledgment (997) complains of, each with the segment of the document that it means."""
    if document.transaction_set not in ACKNOWLEDGMENTS:
        return []
    said = document.acknowledges.select_related("document__interchange", "document__state").order_by("pk")
    return [
        {
            "document": document_words(each.document),
            "url": page_url(each.document),
            "words": finding_words(finding),
            "position": finding.get("segment_position") or 0,
        }
        for each in said[:50]
        for finding in each.findings
    ]


def _badges(document: Document) -> list[tuple[str, Any]]:
    state = state_of(document)
    if state is None:
        return [(gettext("Status"), summary_badge(None))]
    return [
        (gettext("Validation"), validation_badge(state)),
        (gettext("Delivery"), delivery_badge(state)),
        (gettext("Acknowledgment"), acknowledgment_badge(state)),
    ]


def _identity(document: Document) -> list[Pair]:
    interchange = document.interchange
    state = state_of(document)
    pairs = [
        Pair(gettext("Interchange control number (ISA13)"), interchange.control_number),
        Pair(gettext("Group control number (GS06)"), document.group_control_number),
        Pair(gettext("Set control number (ST02)"), document.control_number),
        Pair(gettext("Version (GS08)"), document.version),
        Pair(gettext("Sender"), f"{interchange.sender_qualifier}:{interchange.sender_id}"),
        Pair(gettext("Receiver"), f"{interchange.receiver_qualifier}:{interchange.receiver_id}"),
        Pair(
            gettext("Usage (ISA15)"),
            {"P": gettext("Production"), "T": gettext("Test")}.get(
                interchange.usage_indicator, interchange.usage_indicator
            ),
        ),
        Pair(gettext("Size"), size(interchange.payload.size)),
        Pair(gettext("Mapping"), _mapping(document)),
        Pair(gettext("SHA-256 of the interchange"), state.sha256 if state else ""),
    ]
    return [pair for pair in pairs if pair.words]


def _mapping(document: Document) -> str:
    """Return which guide made the document, and which has read it again since."""
    if not document.guide:
        return gettext("None: kept and not translated")
    first, now = guide_words(document.guide), guide_words(guide_of(document))
    words = (
        first if first == now else gettext("%(first)s; read again by %(now)s") % {"first": first, "now": now}
    )
    return words[:1].upper() + words[1:]


def _remarks(findings: list[Any], report: list[Any]) -> list[Remark]:
    remarks = []
    for each in findings:
        title, tone = _SEVERITIES.get(each.get("severity", ""), (gettext("Finding"), WARNING))
        place = "".join(
            [each.get("segment_tag", ""), f"{each['element']:02d}" if each.get("element") else ""]
        )
        remarks.append(
            Remark(badge(title, tone), each.get("sentence", ""), place, each.get("segment_position") or 0)
        )
    for each in report:
        title, tone = _REPORT_WORDS.get(each.get("kind", ""), (gettext("Remark"), WARNING))
        place = each.get("address") or each.get("path", "")
        remarks.append(Remark(badge(title, tone), each.get("sentence", ""), place, each.get("position") or 0))
    return remarks


def _acknowledgments(document: Document) -> list[dict[str, Any]]:
    said = document.acknowledgments.select_related("source__state", "source__partner").order_by("pk")
    return [
        {
            "words": CODE_MEANINGS.get(
                each.code, gettext("code %(code)s") % {"code": each.code}
            ).capitalize(),
            "badge": badge(
                CODE_MEANINGS.get(each.code, gettext("code %(code)s") % {"code": each.code}).capitalize(),
                {"A": GOOD, "E": WARNING, "P": WARNING}.get(each.code, BAD),
            ),
            "source": each.source,
            "name": document_name(each.source.transaction_set),
            "findings": [
                {"words": finding_words(finding), "position": finding.get("segment_position") or 0}
                for finding in each.findings
            ],
            "at": each.recorded_at,
        }
        for each in said
    ]


def _answered_by(document: Document) -> list[Document]:
    """Return our acknowledgments of a received document: of its interchange, and of its group."""
    ours = Q(answers__source=document)
    if document.direction == Direction.IN:
        ours |= Q(answers_interchanges__source=document.interchange)
    return list(seen(Document.objects.filter(ours)).select_related("interchange").distinct().order_by("pk"))


def _answers(document: Document) -> list[Any]:
    """Return the documents that an acknowledgment, advice or message is about: the partner's, or ours."""
    about = (
        Q(answered_by__answer=document)
        | Q(acknowledgments__source=document)
        | Q(mentions__source=document)
        | Q(interchange__answered_by__answer=document)
    )
    found = seen(Document.objects.filter(about)).distinct().select_related(*WITH_STATE)
    return document_rows(found.order_by("pk")[:50])


def _spoken_of(document: Document) -> list[dict[str, Any]]:
    """Return the advices and messages of the partner that speak of a document of ours."""
    said = document.mentions.select_related("source__interchange", "source__state").order_by("pk")
    return [
        {
            "source": each.source,
            "words": outcome_words(each.said) if each.said else "",
            "at": each.recorded_at,
        }
        for each in said
    ]


def _file_subjects(document: Document) -> list[str]:
    transmission = document.interchange.transmission_id
    return [f"transmission:{transmission}"] if transmission is not None else []
