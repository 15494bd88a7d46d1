"""What the page of a return shows: how far it is, what is next, its lines, files, documents, money and what can be done."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows import decide
from integration.flows.refund import REFUNDABLE, refundable
from integration.flows.return_files import MOST_FILES, files_for
from integration.matching.evidence import KINDS
from integration.matching.lines import words
from integration.models import Expectation, LineEntry, Refund, ReturnCase, ReturnFile, ReturnLine, StoreEffect
from partners.agreements import sends
from partners.models import ReturnTerms
from portal.admin.content import READ_CONTENT
from portal.admin.documents_table import document_words, state_of
from portal.admin.return_rows import OURS, TURNS, due_of, owed, return_badge, turn_words
from portal.admin.show import BAD, badge, effect_badge, moment, money, page_url, quantity, size, summary_badge
from portal.admin.timeline import timeline
from portal.filed_under import told_on_order

Stage = ReturnCase.Stage
_LINE = (
    (Stage.OPENED, gettext_lazy("Opened")),
    (Stage.REQUESTED, gettext_lazy("Asked")),
    (Stage.AUTHORIZED, gettext_lazy("Authorized")),
    (Stage.SHIPPED, gettext_lazy("On its way")),
    (Stage.RECEIVED, gettext_lazy("Received")),
    (Stage.CREDITED, gettext_lazy("Credited")),
    (Stage.CLOSED, gettext_lazy("Closed")),
)
_PLACES = {stage: place for place, (stage, _) in enumerate(_LINE)}


@dataclass(frozen=True)
class StageShown:
    """One stage of the line: ``done``, ``now``, ``failed`` or ``ahead``."""

    words: str | Promise
    state: str


@dataclass(frozen=True)
class LineShown:
    """One line: what was asked, and what became of it. ``notes`` say what differs."""

    number: int
    name: str
    sku: str
    asked: str
    authorized: str
    received: str
    credited: str
    worth: str
    why: str
    notes: list[str]


@dataclass(frozen=True)
class FileShown:
    """One file with what can be done with it."""

    row: ReturnFile
    size: str
    is_picture: bool
    sent: SafeString | str
    may_withdraw: bool


@dataclass(frozen=True)
class Button:
    """One thing that can be done: ``is_first`` is the likeliest now."""

    words: str
    url: str
    help: str
    is_first: bool = False


def return_context(case: ReturnCase, user: User, now: datetime) -> dict[str, Any]:
    """Return everything that the template ``portal/return.html`` shows."""
    cases = list(case.cases.select_related("partner", "owner").order_by("closed_at", "-opened_at"))
    expected = due_of([case]).get(case.pk)
    may_decide = user.has_perm(decide.DECIDE)
    whose, what = TURNS.get(Stage(case.stage), ("", gettext("Nothing more is expected.")))
    opened = [each for each in cases if each.closed_at is None]
    return {
        "case": case,
        "badge": return_badge(case),
        "stages": stages_of(case),
        "turn": gettext("Ours") if opened else turn_words(case),
        "next": gettext("Settle the open case.") if opened else what,
        "is_ours": whose == OURS or bool(opened),
        "expected": expected,
        "expected_words": _expected_words(expected),
        "is_late": expected is not None and expected.due_at <= now,
        "owed": money(owed(case), case.currency),
        "recovered": money(case.credited, case.currency),
        "lost": money(_lost(case), case.currency) if case.stage in (Stage.CLOSED, Stage.DENIED) else "",
        "lines": lines_of(case),
        "files": _files(case, may_decide),
        "may_read": user.has_perm(READ_CONTENT),
        "may_add": may_decide and case.stage not in ReturnCase.ENDED,
        "most_files": MOST_FILES,
        "takes_files": ReturnTerms.objects.filter(
            agreement=case.purchase_order.agreement_id, takes_files=True
        ).exists(),
        "papers": _papers(case),
        "documents": _documents(case),
        "refunds": [_refund(each) for each in case.refunds.select_related("effect")],
        "buttons": buttons_of(case) if may_decide else [],
        "open_cases": opened,
        "closed_cases": [each for each in cases if each.closed_at is not None],
        "timeline": timeline(
            case.subject,
            [each.subject for each in cases],
            also=told_on_order(case),
        ),
    }


def stages_of(case: ReturnCase) -> list[StageShown]:
    """Return the stages as a line: those passed, the one it is at, and those ahead; a denial stands in its place."""
    stage = Stage(case.stage)
    if stage == Stage.PROPOSED:
        return [StageShown(gettext("Proposed"), "now"), *(StageShown(name, "ahead") for _, name in _LINE)]
    if stage == Stage.WITHDRAWN:
        return [StageShown(gettext("Opened"), "done"), StageShown(gettext("Withdrawn"), "failed")]
    place = _PLACES[Stage.AUTHORIZED if stage == Stage.DENIED else stage]
    skipped = _not_come(case) if stage == Stage.CLOSED else set()
    return [
        StageShown(gettext("Denied"), "failed")
        if stage == Stage.DENIED and at == place
        else StageShown(
            name,
            "ahead"
            if at > place or each in skipped
            else "now" if at == place and stage != Stage.CLOSED else "done",
        )
        for at, (each, name) in enumerate(_LINE)
    ]  # fmt: skip


def _not_come(case: ReturnCase) -> set[str]:
    """Return the stages that a closed return never came to."""
    came = {
        Stage.REQUESTED: case.request_id is not None,
        Stage.AUTHORIZED: any(each.authorized for each in case.lines.all()),
        Stage.SHIPPED: case.shipped_on is not None,
        Stage.RECEIVED: case.received_on is not None,
        Stage.CREDITED: case.credited > 0,
    }
    return {stage for stage, has_come in came.items() if not has_come}


def lines_of(case: ReturnCase) -> list[LineShown]:
    """Return the lines, each with what was asked, authorized, received and credited."""
    credited: dict[int, Decimal] = defaultdict(Decimal)
    for entry in LineEntry.standing().filter(return_case=case, kind=LineEntry.Kind.CREDITED):
        credited[entry.line_id] += entry.quantity
    found = []
    for row in case.lines.select_related("line"):
        line = row.line
        worth = None if row.unit_price is None else row.unit_price * row.quantity
        found.append(
            LineShown(
                number=line.line_number,
                name=line.description or line.sku,
                sku=f"{line.sku}, {line.vendor_item}" if line.vendor_item else line.sku,
                asked=f"{quantity(row.quantity)} {line.unit}",
                authorized=quantity(row.authorized),
                received=quantity(row.received),
                credited=quantity(credited.get(row.line_id)),
                worth=money(worth.quantize(Decimal("0.01")) if worth is not None else None, case.currency),
                why=_why(row.reason, row.comment, row.wanted),
                notes=_notes(row),
            )
        )
    return found


def _notes(row: ReturnLine) -> list[str]:
    """Return where the partner authorized less, says something else, or received it damaged."""
    notes = []
    if row.authorized is not None and row.authorized < row.quantity:
        notes.append(
            gettext("Authorized: %(authorized)s of %(asked)s.")
            % {"authorized": quantity(row.authorized), "asked": quantity(row.quantity)}
        )
        if row.response:
            notes[-1] += " " + gettext("The partner's reason: %(reason)s.") % {"reason": words(row.response)}
    if row.disposition and row.disposition not in (
        "authorized",
        "partially_authorized",
        "denied",
        row.wanted,
    ):
        notes.append(gettext("The partner says: %(words)s.") % {"words": words(row.disposition)})
    if row.damaged:
        notes.append(gettext("%(quantity)s of it came damaged.") % {"quantity": quantity(row.damaged)})
    return notes


def buttons_of(case: ReturnCase) -> list[Button]:
    """Return what can be done now, the likeliest first marked."""
    stage = Stage(case.stage)
    if stage == Stage.PROPOSED:
        return []  # decided on its case
    buttons = []
    asks = sends(case.purchase_order.agreement, "180")

    def offer(name: str, said: str, help_text: str, *first: Stage) -> None:
        url = reverse("admin:integration_returncase_verb", args=[case.pk, name])
        buttons.append(Button(said, url, help_text, stage in first))

    if stage not in ReturnCase.ENDED:
        if asks and stage in (Stage.OPENED, Stage.REQUESTED, Stage.DENIED, Stage.AUTHORIZED):
            again = gettext("Ask again") if case.asked else gettext("Ask the partner")
            offer(
                "ask",
                again,
                gettext("A return document (180) with the photos and forms, where he takes them."),
                Stage.OPENED,
                Stage.DENIED,
            )
        if stage not in (Stage.RECEIVED, Stage.CREDITED):
            offer(
                "shipped",
                gettext("Say that it is on its way"),
                gettext("Carrier, tracking number and the day."),
                Stage.AUTHORIZED,
            )
        if stage in (Stage.AUTHORIZED, Stage.SHIPPED, Stage.RECEIVED):
            offer(
                "received",
                gettext("Say what the partner received"),
                gettext("As he told it by mail or telephone; a document of his counts before it."),
            )
    if stage in REFUNDABLE and refundable(case):
        url = reverse("admin:integration_returncase_refund", args=[case.pk])
        buttons.append(
            Button(
                gettext("Refund the customer"),
                url,
                gettext("In the store, just what it quotes. You see the amount first."),
            )
        )
    if case.received_on is not None:
        url = reverse("admin:integration_returncase_restock", args=[case.pk])
        buttons.append(
            Button(gettext("Restock"), url, gettext("Back into the store's stock, what came in good state."))
        )
    if stage not in ReturnCase.ENDED:
        offer(
            "close",
            gettext("Close"),
            gettext("Nothing more is expected; what was not credited is lost."),
            Stage.CREDITED,
        )
        if stage not in (Stage.SHIPPED, Stage.RECEIVED, Stage.CREDITED):
            offer("withdraw", gettext("Withdraw"), gettext("As if it had not been asked for."))
    return sorted(buttons, key=lambda each: not each.is_first)


def _why(reason: str, comment: str, wanted: str) -> str:
    said = words(reason)
    said = f"{said[:1].upper()}{said[1:]}{f': {comment}' if comment else ''}"
    return gettext("%(said)s. Wanted: %(words)s") % {"said": said, "words": words(wanted)} if wanted else said


def _expected_words(expected: Expectation | None) -> str:
    if expected is None:
        return ""
    said = str(expected.get_what_display())
    return f"{said[:1].lower()}{said[1:]}"


def _lost(case: ReturnCase) -> Decimal:
    """Return what the goods of a return that is over or denied cost us, and nobody gave back."""
    claimed = sum(
        (each.quantity * each.unit_price for each in case.lines.all() if each.unit_price is not None),
        Decimal(0),
    )
    return max(claimed.quantize(Decimal("0.01")) - case.credited, Decimal(0))


def _files(case: ReturnCase, may_decide: bool) -> list[FileShown]:
    is_open = case.stage not in ReturnCase.ENDED
    return [
        FileShown(
            row=each,
            size=size(each.payload.size),
            is_picture=KINDS[each.kind].is_picture,
            sent=summary_badge(state_of(each.document)) if each.document is not None else "",
            may_withdraw=may_decide and is_open and each.document is None,
        )
        for each in files_for(case)
    ]


def _papers(case: ReturnCase) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "words": said,
            "url": reverse("admin:integration_returncase_claim_form_pdf", args=[case.pk, name]),
        }
        for name, said in (("letter", gettext("Letter")), ("a4", "A4"))
    ]


def _documents(case: ReturnCase) -> list[dict[str, Any]]:
    links = case.documents.select_related("document__interchange", "document__state").order_by(
        "document_id", "kind"
    )
    return [
        {
            "words": document_words(each.document),
            "url": page_url(each.document),
            "kind": each.get_kind_display(),
            "told": each.told,
            "holds": each.holds,
            "status": summary_badge(state_of(each.document)),
            "at": moment(each.document.recorded_at),
        }
        for each in links
    ]


def _refund(refund: Refund) -> dict[str, Any]:
    effect = refund.effect
    is_declined = bool(refund.declined)
    return {
        "amount": money(refund.amount, refund.currency),
        "tax": money(refund.tax, refund.currency),
        "method": refund.method,
        "badge": badge(gettext("Declined"), BAD)
        if is_declined and effect.state == StoreEffect.State.DONE
        else effect_badge(effect),
        "number": refund.store_refund,
        "by": refund.decided_by,
        "at": moment(refund.decided_at),
        "problem": effect.answer.get("error", ""),
    }
