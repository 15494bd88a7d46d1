"""Returns settled: brought to what their documents and people say of them, all returns of one purchase order together.

Whatever came, and in whatever order: stage, lines, ledger, expectation and cases follow from all papers that hold. So a
credit may come before word of a receipt, an answer may come twice, and a document that was read again leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from archive.clock import database_now
from archive.house import house_language
from archive.models import Direction, Document
from archive.record import record_event
from integration.documents import CreditAdjustment, ReturnDocument
from integration.flows.cases import close_cause, open_case
from integration.flows.counted import asked_lines, tell_converted
from integration.flows.match_invoices import rejudge
from integration.flows.parents import match_step, orphan_cause
from integration.flows.return_expectations import expect_next
from integration.flows.return_ledger import Moved, post_return
from integration.flows.return_reading import Paper, asked_back, read_returns
from integration.flows.return_words import answer_words, credit_words, receipt_words
from integration.matching.acknowledgment import Difference
from integration.matching.lines import AskedLine
from integration.matching.returns import (
    Answer,
    AskedBack,
    Credit,
    Facts,
    Receipt,
    Standing,
    answer_differences,
    answer_of,
    cents,
    credit_differences,
    credit_of,
    credited,
    credited_quantities,
    expected_credit,
    latest_of_number,
    receipt_differences,
    receipt_of,
    stage_of,
    standing_of,
)
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, ReturnCase, SupplierInvoice
from integration.models import ReturnDocument as Link
from integration.work import Step

Kind, Decision, Stage = ExceptionCase.Kind, ExceptionCase.Decision, ReturnCase.Stage


@dataclass
class Account:
    """One return with all that was said of it, as it was made."""

    case: ReturnCase
    asked: list[AskedBack]
    requests: list[Document]
    answers: list[tuple[Paper, Answer]] = field(default_factory=list)
    receipts: list[tuple[Paper, Receipt]] = field(default_factory=list)
    credits: list[tuple[Paper, Credit]] = field(default_factory=list)
    standing: dict[int, Standing] = field(default_factory=dict)
    overtaken: set[int] = field(default_factory=set)

    @property
    def latest(self) -> Document | None:
        """Return the document that was made last of those that count."""
        papers = [paper for paper, _ in [*self.answers, *self.receipts, *self.credits]]
        return max(papers, key=lambda each: (each.made, each.document.pk)).document if papers else None


def settle_returns(purchase_order: PurchaseOrder) -> list[Step]:
    """Settle every return of ``purchase_order``; the caller holds it and its order. Returns what may be matched now."""
    cases = list(
        ReturnCase.objects.select_for_update(of=("self",))
        .filter(purchase_order=purchase_order)
        .select_related("order", "partner", "purchase_order__agreement__partner", "request", "answer")
        .order_by("pk")
    )
    if not cases:
        return []
    asked = asked_lines(purchase_order)
    found = read_returns(purchase_order, cases)
    steps: list[Step] = []
    before = _credited_by(cases)
    for case in cases:
        account = _account(case, asked, found.papers[case.pk])
        known = case.rma
        _keep(account)
        _link(account, found.papers[case.pk])
        _post(account)
        _judge(account)
        expect_next(case, by=account.latest)
        if case.rma and case.rma != known:
            steps += steps_of_unmatched(case, case.rma)
        for paper in found.papers[case.pk]:
            close_cause(orphan_cause(paper.document, Kind.RETURN_DIFFERS), "The return is known now.")
            tell_converted(paper.document, paper.notes)
    if _credited_by(cases) != before:
        # A credit memo that is a return's is asked about there, and nowhere else.
        rejudge(purchase_order)
    return steps


def steps_of_unmatched(case: ReturnCase, *numbers: str) -> list[Step]:
    """Return a step for each received 180 and 812 that names one of ``numbers`` and belongs to no return yet."""
    found = Document.objects.filter(
        direction=Direction.IN,
        partner=case.partner,
        transaction_set__in=["180", "812"],
        references__value__in=[each for each in numbers if each],
        of_returns=None,
    )
    return [match_step(each) for each in found.distinct().order_by("pk")]


def credit_cause(case: ReturnCase) -> str:
    """Return the cause of the case about a credit that is not what is owed."""
    return f"credit:{case.pk}"


def _credited_by(cases: Sequence[ReturnCase]) -> set[int]:
    credits = Link.objects.filter(case__in=cases, kind=Link.Kind.CREDIT, document__transaction_set="810")
    return set(credits.values_list("document", flat=True))


def _account(case: ReturnCase, asked: Sequence[AskedLine], papers: Sequence[Paper]) -> Account:
    links = case.documents.filter(kind=Link.Kind.REQUEST).select_related("document").order_by("document_id")
    account = Account(case, asked_back(case, asked), [link.document for link in links])
    credits_by_number: dict[str, tuple[Paper, Credit | None]] = {}
    names = frozenset({case.number, *_authorizations(papers)})
    for paper in papers:
        if isinstance(paper.said, ReturnDocument):
            _read_180(account, paper, paper.said)
        else:
            number, credit = _credit(account, paper, names)
            credits_by_number[number] = (paper, credit)
    held = {each.document for each in latest_of_number([receipt for _, receipt in account.receipts])}
    account.receipts = [each for each in account.receipts if each[1].document in held]
    account.credits = [(paper, each) for paper, each in credits_by_number.values() if each is not None]
    counting = {paper.document.pk for paper, _ in [*account.answers, *account.receipts, *account.credits]}
    account.overtaken = {paper.document.pk for paper in papers} - counting
    told = {
        row.line.line_number: row.told_received
        for row in case.lines.select_related("line")
        if row.told_received is not None
    }
    account.standing = standing_of(
        account.asked,
        [answer for _, answer in account.answers],
        [receipt for _, receipt in account.receipts],
        told,
    )
    return account


def _authorizations(papers: Sequence[Paper]) -> set[str]:
    told = [paper.said for paper in papers if isinstance(paper.said, ReturnDocument)]
    return {said.return_number for said in told if said.return_number}


def _read_180(account: Account, paper: Paper, said: ReturnDocument) -> None:
    document = paper.document
    answer = answer_of(
        said, account.asked, document=document.pk, round=_round(account, paper, said), refusals=paper.refusals
    )
    if answer is not None:
        account.answers.append((paper, answer))
    receipt = receipt_of(said, account.asked, document=document.pk)
    if receipt is not None:
        account.receipts.append((paper, receipt))


def _round(account: Account, paper: Paper, said: ReturnDocument) -> int:
    """Return which of our requests a paper answers: the one that it names, else the last that was made before it."""
    named = (said.answered_number or "").removeprefix(account.case.number)
    if named != said.answered_number and (not named or named[1:].isdecimal()):
        return int(named[1:] or 1)
    made = paper.made[0]
    before = [each for each in account.requests if each.recorded_at.replace(second=0, microsecond=0) <= made]
    return max(len(before), 1)


def _credit(account: Account, paper: Paper, names: frozenset[str]) -> tuple[str, Credit | None]:
    """Return the number of a credit and what it gives; None where it is taken back."""
    pk, said = paper.document.pk, paper.said
    if isinstance(said, CreditAdjustment):
        agreement = account.case.purchase_order.agreement
        credit = credit_of(said, names, account.asked, document=pk, currency=agreement.currency)
        return said.adjustment_number or f"#{pk}", credit
    assert paper.bill is not None
    row = paper.bill.row
    own = sum((part.amount for parts in paper.bill.billed.lines.values() for part in parts), Decimal(0))
    amount = row.total if row.parts.count() == 1 else cents(own)
    if row.state == SupplierInvoice.State.APPROVED and row.approved is not None:
        amount = min(amount, row.approved)
    return f"810 {row.pk}", Credit(pk, amount, row.currency, dict(paper.bill.billed.quantities))


def _keep(account: Account) -> None:
    """Write what stands into the rows of the return."""
    case = account.case
    for row in case.lines.select_related("line"):
        now = account.standing[row.line.line_number]
        row.authorized, row.disposition, row.response = now.authorized, now.disposition, now.response
        row.received, row.damaged = now.received, now.damaged
        row.save(update_fields=["authorized", "disposition", "response", "received", "damaged"])
    answers = [answer for _, answer in account.answers]
    deciding = [(paper, answer) for paper, answer in account.answers if answer.decides]
    case.rma = next((each.rma for each in reversed(answers) if each.rma), "")[:80]
    case.authorized_until = next((each.until for each in reversed(answers) if each.until), None)
    case.answer = _last(deciding or account.answers)
    days = [receipt.on for _, receipt in account.receipts if receipt.on is not None]
    case.received_on = max(days) if days else case.told_received_on
    case.expected_credit = expected_credit(account.asked, account.standing)
    case.credited = credited([each for _, each in account.credits], case.currency)
    before, case.stage = case.stage, stage_of(_facts(account))
    case.save(
        update_fields=[
            "rma", "authorized_until", "answer", "received_on", "expected_credit", "credited", "stage",
        ]
    )  # fmt: skip
    if before != case.stage and before not in ReturnCase.ENDED and case.stage not in ReturnCase.ENDED:
        with house_language():
            stands = case.get_stage_display().lower()
        record_event(case.subject, "return_stage", f"Return {case.number}: {stands}.")


def _facts(account: Account) -> Facts:
    case = account.case
    said = [each.authorized for each in account.standing.values()]
    rounds = max(len(account.requests), 1)
    in_time = bool(account.answers) and account.answers[-1][1].round >= rounds
    authorized = any(each for each in said)
    return Facts(
        proposed=case.stage == Stage.PROPOSED,
        withdrawn=case.stage == Stage.WITHDRAWN,
        closed=case.closed_at is not None and case.stage != Stage.WITHDRAWN,
        requested=bool(account.requests),
        authorized=authorized,
        denied=in_time and not authorized and bool(said) and all(each is not None for each in said),
        shipped=case.shipped_on is not None,
        received=bool(account.receipts) or case.told_received_on is not None,
        credited=case.credited > 0,
    )


def _link(account: Account, papers: Sequence[Paper]) -> None:
    """Write which documents are the return's and what each says; tell of each once."""
    case = account.case
    told: dict[tuple[int, str], tuple[Document, bool, str, Decimal | None]] = {}
    answers, receipts = account.answers, account.receipts
    for paper, answer in answers:
        words = answer_words(case, account.asked, answer)
        holds = answer is answers[-1][1] or not answer.decides
        told[paper.document.pk, Link.Kind.ANSWER] = (paper.document, holds, words, None)
    for paper, receipt in receipts:
        words = receipt_words(case, account.asked, receipt)
        told[paper.document.pk, Link.Kind.RECEIPT] = (paper.document, True, words, None)
    for paper, credit in account.credits:
        words = credit_words(case, credit)
        told[paper.document.pk, Link.Kind.CREDIT] = (paper.document, True, words, credit.amount)
    for paper in papers:
        if paper.document.pk in account.overtaken:
            is_180 = isinstance(paper.said, ReturnDocument)
            words = (
                f"It counts for nothing in return {case.number}: the partner took it back, or replaced it."
            )
            gone = Link.Kind.RECEIPT if is_180 else Link.Kind.CREDIT
            told[paper.document.pk, gone] = (paper.document, False, words, None)
    for row in case.documents.exclude(kind=Link.Kind.REQUEST):
        if (row.document_id, row.kind) not in told:
            row.delete()
    for (pk, kind), (document, holds, words, amount) in told.items():
        _, is_new = Link.objects.update_or_create(
            case=case,
            document_id=pk,
            kind=kind,
            defaults={"holds": holds, "told": words, "amount": amount},
        )
        if is_new:
            record_event(case.order.subject, f"return_{kind}", words, document=document)


def _post(account: Account) -> None:
    case = account.case
    moved = [
        Moved(LineEntry.Kind.RETURNED, receipt.came, paper.document, paper.made[0])
        for paper, receipt in account.receipts
    ]
    spoken = {number for _, receipt in account.receipts for number in receipt.came}
    by_hand = {
        row.line.line_number: row.told_received
        for row in case.lines.select_related("line")
        if row.told_received is not None and row.line.line_number not in spoken
    }
    if by_hand:
        moved.append(Moved(LineEntry.Kind.RETURNED, by_hand, None, _moment(case)))
    quantities = credited_quantities(
        [credit for _, credit in account.credits], account.asked, account.standing
    )
    moved += [
        Moved(LineEntry.Kind.CREDITED, quantities.get(credit.document, {}), paper.document, paper.made[0])
        for paper, credit in account.credits
        if paper.bill is None  # billing posts credit memos
    ]
    post_return(case, moved)


def _moment(case: ReturnCase) -> datetime:
    return case.closed_at or database_now()


def _judge(account: Account) -> None:
    """Ask a person about what differs; what was decided, or is no more so, is not asked about."""
    case = account.case
    answers = [answer for _, answer in account.answers]
    receipts = [receipt for _, receipt in account.receipts]
    is_over = case.stage in ReturnCase.ENDED or case.stage == Stage.PROPOSED
    rounds = max(len(account.requests), 1)
    answered = bool(answers) and answers[-1].round >= rounds
    found = answer_differences(account.asked, answers, account.standing) if answered else []
    came = receipt_differences(account.asked, receipts, account.standing)
    of_answer, of_receipt = _last(account.answers), _last(account.receipts)
    _ask(account, f"return:{case.pk}:", of_answer, [] if is_over else found, "answered")
    _ask(account, f"receipt:{case.pk}:", of_receipt, [] if is_over else came, "received")
    credits = [credit for _, credit in account.credits]
    differs = credit_differences(credits, case.currency, case.expected_credit)
    _ask_of_credit(account, [] if is_over or case.credit_accepted == case.credited else differs)


def _last(told: Sequence[tuple[Paper, object]]) -> Document | None:
    return told[-1][0].document if told else None


def _ask(
    account: Account, prefix: str, document: Document | None, found: Sequence[Difference], verb: str
) -> None:
    """Ask about what ``document``, the latest of its kind, says otherwise; what was asked of earlier ones is over."""
    case = account.case
    current = f"{prefix}{document.pk}" if document is not None and found else ""
    asked = ExceptionCase.objects.filter(return_case=case, closed_at=None, cause__startswith=prefix)
    for row in asked.exclude(cause=current):
        close_cause(row.cause, "What the partner says has changed, or nothing of it differs any more.")
    if not current or _is_decided(current):
        return
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    open_case(
        Kind.RETURN_DIFFERS,
        current,
        f"{case.partner} {verb} return {case.number} of purchase order {case.purchase_order.number} otherwise. {found[0]}"
        f"{more}.",
        document=document,
        money=_at_stake(account),
        evidence=[each.row for each in found],
        **links_of(case),
    )


def _ask_of_credit(account: Account, found: Sequence[Difference]) -> None:
    case = account.case
    if not found:
        close_cause(
            credit_cause(case), "What was credited agrees with what is owed now, or the return is over."
        )
        return
    short = case.expected_credit - case.credited
    what = (
        f"{abs(short):.2f} {case.currency} too {'little' if short > 0 else 'much'}"
        if short
        else f"{found[0]}"
    )
    open_case(
        Kind.CREDIT_DIFFERS,
        credit_cause(case),
        f"{case.partner} credited {case.credited:.2f} {case.currency} for return {case.number} of purchase order"
        f" {case.purchase_order.number}, of {case.expected_credit:.2f} that are owed: {what}.",
        document=account.credits[-1][0].document,
        money=max(short, Decimal(0)),
        evidence=[each.row for each in found],
        **links_of(case),
    )


def links_of(case: ReturnCase) -> dict[str, object]:
    """Return what a case about a return hangs on."""
    return {
        "return_case": case,
        "order": case.order,
        "store": case.order.store,
        "purchase_order": case.purchase_order,
        "partner": case.partner,
        "currency": case.currency,
    }


def _at_stake(account: Account) -> Decimal:
    """Return what goes back without the partner owing anything for it."""
    missing = (
        max(each.quantity - account.standing[each.number].owed(each), Decimal(0))
        * (each.unit_price or Decimal(0))
        for each in account.asked
    )
    return cents(sum(missing, Decimal(0)))


def _is_decided(cause: str) -> bool:
    last = ExceptionCase.objects.filter(cause=cause).exclude(closed_at=None).order_by("pk").last()
    return last is not None and last.decision != Decision.RELEASED
