"""What goes back: every return that was asked for has its request out, its answer, its receipt and its credit, or one is asked."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q

from archive.models import Direction, Document, Validation
from integration.flows.compose import why_watching
from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, links_of, work_for
from integration.flows.parents import match_step
from integration.flows.return_expectations import is_looked_after
from integration.flows.return_rows import write_step
from integration.models import ExceptionCase, Expectation, Gap, ReturnCase

Stage = ReturnCase.Stage
_WAITS = (Stage.REQUESTED, Stage.AUTHORIZED, Stage.DENIED, Stage.SHIPPED, Stage.RECEIVED)
_SETS = ("180", "812")


def returns(now: datetime) -> Checked:
    """Every return that is not over has what is due of it, or somebody waits for it or is asked; every answer its return."""
    tally = Tally(Gap.Check.RETURN)
    _look_at_cases(tally, now)
    _look_at_papers(tally, now)
    return tally.checked()


def _look_at_cases(tally: Tally, now: datetime) -> None:
    open_cases = ExceptionCase.objects.filter(return_case=OuterRef("pk"), closed_at=None)
    expected = Expectation.objects.filter(return_case=OuterRef("pk"), state__in=Expectation.UNMET)
    rows = (
        ReturnCase.objects.exclude(stage=Stage.PROPOSED)
        .select_related("order__store", "partner", "purchase_order__agreement__mailbox")
        .annotate(
            is_asked=Exists(open_cases),
            is_expected=Exists(expected),
            in_hand=Exists(work_for("write_return", "pk")),
            written=Count("documents", filter=Q(documents__kind="request")),
        )
        .filter(Q(stage__in=_WAITS) | Q(stage=Stage.OPENED, asked__gt=F("written")) | Q(stage=Stage.CREDITED))
    )
    for row in rows:
        if row.asked > row.written and not row.in_hand and not why_watching(row.purchase_order):
            tally.gaps.append(
                Found(
                    f"return:{row.pk}:request",
                    f"{row} is to be asked of {row.partner}, and the request (180) was not written.",
                    "It is written now.",
                    [write_step(row)],
                    links={"order": row.order, "purchase_order": row.purchase_order},
                )
            )
        elif row.stage == Stage.CREDITED and (row.credited == row.expected_credit or _accepted(row)):
            tally.good += 1
        elif (
            row.is_asked or row.is_expected or row.in_hand or row.opened_at > now - SETTLED or _is_known(row)
        ):
            tally.explained += 1
        else:
            tally.gaps.append(
                Found(
                    f"return:{row.pk}:next",
                    f"{row} of purchase order {row.purchase_order.number} is {row.get_stage_display().lower()}, and nobody"
                    f" waits for {row.partner} or is asked what is next.",
                    links={"order": row.order, "purchase_order": row.purchase_order},
                )
            )


def _accepted(row: ReturnCase) -> bool:
    return row.credit_accepted is not None and row.credit_accepted == row.credited


def _is_known(row: ReturnCase) -> bool:
    """Say whether a person decided that it stays as it is, or its time is not looked after by agreement."""
    decided = row.cases.exclude(closed_at=None).exclude(decision=ExceptionCase.Decision.RELEASED)
    return decided.exists() or not is_looked_after(row)


def _look_at_papers(tally: Tally, now: datetime) -> None:
    rows = (
        Document.objects.filter(
            direction=Direction.IN, transaction_set__in=_SETS, recorded_at__gte=now - LOOKS_BACK, of_returns=None,
            agreement__documents__transaction_set=F("transaction_set"), agreement__documents__direction="in",
            agreement__documents__is_active=True,
        )
        .exclude(state__validation=Validation.INVALID)
        .select_related("partner", "state", "interchange")
        .annotate(
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"))),
            in_hand=Exists(work_for("match", "pk")),
        )
        .distinct()
    )  # fmt: skip
    for row in rows:
        if row.is_asked or row.in_hand or row.recorded_at > now - SETTLED:
            tally.explained += 1
        else:
            sentence = f"{row} of {row.partner} belongs to no return, and nobody was asked."
            tally.gaps.append(
                Found(
                    f"document:{row.pk}:return",
                    sentence,
                    "It is matched now.",
                    [match_step(row)],
                    links=links_of(row),
                )
            )
