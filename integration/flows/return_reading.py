"""What partners' documents say of the returns of one purchase order, and which return each means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain

from archive.models import Document, Validation
from integration.documents import CreditAdjustment, ReturnDocument, from_json
from integration.flows.accept import said_in_order
from integration.flows.counted import asked_lines, terms_of
from integration.flows.supplier_invoices import Read, holds, in_order, read_for
from integration.matching.lines import AskedLine, pair
from integration.matching.returns import USUAL, AskedBack, names_in, with_item_lines
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, ReturnCase, SupplierInvoice
from partners.mapping.conversion import from_partner

ROLES = (OrderDocument.Role.RETURN_ANSWER, OrderDocument.Role.CREDIT_ADJUSTMENT)
UNDECIDED = (ReturnCase.Stage.PROPOSED, ReturnCase.Stage.WITHDRAWN)
"""Stages of a return that no document can mean unless it names it."""


@dataclass(frozen=True)
class Paper:
    """One received document that holds, in our units; ``made`` puts those of the partner into their order.

    ``quantities`` are what it says of lines of the purchase order, by line number. ``bill`` is a supplier's credit memo.
    """

    document: Document
    made: tuple[datetime, int, int]
    names: frozenset[str]
    quantities: Mapping[int, Decimal]
    said: ReturnDocument | CreditAdjustment | None = None
    bill: Read | None = None
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass
class Returns:
    """The returns of one purchase order, each with its papers in the order in which they were made."""

    cases: Sequence[ReturnCase]
    papers: dict[int, list[Paper]] = field(default_factory=dict)
    unasked: list[Paper] = field(default_factory=list)


def said_of(document: Document) -> ReturnDocument | CreditAdjustment:
    """Return the canonical 180 or 812 that ``document`` was read as."""
    kind = "return_document" if document.transaction_set == "180" else "credit_adjustment"
    said = from_json(kind, document.translation.content or {})
    assert isinstance(said, ReturnDocument | CreditAdjustment)
    return said


def asked_back(case: ReturnCase, asked: Sequence[AskedLine]) -> list[AskedBack]:
    """Return the lines of a return as its documents are held against them."""
    by_number = {line.line_number: line for line in asked}
    return [
        AskedBack(
            by_number[row.line.line_number],
            row.quantity.normalize(),
            row.wanted or USUAL,
            row.unit_price,
        )
        for row in case.lines.select_related("line").all()
    ]


def read_returns(purchase_order: PurchaseOrder, cases: Sequence[ReturnCase]) -> Returns:
    """Return what was said of ``cases``, all returns of ``purchase_order``."""
    asked = asked_lines(purchase_order)
    papers = [*_papers(purchase_order, asked), *_credit_memos(purchase_order, asked)]
    found = Returns(cases, {case.pk: [] for case in cases})
    lines = {case.pk: _quantities(case) for case in cases}
    meant = _decided(papers)
    names = {case.pk: {case.number} for case in cases}
    left = sorted(papers, key=lambda each: (each.made, each.document.pk))
    # What names a return may give its RMA, by which others name it: again until nothing is added.
    while True:
        rest = []
        for paper in left:
            of = _meant(paper, names, meant) or _alone(paper, cases, lines, meant)
            for pk in of:
                found.papers[pk].append(paper)
                names[pk] |= _authorizations(paper) if len(of) == 1 else set()
            rest += [] if of else [paper]
        if len(rest) == len(left):
            break
        left = rest
    for told in found.papers.values():
        told.sort(key=lambda each: (each.made, each.document.pk))
    found.unasked = left
    return found


def without_request(name: str) -> str:
    """Return our number of a return without what says which request it was: ``R-1001`` of ``R-1001-2``."""
    head, _, tail = name.rpartition("-")
    return head if head.startswith("R-") and tail.isdecimal() else name


def _papers(purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> Iterable[Paper]:
    links = purchase_order.documents.filter(role__in=ROLES).select_related(
        "document__interchange__payload", "document__translation", "document__agreement", "document__state"
    )
    terms = terms_of(purchase_order)
    for document in _holding(link.document for link in links):
        told = said_of(document)
        said = with_item_lines(told) if isinstance(told, CreditAdjustment) else told
        converted = from_partner(said, terms)
        lines = converted.document
        pairing = (
            pair(asked, lines.lines, in_parts=True).lines
            if isinstance(lines, ReturnDocument)
            else pair(asked, lines.adjustments, in_parts=True).lines
        )
        yield Paper(
            document,
            said_in_order(document),
            frozenset(without_request(each) for each in names_in(told)),
            {
                number: sum((part.quantity or Decimal(0) for part in parts), Decimal(0))
                for number, parts in pairing.items()
            },
            said=lines,
            notes=converted.notes,
            refusals=converted.refusals,
        )


def _holding(documents: Iterable[Document]) -> list[Document]:
    """Return the documents that read as what they are, and that nobody put aside."""
    found = {each.pk: each for each in documents}
    aside = ExceptionCase.objects.filter(document__in=found, decision=ExceptionCase.Decision.NOT_OURS)
    for pk in aside.values_list("document", flat=True):
        found.pop(pk, None)
    return [
        each
        for each in found.values()
        if each.state.validation != Validation.INVALID and each.translation.content is not None
    ]


def _credit_memos(purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> Iterable[Paper]:
    parts = (
        purchase_order.billed.filter(invoice__is_credit=True)
        .exclude(invoice__state__in=SupplierInvoice.NOT_COUNTED)
        .select_related(
            "invoice__document__interchange__payload", "invoice__document__translation",
            "invoice__document__state", "invoice__document__agreement", "invoice__partner",
        )
    )  # fmt: skip
    rows = sorted((part.invoice for part in parts if holds(part.invoice)), key=in_order)
    for row in rows:
        read = read_for(row, purchase_order, asked)
        references = {each.value for each in read.invoice.other_references if each.value}
        names = {without_request(each) for each in references | {read.invoice.return_number or ""}}
        yield Paper(
            row.document,
            said_in_order(row.document),
            frozenset(names - {""}),
            dict(read.billed.quantities),
            bill=read,
        )


def _decided(papers: Sequence[Paper]) -> dict[int, int]:
    """Return which return staff said that a document means, by the document."""
    matched = ExceptionCase.objects.filter(
        document__in=[each.document.pk for each in papers], decision=ExceptionCase.Decision.MATCHED
    ).order_by("closed_at")
    return {
        case.document_id: case.plan["target"]
        for case in matched
        if case.document_id is not None and case.plan.get("target") is not None
    }


def _meant(paper: Paper, names: Mapping[int, set[str]], decided: Mapping[int, int]) -> list[int]:
    target = decided.get(paper.document.pk)
    if target is not None:
        return [target] if target in names else []
    return [pk for pk, known in names.items() if known & paper.names]


def _alone(
    paper: Paper,
    cases: Sequence[ReturnCase],
    lines: Mapping[int, Mapping[int, Decimal]],
    decided: Mapping[int, int],
) -> list[int]:
    """Return the one return that a paper can mean which names none: all that it speaks of is in it."""
    if paper.document.pk in decided:
        return []
    fits = [
        case.pk
        for case in cases
        if case.stage not in UNDECIDED and _fits(paper, lines[case.pk], is_credit=paper.bill is not None)
    ]
    return fits if len(fits) == 1 else []


def _fits(paper: Paper, lines: Mapping[int, Decimal], *, is_credit: bool) -> bool:
    """Say whether all lines of a paper are in a return; a credit memo is for no more than goes back."""
    if is_credit and not paper.quantities:
        return False
    return all(
        number in lines and (not is_credit or quantity <= lines[number])
        for number, quantity in paper.quantities.items()
    )


def _quantities(case: ReturnCase) -> dict[int, Decimal]:
    return dict(case.lines.values_list("line__line_number", "quantity"))


def _authorizations(paper: Paper) -> set[str]:
    """Return the numbers that a paper gives a return itself."""
    said = paper.said
    if not isinstance(said, ReturnDocument):
        return set()
    told = chain([said.return_number], (line.return_number for line in said.lines))
    return {without_request(each) for each in told if each}
