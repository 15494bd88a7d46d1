"""What staff can decide about a return: one that is proposed, one that the partner answers otherwise, a credit that differs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from archive.clock import database_now
from archive.models import Document
from archive.record import record_event
from integration.flows.mails import NoAddress, usable_address
from integration.flows.match_invoices import lock_orders
from integration.flows.match_returns import settle_concerned
from integration.flows.parents import match_step
from integration.flows.planned import Choice, Given, Plan
from integration.flows.return_rows import (
    end_return,
    hold,
    open_proposed,
    refuse_ended,
    request_return,
    wanted_of,
    why_not_returnable,
    worth,
)
from integration.flows.rights import Refused
from integration.matching.acknowledgment import Difference
from integration.matching.lines import plain
from integration.models import ExceptionCase, MailServer, ReturnCase
from integration.work import Step
from partners.agreements import sends

Kind, Stage = ExceptionCase.Kind, ReturnCase.Stage
OVERDUE = "overdue:"
RETURN_KINDS = (Kind.RETURN_PROPOSED, Kind.RETURN_DIFFERS, Kind.CREDIT_DIFFERS)

OPEN = Choice(
    "open_return",
    gettext_lazy("Open the return"),
    gettext_lazy("It is opened as proposed, and the partner is asked for it (180)."),
)
DROP = Choice(
    "drop_return",
    gettext_lazy("No return"),
    gettext_lazy("Nothing goes back to the partner; the proposal is put aside."),
)
TAKE = Choice(
    "take_answer",
    gettext_lazy("Accept what is authorized"),
    gettext_lazy("The return goes on with what the partner takes back."),
)
ASK = Choice(
    "ask_again",
    gettext_lazy("Ask again"),
    gettext_lazy("The request (180) is sent once more, with what was added to the return since."),
)
WRITE = Choice(
    "ask_desk",
    gettext_lazy("Write to the partner"),
    gettext_lazy("A mail about the return; the case waits until a day that you give."),
    asks="to",
)
CLOSE = Choice(
    "close_return",
    gettext_lazy("Close the return"),
    gettext_lazy("Nothing more is expected; what was not credited counts as lost."),
)
MATCH = Choice(
    "match_return",
    gettext_lazy("Match to another return"),
    gettext_lazy("The document is held against another return."),
    asks="return",
)
ASIDE = Choice(
    "put_return_aside", gettext_lazy("Not ours"), gettext_lazy("The document is kept and counts for nothing.")
)
TAKE_CREDIT = Choice(
    "take_credit",
    gettext_lazy("Accept the credit"),
    gettext_lazy("It is accepted as it came; the rest is not asked for any more."),
)
CLAIM = Choice(
    "claim_rest",
    gettext_lazy("Claim the rest"),
    gettext_lazy("A mail with what is owed and what came; the case waits until a day that you give."),
    asks="to",
)
PROPOSED_CHOICES = (OPEN, DROP)
ANSWER_CHOICES = (TAKE, ASK, WRITE, CLOSE, MATCH, ASIDE)
CREDIT_CHOICES = (TAKE_CREDIT, CLAIM, CLOSE)


def return_choices(case: ExceptionCase, offered: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Return what of ``offered`` makes sense for a case about a return."""
    row = case.return_case
    if row is None:
        return tuple(each for each in offered if each not in (TAKE, ASK, WRITE, CLOSE))
    without: set[str] = set()
    if case.document is None or case.cause.startswith(OVERDUE):
        without |= {TAKE.name, MATCH.name, ASIDE.name, TAKE_CREDIT.name}
    if not sends(row.purchase_order.agreement, "180"):
        without.add(ASK.name)
    if not any(line.authorized for line in row.lines.all()):
        without.add(TAKE.name)
    return tuple(each for each in offered if each.name not in without)


def lock_returned(case: ExceptionCase) -> None:
    """Hold what is held before a case while a return is decided: its purchase order and order."""
    if case.kind in RETURN_KINDS:
        lock_orders({case.purchase_order_id} if case.purchase_order_id is not None else set())


def _open_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    problem = why_not_returnable(row.purchase_order, wanted_of(row))
    if problem:
        raise Refused(problem)
    sentences = [
        f"Return {row.number} is opened: {_what(row)} of purchase order {row.purchase_order.number}."
    ]
    if sends(row.purchase_order.agreement, "180"):
        sentences.append(f"{row.partner} is asked for it (180).")
    else:
        sentences.append(f"{row.partner} is sent no returns (180): ask them yourself.")
    return _plan(OPEN, case, sentences, Stage.OPENED)


def _drop_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    return _plan(DROP, case, [f"Nothing goes back: return {row.number} is withdrawn."], Stage.WITHDRAWN)


def _take_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    authorized = sum((line.authorized or Decimal(0) for line in row.lines.all()), Decimal(0))
    sentences = [
        f"Return {row.number} goes on with {plain(authorized)} as {row.partner} authorizes, RMA number {row.rma or 'none'}.",
        f"{row.expected_credit:.2f} {row.currency} are owed for it.",
    ]
    if case.money:
        sentences.append(
            f"{case.money:.2f} {row.currency} are not: they are lost, unless the partner thinks again."
        )
    return _plan(TAKE, case, sentences, row.stage)


def _ask_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    sentences = [
        f"{row.partner} gets the request of return {row.number} again (180), under a new number.",
        "What was answered before counts until the new answer comes; that one contradicts nothing.",
    ]
    return _plan(ASK, case, sentences, row.stage)


def _close_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    lost = max(worth(row) - row.credited, 0)
    sentences = [
        f"Return {row.number} is closed: nothing more is expected of {row.partner}.",
        f"Of {worth(row):.2f} {row.currency} that the goods cost, {row.credited:.2f} came back and {lost:.2f} are lost.",
    ]
    return _plan(CLOSE, case, sentences, Stage.CLOSED)


def _write_plan(case: ExceptionCase, given: Given) -> Plan:
    return _mail_plan(WRITE, case, given, "your answer differs from what we asked for")


def _claim_plan(case: ExceptionCase, given: Given) -> Plan:
    return _mail_plan(CLAIM, case, given, "your credit differs from what is owed")


def _match_plan(case: ExceptionCase, given: Given) -> Plan:
    document, number = _document(case), given.number.strip().upper()
    target = ReturnCase.objects.filter(number=number, partner=case.partner).first()
    if target is None:
        raise Refused(
            gettext("There is no return %(number)s of %(partner)s.")
            % {"number": number or gettext("without a number"), "partner": case.partner}
        )
    if target.pk == case.return_case_id:
        raise Refused(gettext("The document is matched to return %(number)s already.") % {"number": number})
    refuse_ended(target)
    sentences = [
        f"{document} is held against return {number} of purchase order {target.purchase_order.number}."
    ]
    if case.return_case is not None:
        sentences.append(f"It counts for nothing in return {case.return_case.number} any more.")
    return Plan(MATCH.name, sentences, case.purchase_order_id, target=target.pk)


def _aside_plan(case: ExceptionCase, given: Given) -> Plan:
    sentences = [f"{_document(case)} is kept and counts for nothing."]
    if case.return_case is not None:
        sentences.append(f"Return {case.return_case.number} stands as if it had not come.")
    return Plan(ASIDE.name, sentences, case.purchase_order_id)


def _take_credit_plan(case: ExceptionCase, given: Given) -> Plan:
    row = _row(case)
    short = row.expected_credit - row.credited
    sentences = [f"{row.credited:.2f} {row.currency} are accepted for return {row.number}."]
    if short > 0:
        sentences.append(f"{short:.2f} {row.currency} that are owed besides are not asked for any more.")
    return _plan(TAKE_CREDIT, case, sentences, row.stage, value=f"{row.credited:.2f}")


def carry_out_return(case: ExceptionCase, wanted: Plan, reason: str, actor: str) -> list[Step]:
    """Do to the return what was decided, once its case is closed; the caller holds what it is about.

    Returns what follows.
    """
    row, name = case.return_case, wanted.decision
    if name in (MATCH.name, ASIDE.name):
        steps = settle_concerned({case.purchase_order_id} if case.purchase_order_id is not None else set())
        return [*steps, match_step(_document(case))] if name == MATCH.name else steps
    assert row is not None
    purchase_order = hold(row.purchase_order)
    locked = (
        ReturnCase.objects.select_for_update(of=("self",))
        .select_related("order", "partner", "request")
        .get(pk=row.pk)
    )
    locked.purchase_order = purchase_order
    if name == OPEN.name:
        return open_proposed(locked, actor)
    if name == DROP.name:
        return end_return(purchase_order, locked, Stage.WITHDRAWN, reason, actor)
    if name == CLOSE.name:
        return end_return(purchase_order, locked, Stage.CLOSED, reason, actor)
    if name == ASK.name:
        return request_return(locked)
    if name == TAKE_CREDIT.name:
        ReturnCase.objects.filter(pk=row.pk).update(credit_accepted=wanted.value)
    record_event(locked.order.subject, name, f"{wanted.sentences[0]} {reason}", actor=actor)
    return []


def _mail_plan(choice: Choice, case: ExceptionCase, given: Given, about: str) -> Plan:
    """Return the mail about a return, and until when its case waits. Raises ``Refused`` where something for it is missing."""
    row = _row(case)
    if given.due_at is None or given.due_at <= database_now():
        raise Refused(gettext("Say until when you wait for the answer: a time to come."))
    try:
        to = usable_address(given.to)
    except NoAddress as problem:
        raise Refused(f"{problem}") from problem
    due = timezone.localtime(given.due_at)
    by = f"{due.day} {due:%b %Y %H:%M} {due.tzname()}"
    sentences = [
        f"A mail goes to {to} about return {row.number}, as it is shown below.",
        f"The case stays open and is due on {by}.",
    ]
    if not MailServer.objects.filter(is_active=True).exists():
        sentences.append("No mail server is set, or it is switched off: the mail waits until there is one.")
    rma = f" (your number {row.rma})" if row.rma else ""
    told = "\n".join(f"  - {each}" for each in _differences(case)) or f"  - {case.sentence}"
    own = f"{given.message.strip()}\n\n" if given.message.strip() else ""
    money = (
        f"Owed are {row.expected_credit:.2f} {row.currency}, credited {row.credited:.2f}.\n\n"
        if row.credited
        else ""
    )
    body = (
        f"Dear {row.partner},\n\nabout our return {row.number}{rma} of purchase order {row.purchase_order.number}:\n\n"
        f"{told}\n\n{money}{own}Please answer by {by}, by a new document or to this mail.\n\n{row.order.store}\n"
    )
    subject = (
        f"Return {row.number}: {about}"
        if not case.cause.startswith(OVERDUE)
        else f"Return {row.number}: overdue"
    )
    return Plan(
        choice.name,
        sentences,
        case.purchase_order_id,
        due_at=given.due_at.isoformat(),
        mail={"to": to, "subject": subject, "body": body},
    )


def _differences(case: ExceptionCase) -> list[Difference]:
    verb = "credited" if case.kind == Kind.CREDIT_DIFFERS else "answered"
    return [
        Difference(each["line"], each["sku"], each["what"], each["asked"], each["answered"], verb)
        for each in case.evidence
    ]


def _plan(choice: Choice, case: ExceptionCase, sentences: list[str], after: str, value: str = "") -> Plan:
    row = _row(case)
    return Plan(choice.name, sentences, case.purchase_order_id, row.stage, after, target=row.pk, value=value)


def _row(case: ExceptionCase) -> ReturnCase:
    if case.return_case is None:
        raise Refused(gettext("This case is about no return of ours."))
    refuse_ended(case.return_case)
    return case.return_case


def _document(case: ExceptionCase) -> Document:
    if case.document is None:
        raise Refused(gettext("There is no document to match."))
    return case.document


def _what(row: ReturnCase) -> str:
    lines = row.lines.select_related("line")
    return ", ".join(f"{plain(each.quantity)} of {each.line.sku}" for each in lines)


RETURN_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    OPEN.name: _open_plan,
    DROP.name: _drop_plan,
    TAKE.name: _take_plan,
    ASK.name: _ask_plan,
    WRITE.name: _write_plan,
    CLOSE.name: _close_plan,
    MATCH.name: _match_plan,
    ASIDE.name: _aside_plan,
    TAKE_CREDIT.name: _take_credit_plan,
    CLAIM.name: _claim_plan,
}
