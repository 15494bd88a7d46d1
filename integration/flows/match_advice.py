"""What partners say of our documents in words: application advices (824) and text messages (864), tied to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from archive.models import Direction, Document, Mention
from archive.record import record_event
from integration.flows.cases import open_once
from integration.flows.persons import tie
from integration.models import ExceptionCase, OrderDocument
from integration.work import Step

Kind = ExceptionCase.Kind
Role = OrderDocument.Role
_ROLES = {"824": Role.APPLICATION_ADVICE, "864": Role.TEXT_MESSAGE}
_REJECTING = ("_rejected", "_partially_accepted", "_on_hold")
_NUMBERS = ("purchase_order_number", "invoice_number", "shipment_number")
_MOST = 50


def match_application_advice(document: Document) -> list[Step]:
    """Tie an 824 to the documents of ours that it speaks of; what it rejects is a case. The transaction is the caller's."""
    content: dict[str, Any] = document.translation.content or {}
    for subject in content.get("subjects", []):
        outcome = str(subject.get("outcome") or "")
        ours = _spoken_of(document, subject)
        for mine in ours:
            _mention(document, mine, outcome)
        if outcome.endswith(_REJECTING) or outcome.startswith("?"):
            _tell_error(document, subject, outcome, ours)
    return []


def match_text_message(document: Document) -> list[Step]:
    """Tie an 864 to the documents of ours that it names, and have a person read it."""
    numbers = list(document.references.filter(kind="reference").values_list("value", flat=True))
    ours = _numbered(document, numbers)
    for mine in ours:
        _mention(document, mine, "")
    content: dict[str, Any] = document.translation.content or {}
    titles = [each.get("title") or each.get("number", "") for each in content.get("messages", [])]
    about = next((title for title in titles if title), "") or content.get("description", "")
    named = f" about {_names(ours)}" if ours else ""
    open_once(
        Kind.MESSAGE,
        f"message:{document.pk}",
        f"{document.partner} wrote a text message{named}: “{about or 'without a title'}”. Read it; nothing was done by"
        " itself.",
        document=document,
        partner=document.partner,
        **_order_of(ours),
    )
    return []


def _spoken_of(document: Document, subject: dict[str, Any]) -> list[Document]:
    """Return our documents that one part of an advice speaks of: by control numbers, else by their own number."""
    ours = _ours(document)
    if subject.get("set_code"):
        ours = ours.filter(transaction_set=str(subject["set_code"]))
    group, number = subject.get("group_control_number"), subject.get("set_control_number")
    if group is not None:
        of_group = [
            each for each in ours.filter(group_control_number=str(group))[:_MOST] if _is_set(each, number)
        ]
        if of_group:
            return of_group
    numbers = [subject.get("reference"), *(subject.get(name) for name in _NUMBERS)]
    return _numbered(document, [str(each) for each in numbers if each], str(subject.get("set_code") or ""))


def _is_set(mine: Document, number: str | None) -> bool:
    return not number or mine.control_number.lstrip("0") == number.lstrip("0")


def _ours(document: Document) -> Any:
    return (
        Document.objects.filter(direction=Direction.OUT, partner=document.partner)
        .select_related("interchange", "state", "partner")
        .order_by("-pk")
    )


def _numbered(document: Document, numbers: Iterable[str], set_code: str = "") -> list[Document]:
    wanted = Q(state__number__in=[number for number in numbers if number])
    found = _ours(document).filter(wanted)
    return list((found.filter(transaction_set=set_code) if set_code else found)[:_MOST])


def _mention(source: Document, mine: Document, said: str) -> None:
    """Record that ``source`` speaks of ``mine``, once, on both timelines and with the order."""
    _, is_new = Mention.objects.get_or_create(document=mine, source=source, defaults={"said": said[:60]})
    link = mine.orders.select_related("order", "purchase_order").first()
    if link is not None:
        tie(link.order, source, _ROLES[source.transaction_set], link.purchase_order)
    if is_new:
        words = f": {outcome_words(said)}" if said else ""
        record_event(
            f"document:{mine.pk}", "spoken_of", f"{source} of {source.partner}{words}.", document=mine
        )
        record_event(f"document:{source.pk}", "tied", f"It speaks of {mine}{words}.", document=source)


def _tell_error(document: Document, subject: dict[str, Any], outcome: str, ours: list[Document]) -> None:
    errors = [_error_words(each) for each in subject.get("errors", [])]
    what = "; ".join(errors[:3]) or "without saying why"
    number = subject.get("reference") or subject.get("purchase_order_number") or "without a number"
    about = _names(ours) or f"{number}, which is no document that we sent to them"
    open_once(
        Kind.APPLICATION_ERROR,
        f"application_error:{document.pk}:{number}",
        f"{document.partner} reports an application error in {about}: {outcome_words(outcome)} ({what}). Mend what is"
        " wrong and send it again, or ask them.",
        document=ours[0] if ours else document,
        partner=document.partner,
        evidence=[{"finding": words} for words in errors],
        **_order_of(ours),
    )


def _order_of(ours: list[Document]) -> dict[str, Any]:
    link = ours[0].orders.select_related("order", "purchase_order").first() if ours else None
    return {"order": link.order, "purchase_order": link.purchase_order} if link is not None else {}


def _names(ours: list[Document]) -> str:
    return ", ".join(f"{each.state.number or each.control_number}" for each in ours)


def outcome_words(outcome: str) -> str:
    """Return what an advice says of a document, for people."""
    return f"code {outcome[1:]}" if outcome.startswith("?") else outcome.replace("_", " ")


def _error_words(error: dict[str, Any]) -> str:
    place = (
        f"{error.get('segment') or ''}{error['element']:02d}"
        if error.get("element")
        else error.get("segment")
    )
    said = error.get("text") or str(error.get("condition") or "").replace("_", " ")
    value = f" ({error['bad_value']!r})" if error.get("bad_value") else ""
    return f"{place}: {said}{value}" if place else f"{said}{value}"
