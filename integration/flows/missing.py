"""One case for each translation that is missing, and the documents that wait for it: joined, and let go.

Whoever finds a translation missing locks the agreement and looks once more before he waits; whoever enters one locks
it too. So a document either sees the entry or is seen waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import QuerySet

from archive.clock import database_now
from archive.models import Direction, Document
from archive.translation import storable
from integration.flows.cases import close_case, open_case
from integration.models import (
    ExceptionCase,
    MissingTranslation,
    PurchaseOrder,
    WaitingDocument,
    store_channel,
)
from integration.work import Step, put
from partners.agreements import code_lists
from partners.models import Agreement

LONGEST = 80
CodeLists = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Lacking:
    """What a report says is missing: the list, and the word of ours or the code of theirs."""

    code_list: str
    value: str


def lacking_in(report: Iterable[Any]) -> tuple[Lacking, ...]:
    """Return what is untranslated in a report, each once, whether of entries or of rows as they are stored."""
    rows = [each if isinstance(each, dict) else asdict(each) for each in report]
    found = [
        Lacking(str(row["code_list"]), str(storable(row["text"]))[:LONGEST])
        for row in rows
        if row["kind"] == "untranslated" and row["code_list"]
    ]
    return tuple(dict.fromkeys(found))


def wait(
    agreement: Agreement, lacking: Iterable[Lacking], direction: str, of: PurchaseOrder | Document
) -> bool:
    """Have ``of`` wait for what is lacking and for nothing else; return False where all of it came meanwhile.

    Then it still counts as waiting, until it was written or read with what came. The caller holds a transaction. One
    case stands for each translation, however many documents wait.
    """
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    lists = code_lists(agreement)
    held, still = [], False
    for each in lacking:
        missing, _ = MissingTranslation.objects.get_or_create(
            agreement=agreement, code_list=each.code_list, value=each.value, direction=direction
        )
        WaitingDocument.objects.update_or_create(
            missing=missing, **_field(of), defaults={"released_at": None}
        )
        held.append(missing.pk)
        if not _is_there(lists, each.code_list, each.value, direction):
            still = True
            _tell(missing)
    waiting_of(of).exclude(missing__in=held).update(released_at=database_now())
    return still


def waits_no_more(of: PurchaseOrder | Document) -> None:
    """Write that ``of`` waits for nothing any more, in the caller's transaction."""
    waiting_of(of).update(released_at=database_now())


def waiting_of(of: PurchaseOrder | Document) -> QuerySet[WaitingDocument]:
    """Return what ``of`` waits for."""
    return WaitingDocument.objects.filter(released_at=None, **_field(of))


def waiting_for(missing: MissingTranslation) -> QuerySet[WaitingDocument]:
    """Return what waits for a translation, in the order in which it came."""
    rows = missing.waiting.filter(released_at=None).order_by("pk")
    return rows.select_related("purchase_order__order", "document__state")


def missing_of(case: ExceptionCase) -> MissingTranslation | None:
    """Return the translation that ``case`` is about."""
    if case.kind != ExceptionCase.Kind.MISSING_TRANSLATION:
        return None
    pk = case.cause.rpartition(":")[2]
    return MissingTranslation.objects.select_related("agreement__partner").filter(pk=pk).first()


def let_go(agreement_pk: int, actor: str, reason: str) -> int:
    """Close the cases of translations that are there now, and have what waited for them looked at again.

    In the transaction that entered them, with the agreement locked; returns how many documents go on.
    """
    lists = code_lists(Agreement.objects.get(pk=agreement_pk))
    waited = MissingTranslation.objects.filter(agreement=agreement_pk, waiting__released_at=None).distinct()
    going: dict[tuple[str, str], tuple[str, Step]] = {}
    for missing in waited.order_by("pk"):
        if not _is_there(lists, missing.code_list, missing.value, missing.direction):
            continue
        for row in waiting_for(missing):
            lane, step = _step(row)
            going[step.name, step.subject] = (lane, step)
        case = ExceptionCase.objects.filter(cause=missing.cause, closed_at=None).first()
        if case is not None:
            close_case(case, ExceptionCase.Decision.TRANSLATED, reason, actor=actor)
    for lane, step in going.values():
        put(lane, step)
    return len(going)


def read_step(document_pk: int) -> Step:
    """Return the step that reads a waiting document again."""
    return Step("read_translated", str(document_pk), f"document:{document_pk}")


def _step(row: WaitingDocument) -> tuple[str, Step]:
    made = row.purchase_order
    if made is None:
        assert row.document_id is not None
        return "documents", read_step(row.document_id)
    # Composed once more: what is sent is what the store holds now.
    order = made.order
    return "orders", Step("compose", str(made.pk), order.ordering_key, talks_to=store_channel(order.store_id))


def _field(of: PurchaseOrder | Document) -> dict[str, Any]:
    return {"purchase_order" if isinstance(of, PurchaseOrder) else "document": of}


def _is_there(lists: CodeLists, code_list: str, value: str, direction: str) -> bool:
    entries = lists.get(code_list, {})
    known = entries.keys() if direction == Direction.OUT else entries.values()
    return value.strip(" ") in {each.strip(" ") for each in known}


def _tell(missing: MissingTranslation) -> None:
    """Open the case of a missing translation, or bring its count up to date."""
    partner = missing.agreement.partner
    count = missing.waiting.filter(released_at=None).count()
    waits = "One document waits" if count == 1 else f"{count} documents wait"
    what = (
        f"There is no code of {partner} for our “{missing.value}”"
        if missing.direction == Direction.OUT
        else f"{partner} writes “{missing.value}”, and there is no word of ours for it"
    )
    open_case(
        ExceptionCase.Kind.MISSING_TRANSLATION,
        missing.cause,
        f"{what} (code list “{missing.code_list}” of {missing.agreement}). {waits} for it: enter it, and they go on.",
        partner=partner,
    )
