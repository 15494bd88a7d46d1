"""Returns as rows: how far each is, whose turn it is, and what is owed, recovered and lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.models import Expectation, ReturnCase, ReturnLine
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, money, page_url, status

Stage = ReturnCase.Stage
_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=24, decimal_places=2)
_OVER = (*ReturnCase.ENDED, Stage.DENIED, Stage.PROPOSED)
"""Stages at which nothing is owed."""
_NOTHING = Value(Decimal(0), output_field=_MONEY)
TONES = {
    Stage.PROPOSED: WARNING,
    Stage.OPENED: WAITING,
    Stage.REQUESTED: WAITING,
    Stage.AUTHORIZED: WAITING,
    Stage.DENIED: BAD,
    Stage.SHIPPED: WAITING,
    Stage.RECEIVED: WAITING,
    Stage.CREDITED: GOOD,
    Stage.CLOSED: QUIET,
    Stage.WITHDRAWN: QUIET,
}
OURS, THEIRS = "ours", "theirs"
TURNS = {
    Stage.PROPOSED: (OURS, gettext_lazy("Decide whether it is opened.")),
    Stage.OPENED: (OURS, gettext_lazy("Ask the partner for an authorization.")),
    Stage.REQUESTED: (THEIRS, gettext_lazy("The partner is to authorize or deny it.")),
    Stage.AUTHORIZED: (OURS, gettext_lazy("The goods are to be sent back.")),
    Stage.DENIED: (OURS, gettext_lazy("The partner denied it: ask again, or close it.")),
    Stage.SHIPPED: (THEIRS, gettext_lazy("The partner is to say that the goods arrived.")),
    Stage.RECEIVED: (THEIRS, gettext_lazy("The partner is to credit it.")),
    Stage.CREDITED: (OURS, gettext_lazy("Nothing more is expected: close it.")),
}
"""Whose turn it is at each stage, and to do what; at the others nobody's."""


@dataclass(frozen=True)
class ReturnRow:
    """One return as tables show it."""

    words: str
    url: str
    badge: SafeString
    partner: str
    turn: str
    owed: str
    recovered: str


def return_badge(case: ReturnCase) -> SafeString:
    """Return how far the return is."""
    return status(case.stage, case.get_stage_display(), TONES)


def turn_words(case: ReturnCase) -> str:
    """Return whose turn it is: ``Ours``, the partner's name, or that it is nobody's."""
    whose, _ = TURNS.get(Stage(case.stage), ("", ""))
    return {OURS: gettext("Ours"), THEIRS: str(case.partner)}.get(whose, "Nobody's")


def owed(case: ReturnCase) -> Decimal:
    """Return what the partner still owes for a return that is not over."""
    if case.stage in _OVER:
        return Decimal(0)
    return max(case.expected_credit - case.credited, Decimal(0))


def with_money(rows: QuerySet[ReturnCase]) -> QuerySet[ReturnCase]:
    """Return ``rows`` with what is owed, and what is lost: of a return that is over or denied, what its goods cost us and
    nobody gave back."""
    worth = (
        ReturnLine.objects.filter(case=OuterRef("pk"))
        .order_by()
        .values("case")
        .annotate(sum=Sum(F("quantity") * F("unit_price"), output_field=_MONEY))
        .values("sum")
    )
    return rows.annotate(
        claimed=Coalesce(Subquery(worth), _NOTHING),
        money_owed=Case(
            When(stage__in=_OVER, then=_NOTHING),
            default=Greatest(F("expected_credit") - F("credited"), _NOTHING),
            output_field=_MONEY,
        ),
        money_lost=Case(
            When(stage__in=[Stage.CLOSED, Stage.DENIED], then=Greatest(F("claimed") - F("credited"), _NOTHING)),
            default=_NOTHING,
            output_field=_MONEY,
        ),
    )  # fmt: skip


def totals(rows: QuerySet[ReturnCase]) -> str:
    """Return what ``rows``, which were taken ``with_money``, come to, each currency for itself; "" for none."""
    found = (
        rows.order_by()
        .values("currency")
        .annotate(owed=Sum("money_owed"), recovered=Sum("credited"), lost=Sum("money_lost"))
        .order_by("currency")
    )
    said = [
        gettext("%(owed)s owed, %(recovered)s recovered, %(lost)s lost")
        % {
            "owed": money(each["owed"], each["currency"]),
            "recovered": money(each["recovered"], each["currency"]),
            "lost": money(each["lost"], each["currency"]),
        }
        for each in found
        if each["owed"] or each["recovered"] or each["lost"]
    ]
    return "; ".join(said)


def due_of(cases: Iterable[ReturnCase]) -> dict[int, Expectation]:
    """Return what is expected next of each of ``cases``, by its key."""
    rows = Expectation.objects.filter(return_case__in=list(cases), state__in=Expectation.UNMET)
    found: dict[int, Expectation] = {}
    for row in rows.order_by("-due_at"):
        found[row.return_case_id or 0] = row
    return found


def return_rows(cases: QuerySet[ReturnCase]) -> list[ReturnRow]:
    """Return the rows of ``cases``, the oldest first."""
    return [
        ReturnRow(
            words=str(case),
            url=page_url(case),
            badge=return_badge(case),
            partner=str(case.partner),
            turn=turn_words(case),
            owed=money(owed(case), case.currency) if owed(case) else "",
            recovered=money(case.credited, case.currency) if case.credited else "",
        )
        for case in cases.select_related("partner").order_by("pk")
    ]
