"""What is due: every answer that a partner owes us, by when, on his clock and on ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows.expectations import zone_of
from integration.models import Expectation
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.documents_table import document_words
from portal.admin.scorecard_filter import PromisesFilter
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, link, moment

State = Expectation.State
_TONES = {
    State.WAITING: WAITING,
    State.REMINDED: WARNING,
    State.OVERDUE: BAD,
    State.MET: GOOD,
    State.GIVEN_UP: QUIET,
}


def expectation_badge(row: Expectation) -> SafeString:
    """Return the state: overdue is what the clock has told of."""
    return badge(row.get_state_display(), _TONES[State(row.state)])


class DueFilter(SimpleListFilter):
    """What has not come, unless another choice is made."""

    title = gettext_lazy("Expected")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides what has not come, which is the list without one."""
        return [
            ("overdue", gettext("Overdue")),
            ("met", gettext("Has come")),
            ("given_up", gettext("Not expected any more")),
            ("all", gettext("Everything")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return what has not come first, in the place of All."""
        given = super().choices(changelist)
        yield {**next(given), "display": gettext("Not come yet")}
        yield from given

    def queryset(self, request: HttpRequest, queryset: QuerySet[Expectation]) -> QuerySet[Expectation]:
        """Keep what is chosen."""
        chosen = self.value()
        if chosen is None:
            return queryset.filter(state__in=Expectation.UNMET)
        return queryset if chosen == "all" else queryset.filter(state=chosen)


@admin.register(Expectation)
class ExpectationAdmin(HistoryAdmin):
    """Expectations; the clock and the partners' answers change them, and nobody else."""

    words = (gettext_lazy("expected answer"), gettext_lazy("expected answers"))
    heading = gettext_lazy("What is due")
    list_display = (
        "shown_what", "shown_order", "shown_partner", "shown_state", "shown_there", "shown_here", "shown_answer",
    )  # fmt: skip
    list_filter = (DueFilter, "what", "agreement__partner", PromisesFilter)
    list_select_related = (
        "agreement__partner",
        "agreement__calendar",
        "purchase_order__order__store",
        "met_by__state",
    )
    search_fields = ("purchase_order__number",)
    search_help_text = gettext_lazy("Purchase order")
    ordering = ("due_at", "pk")
    fields = (
        "shown_what", "shown_partner", "shown_order", "shown_document", "shown_state", "shown_there", "shown_here",
        "shown_reminder", "shown_answer", "round",
    )  # fmt: skip
    readonly_fields = fields
    empty = EmptyState(
        gettext_lazy("Nothing is due"),
        gettext_lazy(
            "Once a purchase order has arrived, the acknowledgments (997, 855) and the ship notice (856) that its agreement"
            " asks for stand here until they come."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Expectation]:
        """Leave the orders' content where it is."""
        rows: QuerySet[Expectation] = super().get_queryset(request)
        return rows.defer("purchase_order__order__content", "purchase_order__content")

    @display(description=gettext_lazy("What"))
    def shown_what(self, row: Expectation) -> str:
        """Return what is expected; the list makes it the way to its page."""
        return row.get_what_display()

    @display(description=gettext_lazy("Purchase order"))
    def shown_order(self, row: Expectation) -> SafeString | str:
        """Return the purchase order, as the way to its order."""
        return link(row.purchase_order.order, row.purchase_order.number) if row.purchase_order else ""

    @display(description=gettext_lazy("Partner"))
    def shown_partner(self, row: Expectation) -> SafeString | str:
        """Return the partner."""
        return link(row.agreement.partner)

    @display(description=gettext_lazy("State"))
    def shown_state(self, row: Expectation) -> SafeString:
        """Return the state."""
        return expectation_badge(row)

    @display(description=gettext_lazy("Due, partner's time"), ordering="due_at")
    def shown_there(self, row: Expectation) -> str:
        """Return the due time on the partner's clock."""
        local = row.due_at.astimezone(zone_of(row.agreement, row.purchase_order))
        return f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}"

    @display(description=gettext_lazy("Due, our time"), ordering="due_at")
    def shown_here(self, row: Expectation) -> SafeString | str:
        """Return the due time on ours."""
        return moment(row.due_at)

    @display(description=gettext_lazy("Reminder"))
    def shown_reminder(self, row: Expectation) -> SafeString | str:
        """Return when it is reminded of."""
        return moment(row.remind_at) or gettext("None")

    @display(description=gettext_lazy("What is to be answered"))
    def shown_document(self, row: Expectation) -> SafeString | str:
        """Return our document; of a ship notice the 855 that let us expect it."""
        return link(row.document, document_words(row.document))

    @display(description=gettext_lazy("Came as"))
    def shown_answer(self, row: Expectation) -> SafeString | str:
        """Return what met it."""
        return link(row.met_by, document_words(row.met_by)) if row.met_by is not None else ""
