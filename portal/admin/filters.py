"""List filters of our own. The first choice of each is everything, or says what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.admin import (
    ChoicesFieldListFilter,
    FieldListFilter,
    RelatedFieldListFilter,
    SimpleListFilter,
)
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from archive.copies import UNMADE, State
from archive.models import AcknowledgmentState, Delivery, Validation
from archive.models.exchange import DOCUMENT_NAMES
from integration.flows.copy_again import VERBS as COPY_VERBS
from integration.flows.customer_links import VERBS as LINK_VERBS
from integration.flows.disposals import VERBS as DISPOSAL_VERBS
from integration.flows.erase import VERBS as ERASURE_VERBS
from integration.flows.event_settings import VERBS as EVENT_VERBS
from integration.flows.exports import VERBS as EXPORT_VERBS
from integration.flows.holds import VERBS as HOLD_VERBS
from integration.flows.invoice_rules import VERBS as INVOICING_VERBS
from integration.flows.notice_settings import VERBS as NOTICE_VERBS
from integration.flows.plans import DECISIONS
from integration.flows.retention import VERBS as RETENTION_VERBS
from integration.flows.routing_rules import VERBS as ROUTING_VERBS
from integration.flows.steps import STEPS
from integration.flows.translations import VERBS
from portal.access import reach_of, seen
from portal.admin.shipment_rows import STANDINGS
from portal.admin.verb_words import VERB_WORDS
from portal.admin.verbs import person

Rows = QuerySet[Any]
Choices = list[tuple[str, str]]


class SeenFilter(RelatedFieldListFilter):
    """Rows by what they refer to, among what the user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return what may be chosen."""
        ordering = self.field_admin_ordering(field, request, model_admin)
        within_reach = seen(field.remote_field.model._default_manager.all(), person(request)).order_by()
        return field.get_choices(
            include_blank=False,
            ordering=ordering,
            limit_choices_to={"pk__in": within_reach.values("pk")}
            if reach_of(person(request)).is_limited
            else None,
        )


FieldListFilter.register(lambda field: bool(field.remote_field), SeenFilter, take_priority=True)


class PeriodFilter(SimpleListFilter):
    """Rows since the start of today, or of the last days. ``field`` names the time."""

    title = gettext_lazy("Period")
    parameter_name = "period"
    field = "recorded_at"
    days = {"today": 0, "7": 7, "30": 30, "90": 90}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the periods."""
        given = [
            ("today", gettext("Today")),
            ("7", gettext("Last 7 days")),
            ("30", gettext("Last 30 days")),
            ("90", gettext("Last 90 days")),
        ]
        day = self._day()
        return (
            [
                *given,
                (
                    day.isoformat(),
                    gettext("%(day)s (UTC)") % {"day": f"{day.day} {day:%b %Y}"},
                ),
            ]
            if day is not None
            else given
        )

    def _day(self) -> date | None:
        """Return the one day that is asked for, as the dashboard's charts do."""
        try:
            return date.fromisoformat(str(self.used_parameters.get(self.parameter_name, "")))
        except ValueError:
            return None

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep the rows since the period began; or those of one day, in UTC as it was counted."""
        day = self._day()
        if day is not None:
            began = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return queryset.filter(
                **{f"{self.field}__gte": began, f"{self.field}__lt": began + timedelta(days=1)}
            )
        if self.value() not in self.days:
            return queryset
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return queryset.filter(
            **{f"{self.field}__gte": midnight - timedelta(days=self.days[str(self.value())])}
        )


class PlacedFilter(PeriodFilter):
    """When an order was placed."""

    title = gettext_lazy("Placed")
    field = "placed_at"


class StandingFilter(SimpleListFilter):
    """What became of a shipment in the store."""

    title = gettext_lazy("In the store")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return what may have become of it."""
        return [(name, str(title)) for name, (title, _) in STANDINGS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep the shipments of which that became."""
        return queryset.filter(STANDINGS[str(self.value())][1]) if self.value() in STANDINGS else queryset


class StoreStatusFilter(ChoicesFieldListFilter):
    """The status that an order has in the store."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("In the store")


class KindFilter(SimpleListFilter):
    """Transaction sets by their business names; asked of no table."""

    title = gettext_lazy("Document")
    parameter_name = "set"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the known documents, and all others as one."""
        return [*DOCUMENT_NAMES.items(), ("other", gettext("Anything else"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one kind."""
        if self.value() == "other":
            return queryset.exclude(transaction_set__in=list(DOCUMENT_NAMES))
        return queryset.filter(transaction_set=self.value()) if self.value() else queryset


WAITING_TO_BE_SENT = Q(state__delivery__in=[Delivery.WAITING, Delivery.SENDING])
NOT_DELIVERED = Q(state__delivery__in=[Delivery.FAILED, Delivery.UNKNOWN])
OVERDUE = Q(state__acknowledgment=AcknowledgmentState.OVERDUE)
REJECTED = Q(state__acknowledgment=AcknowledgmentState.REJECTED)
INVALID = Q(state__validation=Validation.INVALID)
PROGRESS = {
    "waiting": (gettext_lazy("Waiting to be sent"), WAITING_TO_BE_SENT),
    "not_delivered": (gettext_lazy("Failed or unknown"), NOT_DELIVERED),
    "unanswered": (
        gettext_lazy("Waiting for acknowledgment"),
        Q(state__acknowledgment=AcknowledgmentState.WAITING),
    ),
    "overdue": (gettext_lazy("Acknowledgment overdue"), OVERDUE),
    "accepted": (gettext_lazy("Accepted"), Q(state__acknowledgment=AcknowledgmentState.ACCEPTED)),
    "rejected": (gettext_lazy("Rejected by the partner"), REJECTED),
    "invalid": (gettext_lazy("Invalid"), INVALID),
}


class ProgressFilter(SimpleListFilter):
    """Where a document stands, in the words of the dashboard's counts."""

    title = gettext_lazy("Status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the statuses."""
        return [(name, str(title)) for name, (title, _) in PROGRESS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one status."""
        return queryset.filter(PROGRESS[str(self.value())][1]) if self.value() in PROGRESS else queryset


class CaseFilter(SimpleListFilter):
    """Open cases unless another choice is made; the list shows the choices as tabs."""

    title = gettext_lazy("Cases")
    parameter_name = "cases"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the choices besides All open, which is the list without one."""
        return [
            ("mine", gettext("Mine")),
            ("unassigned", gettext("Unassigned")),
            ("waiting", gettext("Waiting")),
            ("closed", gettext("Resolved")),
            ("all", gettext("Everything")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return what is one's own first, and All open in the place of All, before what is resolved."""
        everything, *others = super().choices(changelist)
        yield from others[:3]
        yield {**everything, "display": gettext("All open")}
        yield from others[3:]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep what was chosen; what was put off stands under Waiting and All open alone."""
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "closed":
            return queryset.filter(closed_at__isnull=False)
        opened = queryset.filter(closed_at=None)
        if chosen == "waiting":
            return opened.filter(put_off())
        if chosen == "mine":
            return opened.exclude(put_off()).filter(owner=request.user)
        return opened.exclude(put_off()).filter(owner=None) if chosen == "unassigned" else opened


def put_off() -> Q:
    """Return the condition that a case waits for a day that has not come."""
    return Q(snoozed_until__gt=timezone.now())


class AtStakeFilter(SimpleListFilter):
    """Cases by the money that is at stake, whatever its currency."""

    title = gettext_lazy("At stake")
    parameter_name = "at_stake"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the amounts."""
        return [
            ("100", gettext("100 or more")),
            ("1000", gettext("1,000 or more")),
            ("10000", gettext("10,000 or more")),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep what has so much at stake."""
        chosen = self.value()
        return queryset.filter(money__gte=int(chosen)) if chosen in ("100", "1000", "10000") else queryset


class WorkFilter(SimpleListFilter):
    """Work by what is happening to it."""

    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the states."""
        return [
            ("stopped", gettext("Stopped")),
            ("running", gettext("Being done")),
            ("waiting", gettext("Waiting")),
            ("retrying", gettext("Tried before")),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one state."""
        wanted = {
            "stopped": Q(parked_at__isnull=False),
            "running": Q(parked_at=None, lease_until__gt=timezone.now()),
            "waiting": Q(parked_at=None) & (Q(lease_until=None) | Q(lease_until__lte=timezone.now())),
            "retrying": Q(parked_at=None, attempts__gt=0),
        }.get(str(self.value()))
        return queryset.filter(wanted) if wanted is not None else queryset


class StepFilter(SimpleListFilter):
    """Work by what it does, in the words of the list."""

    title = gettext_lazy("What Gridport does")
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the steps."""
        return [(name, capfirst(str(kind.words))) for name, kind in STEPS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one step."""
        return queryset.filter(step=self.value()) if self.value() else queryset


class CopyStateFilter(SimpleListFilter):
    """Copies by how far they have come."""

    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the states; what is to be copied again waits too."""
        return [(value, str(words)) for value, words in State.choices if value != State.AGAIN]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep the copies in that state."""
        if self.value() == State.WAITING:
            return queryset.filter(state__in=UNMADE)
        return queryset.filter(state=self.value()) if self.value() in State.values else queryset


class VerbFilter(SimpleListFilter):
    """Decisions by their verb; asked of no table."""

    title = gettext_lazy("Decision")
    parameter_name = "verb"
    verbs = (
        "settle case",
        "retry case",
        "assign case",
        "snooze case",
        "wake case",
        "undo decision",
        "comment",
        "release work",
        "issue token",
        "revoke token",
        "stop export",
        "test mailbox",
        "go live",
        "back to watch",
        "pause",
        "resume",
        "resubmit",
        "read again",
        "send many again",
        "approve sending many",
        "decline sending many",
        "stop sending many",
        "retry failed",
        "register hook",
        "choose strategy",
        "begin mapping profile",
        "describe mapping profile",
        "add mapping row",
        "change mapping row",
        "remove mapping row",
        "accept mapping sample",
        "remove mapping sample",
        "release mapping",
        "retire mapping profile",
        "choose mapping",
        "send mail again",
        "mail arrived",
        "test mail server",
        "begin onboarding",
        "send sample",
        "sign off onboarding",
        "take over",
        "seed control numbers",
        "reconcile",
        "check archive",
        "read orders",
        "open return",
        "request return",
        "return shipped",
        "return received",
        "close return",
        "withdraw return",
        "add return file",
        "withdraw return file",
        "refund",
        "restock",
        "roll back stock feed",
        "read stock file again",
        *COPY_VERBS,
        *VERBS,
        *ROUTING_VERBS,
        *LINK_VERBS,
        *INVOICING_VERBS,
        *NOTICE_VERBS,
        *EVENT_VERBS,
        *RETENTION_VERBS,
        *HOLD_VERBS,
        *DISPOSAL_VERBS,
        *EXPORT_VERBS,
        "change next number",
        "invite user",
        *ERASURE_VERBS,
        "switch user off",
        *(f"decide: {name}" for name in DECISIONS),
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the verbs."""
        return [(verb, verb_words(verb)) for verb in self.verbs]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one verb."""
        return queryset.filter(verb=self.value()) if self.value() else queryset


def verb_words(verb: str) -> str:
    """Return a verb of staff as people read it: ``Retry case``, ``Decide: not ours``."""
    _, colon, name = verb.partition("decide: ")
    if colon and name in DECISIONS:
        return gettext("Decide: %(what)s") % {"what": str(DECISIONS[name]).lower()}
    return str(VERB_WORDS.get(verb) or verb.capitalize())
