"""The proof that nothing was forgotten: everything is looked at afresh, what can safely be mended is, the rest is told.

Once a day, and whenever somebody asks. Store and mailboxes are asked outside any transaction; what was found is
written, and the repairs put, in one. A gap that nothing may mend by itself is a case until a later look finds it gone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction

from archive.clock import database_now
from archive.exchange import record_outcome
from archive.models import TransmissionOutcome
from archive.projections import project
from archive.record import record_audit, record_event
from integration.errors import IntegrationError
from integration.flows.cases import close_cause, open_case
from integration.flows.drills import tell_of_drill
from integration.flows.gaps import Checked, Found, questions
from integration.flows.rights import DECIDE, require
from integration.models import ExceptionCase, Gap, Reconciliation
from integration.work import Claim, Step, put

EVERY = timedelta(hours=24)
_STEP = "reconcile_all"
_CAUSE = "gap:"
_DAILY = "daily"


@dataclass(frozen=True)
class CheckRow:
    """What one check came to, as it is kept."""

    check: str
    good: int
    explained: int
    gaps: int


def daily_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks at everything once a day."""
    return Step(_STEP, _DAILY, _STEP, delay)


def ask(user: User, reason: str) -> Reconciliation:
    """Have everything be looked at now. Raises ``Refused`` where the user may not, or gives no reason."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        row = Reconciliation.objects.create(started_at=database_now(), asked_by=user.get_username())
        record_audit(user, "reconcile", f"reconciliation:{row.pk}", reason=reason)
        put("documents", _step(row))
    return row


def reconcile_all(subject: str, claim: Claim) -> list[Step]:
    """Look at everything for the reconciliation ``subject``, and return the repairs; once a day, begin one.

    One that is written already, and whose repairs nobody has in hand yet, finds them again.
    """
    if subject == _DAILY:
        with claim.transaction():
            begun = Reconciliation.objects.filter(asked_by="", finished_at=None).first()
            row = begun or Reconciliation.objects.create(started_at=database_now())
            tell_of_drill(database_now())
        return [_step(row), daily_step(EVERY)]
    checked: list[Checked] = []
    unread: list[str] = []
    for side, question in questions(database_now()):
        try:
            checked.append(question())
        except IntegrationError as error:
            unread.append(f"{side} could not be looked at: {error}")
    with claim.transaction():
        row = Reconciliation.objects.select_for_update().get(pk=subject)
        if row.finished_at is None:
            _write(row, checked, unread)
    return _repairs(checked)


def _step(row: Reconciliation) -> Step:
    # Of a key of its own: the daily one is older, and waits for its hour.
    return Step(_STEP, str(row.pk), f"{_STEP}:{row.pk}")


def _repairs(checked: list[Checked]) -> list[Step]:
    """Return what mends the gaps, each step once: several may have one repair."""
    steps = [step for each in checked for gap in each.gaps for step in gap.steps]
    return list({(step.name, step.subject): step for step in steps}.values())


def _write(row: Reconciliation, checked: list[Checked], unread: list[str]) -> None:
    found = [(each.check, gap) for each in checked for gap in each.gaps]
    for check, gap in found:
        Gap.objects.create(
            reconciliation=row, check_name=check, sentence=gap.sentence, repair=gap.repair, **gap.links
        )
        if gap.arrived is not None:
            attempt = gap.arrived.interchange.attempts.latest("pk")
            record_outcome(attempt, TransmissionOutcome.Result.DELIVERED, f"{gap.sentence} {gap.repair}")
        if gap.project is not None:
            project(gap.project)
        _tell(gap)
    asked = {_cause(gap) for _, gap in found if not gap.repair}
    if not unread:
        _close_others(asked)
    row.checks = [asdict(each) for each in _totals(checked)]
    row.unread = unread
    row.finished_at = database_now()
    row.save(update_fields=["checks", "unread", "finished_at"])


def _totals(checked: list[Checked]) -> list[CheckRow]:
    """Return one row a check, in the order of ``Gap.Check``: the stores together, and the mailboxes."""
    by_check: dict[str, list[Checked]] = defaultdict(list)
    for each in checked:
        by_check[each.check].append(each)
    return [
        CheckRow(
            check,
            sum(each.good for each in by_check[check]),
            sum(each.explained for each in by_check[check]),
            sum(len(each.gaps) for each in by_check[check]),
        )
        for check in Gap.Check.values
        if check in by_check
    ]


def _tell(gap: Found) -> None:
    order = gap.links.get("order")
    if order is not None:
        record_event(order.subject, "gap", f"Found by reconciliation: {gap.sentence} {gap.repair}".rstrip())
    if not gap.repair:
        open_case(ExceptionCase.Kind.GAP, _cause(gap), gap.sentence, **gap.links)


def _cause(gap: Found) -> str:
    return f"{_CAUSE}{gap.cause}"


def _close_others(asked: set[str]) -> None:
    # Of its own alone: drills and seals have cases of that kind too, which close by themselves.
    own = ExceptionCase.objects.filter(kind=ExceptionCase.Kind.GAP, closed_at=None, cause__startswith=_CAUSE)
    for case in own:
        if case.cause not in asked:
            close_cause(case.cause, "A later reconciliation does not find it any more.")
