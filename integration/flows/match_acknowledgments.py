"""Acknowledgments of partners (997, 999, TA1), matched to the exact documents of ours that they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from archive.models import (
    ACKNOWLEDGMENTS,
    Acknowledgment,
    AcknowledgmentState,
    Direction,
    Document,
    document_name,
)
from archive.projections import project
from archive.record import record_event
from integration.flows.cases import close_cause, open_case
from integration.flows.expectations import document_subject, meet
from integration.flows.parents import orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder
from integration.work import Step
from integration.x12.acknowledgment import ACCEPTED_CODES, REJECTING_CODES
from integration.x12.acknowledgment_codes import GROUP_MEANINGS, IMPLEMENTATION_SET_MEANINGS
from integration.x12.interchange_acknowledgment import read_ta1
from integration.x12.syntax import segment
from integration.x12.tables import find_table

Kind = ExceptionCase.Kind
Role = OrderDocument.Role
_ROLES = {"997": Role.FUNCTIONAL_ACKNOWLEDGMENT, "999": Role.FUNCTIONAL_ACKNOWLEDGMENT, "TA1": Role.INTERCHANGE_ACKNOWLEDGMENT}  # fmt: skip
_GOOD = (AcknowledgmentState.ACCEPTED, AcknowledgmentState.ACCEPTED_WITH_ERRORS)


@dataclass(frozen=True)
class Said:
    """What an acknowledgment says of one document: its code, what it found, and what is strange about it."""

    code: str
    findings: list[Any]
    remark: str = ""


def match_functional_acknowledgment(document: Document) -> list[Step]:
    """Match a 997 or 999 to the sets of the group that it answers, in the caller's transaction."""
    content: dict[str, Any] = document.translation.content or {}
    number, group_id = content.get("group_control_number", ""), content.get("group_id", "")
    ours = [each for each in _sent_to(document, group_control_number=number) if _is_of_group(each, group_id)]
    if not ours:
        return wait_for_parent(
            document,
            Kind.UNMATCHED,
            f"{document.partner} acknowledged group {number}, which we have not sent to them yet.",
            f"{document.partner} acknowledged group {number}, which we did not send to them. Nothing was"
            " changed; settle this case or ask the partner.",
        )
    close_cause(orphan_cause(document, Kind.UNMATCHED), "What was acknowledged is known now.")
    named = {_key(each["set_code"], each["control_number"]): each for each in content.get("sets", [])}
    known = {_key(mine.transaction_set, mine.control_number): mine for mine in ours}
    strangers = [each for key, each in named.items() if key not in known]
    for key, mine in known.items():
        said = _said(content, named.get(key), has_strangers=bool(strangers))
        if said is not None:
            acknowledge(mine, document, said)
    open_ends = [each for key, each in named.items() if key in known and not _verdict(content, each)]
    _tell_what_is_left(document, number, strangers, open_ends)
    return []


def _said(content: dict[str, Any], said: dict[str, Any] | None, *, has_strangers: bool) -> Said | None:
    """Return what holds for one of our sets; None where the partner left it open.

    A group rejected as a whole rejects its sets, whatever is said of each. A set that is not listed shares the fate of
    its group: those accepted need not be listed; but where others are listed that we did not send, nothing is taken
    to be said of it.
    """
    group_code = content.get("group_code", "")
    if said is None:
        code = "A" if group_code == "P" else group_code
        is_open = not code or (has_strangers and code not in REJECTING_CODES)
        return None if is_open else Said(code, _reasons(content, GROUP_MEANINGS))
    code = _verdict(content, said)
    if not code:
        return None
    findings = said["findings"] or _reasons(said, IMPLEMENTATION_SET_MEANINGS)
    remark = ""
    if said["code"] in ACCEPTED_CODES and group_code in REJECTING_CODES:
        findings = findings or _reasons(content, GROUP_MEANINGS)
        remark = " They accept the document and reject its group: the group's verdict holds."
    elif said["code"] in REJECTING_CODES and group_code in ACCEPTED_CODES:
        remark = " They reject the document and accept its group: the document's verdict holds."
    return Said(code, findings, remark)


def _verdict(content: dict[str, Any], said: dict[str, Any]) -> str:
    group_code = content.get("group_code", "")
    return str(group_code if group_code in REJECTING_CODES else said["code"])


def _reasons(of: dict[str, Any], meanings: Any) -> list[Any]:
    return [
        {"sentence": meanings.get(code, f"code {code}"), "code_997": code} for code in of.get("reasons", [])
    ]


def _tell_what_is_left(
    document: Document, number: str, strangers: list[dict[str, Any]], open_ends: list[dict[str, Any]]
) -> None:
    parts = [
        f"{document_name(each['set_code'])} {each['control_number']}, which we did not send in it"
        for each in strangers
    ]
    parts += [
        f"{document_name(each['set_code'])} {each['control_number']} without a verdict" for each in open_ends
    ]
    if parts:
        open_case(
            Kind.UNMATCHED,
            f"{orphan_cause(document, Kind.UNMATCHED)}:sets",
            f"{document.partner} acknowledged in group {number}: {'; '.join(parts)}. Of these nothing was changed; ask"
            " the partner.",
            document=document,
            partner=document.partner,
        )


def match_interchange_acknowledgment(document: Document) -> list[Step]:
    """Match a TA1 to the interchange that it answers, in the caller's transaction."""
    content: dict[str, Any] = document.translation.content or {}
    number = str(content.get("control_number", ""))
    ours = list(_sent_to(document, interchange__control_number=number.zfill(9)))
    if not ours:
        return wait_for_parent(
            document,
            Kind.UNMATCHED,
            f"{document.partner} acknowledged interchange {number}, which we have not sent to them yet.",
            f"{document.partner} acknowledged interchange {number}, which we did not send to them. Nothing was"
            " changed; settle this case or ask the partner.",
        )
    close_cause(orphan_cause(document, Kind.UNMATCHED), "What was acknowledged is known now.")
    code, note = content.get("code", ""), content.get("note", "")
    words = read_ta1(segment("TA1", number, "", "", code, note)).words
    last = ours[0].interchange_id
    for mine in ours:
        if mine.interchange_id != last:
            continue
        if code == "R":
            acknowledge(mine, document, Said("R", [{"sentence": f"interchange {words}", "code_997": note}]))
            continue
        _link(mine, document)
        said = f"Interchange acknowledgment (TA1) of {document.partner}: {words}."
        record_event(f"document:{mine.pk}", "interchange_acknowledged", said, document=mine)
    return []


def _sent_to(document: Document, **which: str) -> QuerySet[Document]:
    """Return our documents that went from whom the acknowledgment is for to whom it comes from, the last first."""
    interchange = document.interchange
    return (
        Document.objects.filter(
            direction=Direction.OUT,
            interchange__sender_qualifier=interchange.receiver_qualifier,
            interchange__sender_id=interchange.receiver_id,
            interchange__receiver_qualifier=interchange.sender_qualifier,
            interchange__receiver_id=interchange.sender_id,
            **which,
        )
        .select_related("interchange", "agreement__partner", "partner", "state")
        .order_by("-interchange", "position")
    )


def _is_of_group(mine: Document, group_id: str) -> bool:
    """Say whether a document of ours travelled in a group of that kind, and may be acknowledged at all."""
    table = find_table(mine.transaction_set, mine.version)
    if mine.transaction_set in ACKNOWLEDGMENTS:
        return False
    return not group_id or table is None or table.group == group_id


def _key(set_code: str, control_number: str) -> tuple[str, str]:
    return set_code, control_number.lstrip("0")


def acknowledge(mine: Document, source: Document, said: Said) -> None:
    """Record what ``source`` says of our document ``mine``; a rejection, or another verdict than before, is a case.

    The same verdict once more is recorded, and nothing is done twice.
    """
    # First, as by who matches the answer to it: in the other order the two would block each other.
    PurchaseOrder.objects.select_for_update().filter(documents__document=mine).first()
    before = mine.acknowledgments.exclude(source=source).order_by("-pk").first()
    earlier = project(mine) if before is not None else None
    _, is_new = Acknowledgment.objects.get_or_create(
        document=mine, source=source, defaults={"code": said.code[:1], "findings": said.findings}
    )
    state = project(mine)
    _link(mine, source)
    meet("997", document_subject(mine), source)
    if not is_new:
        return
    name, words = document_name(source.transaction_set), state.get_acknowledgment_display().lower()
    if earlier is not None and earlier.acknowledgment == state.acknowledgment:
        record_event(
            f"document:{mine.pk}",
            "acknowledged_again",
            f"{name} of {source.partner} once more: {words}. Recorded, nothing done twice.{said.remark}",
            document=mine,
        )
        return
    kind = "acknowledged" if said.code in ACCEPTED_CODES or said.code == "P" else "rejected"
    record_event(
        f"document:{mine.pk}", kind, f"{name} of {source.partner}: {words}.{said.remark}", document=mine
    )
    if earlier is not None and (earlier.acknowledgment in _GOOD) != (state.acknowledgment in _GOOD):
        _tell_contradiction(mine, source, earlier.get_acknowledgment_display().lower(), words)
    elif said.code not in ACCEPTED_CODES:
        _tell_rejection(mine, source, said)


def _link(mine: Document, source: Document) -> OrderDocument | None:
    """Put the acknowledgment with the order of what it answers; return the place of our document there."""
    link = mine.orders.select_related("order", "purchase_order").first()
    if link is not None:
        tie(link.order, source, _ROLES[source.transaction_set], link.purchase_order)
    return link


def _named(mine: Document) -> str:
    link = mine.orders.select_related("purchase_order").first()
    if link is not None and link.role == Role.PURCHASE_ORDER and link.purchase_order is not None:
        return f"purchase order {link.purchase_order.number}"
    number = mine.state.number or mine.interchange.control_number
    name = document_name(mine.transaction_set)
    return f"{name[:1].lower()}{name[1:]} {number}"


def _case_links(mine: Document, source: Document) -> dict[str, Any]:
    link = mine.orders.select_related("order", "purchase_order").first()
    links: dict[str, Any] = {"document": mine, "partner": source.partner}
    if link is not None:
        links |= {
            "order": link.order,
            "purchase_order": link.purchase_order,
            "money": link.order.total,
            "currency": link.order.currency,
        }
    return links


def _tell_rejection(mine: Document, source: Document, said: Said) -> None:
    what = "; ".join(finding_words(each) for each in said.findings[:3]) or "without saying why"
    is_order = mine.orders.filter(role=Role.PURCHASE_ORDER).exists()
    taken = "They have not taken the order" if is_order else "They have not taken it"
    open_case(
        Kind.REJECTED,
        f"rejected:{mine.pk}",
        f"{source.partner} rejected {_named(mine)} as a document ({what}). {taken}:"
        " mend what is wrong and send it again.",
        evidence=[{"finding": finding_words(each)} for each in said.findings],
        **_case_links(mine, source),
    )


def _tell_contradiction(mine: Document, source: Document, before: str, now: str) -> None:
    open_case(
        Kind.CONTRADICTED,
        f"contradicted:{mine.pk}:{source.pk}",
        f"{source.partner} acknowledged {_named(mine)} as {before}, and says now that it is {now}. The later word is"
        " shown; ask them which of the two holds.",
        **_case_links(mine, source),
    )


def finding_words(finding: dict[str, Any]) -> str:
    """Return what a partner found, for people."""
    if finding.get("sentence"):
        return str(finding["sentence"]).rstrip(".")
    place = finding.get("segment_tag") or ""
    position = finding.get("segment_position")
    element = finding.get("element")
    parts = [f"segment {place}" if place else "the document", f"no. {position}" if position else ""]
    parts.append(f"element {element}" if element else "")
    return " ".join(part for part in parts if part) + (
        f", code {finding['code_997']}" if finding.get("code_997") else ""
    )
