"""List filters of our own. The first choice of each is everything, or says what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from archive.models import AcknowledgmentState, Delivery, Validation
from archive.models.exchange import DOCUMENT_NAMES
from integration.flows.customer_links import VERBS as LINK_VERBS
from integration.flows.invoice_rules import VERBS as INVOICING_VERBS
from integration.flows.plans import DECISIONS
from integration.flows.routing_rules import VERBS as ROUTING_VERBS
from integration.flows.steps import STEPS
from integration.flows.translations import VERBS
from portal.admin.shipment_rows import STANDINGS

Rows = QuerySet[Any]
Choices = list[tuple[str, str]]


class PeriodFilter(SimpleListFilter):
    """Rows since the start of today, or of the last days. ``field`` names the time."""

    title = "Period"
    parameter_name = "period"
    field = "recorded_at"
    days = {"today": 0, "7": 7, "30": 30, "90": 90}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the periods."""
        return [("today", "Today"), ("7", "Last 7 days"), ("30", "Last 30 days"), ("90", "Last 90 days")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep the rows since the period began."""
        if self.value() not in self.days:
            return queryset
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return queryset.filter(
            **{f"{self.field}__gte": midnight - timedelta(days=self.days[str(self.value())])}
        )


class PlacedFilter(PeriodFilter):
    """When an order was placed."""

    title = "Placed"
    field = "placed_at"


class StandingFilter(SimpleListFilter):
    """What became of a shipment in the store."""

    title = "In the store"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return what may have become of it."""
        return [(name, title) for name, (title, _) in STANDINGS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep the shipments of which that became."""
        return queryset.filter(STANDINGS[str(self.value())][1]) if self.value() in STANDINGS else queryset


class StoreStatusFilter(ChoicesFieldListFilter):
    """The status that an order has in the store."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "In the store"


class KindFilter(SimpleListFilter):
    """Transaction sets by their business names; asked of no table."""

    title = "Document"
    parameter_name = "set"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the known documents, and all others as one."""
        return [*DOCUMENT_NAMES.items(), ("other", "Anything else")]

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
    "waiting": ("Waiting to be sent", WAITING_TO_BE_SENT),
    "not_delivered": ("Failed or unknown", NOT_DELIVERED),
    "unanswered": ("Waiting for acknowledgment", Q(state__acknowledgment=AcknowledgmentState.WAITING)),
    "overdue": ("Acknowledgment overdue", OVERDUE),
    "accepted": ("Accepted", Q(state__acknowledgment=AcknowledgmentState.ACCEPTED)),
    "rejected": ("Rejected by the partner", REJECTED),
    "invalid": ("Invalid", INVALID),
}


class ProgressFilter(SimpleListFilter):
    """Where a document stands, in the words of the dashboard's counts."""

    title = "Status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the statuses."""
        return [(name, title) for name, (title, _) in PROGRESS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one status."""
        return queryset.filter(PROGRESS[str(self.value())][1]) if self.value() in PROGRESS else queryset


class CaseFilter(SimpleListFilter):
    """Open cases unless another choice is made."""

    title = "Cases"
    parameter_name = "cases"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the choices besides Open, which is the list without one."""
        return [
            ("mine", "Mine"),
            ("unassigned", "Nobody's"),
            ("closed", "Closed"),
            ("all", "Open and closed"),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return Open first, in the place of All."""
        given = super().choices(changelist)
        yield {**next(given), "display": "Open"}
        yield from given

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep what was chosen."""
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "closed":
            return queryset.filter(closed_at__isnull=False)
        opened = queryset.filter(closed_at=None)
        if chosen == "mine":
            return opened.filter(owner=request.user)
        return opened.filter(owner=None) if chosen == "unassigned" else opened


class WorkFilter(SimpleListFilter):
    """Work by what is happening to it."""

    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the states."""
        return [
            ("stopped", "Stopped"),
            ("running", "Being done"),
            ("waiting", "Waiting"),
            ("retrying", "Tried before"),
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

    title = "What Gridport does"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the steps."""
        return [(name, f"{kind.words[:1].upper()}{kind.words[1:]}") for name, kind in STEPS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep one step."""
        return queryset.filter(step=self.value()) if self.value() else queryset


class VerbFilter(SimpleListFilter):
    """Decisions by their verb; asked of no table."""

    title = "Decision"
    parameter_name = "verb"
    verbs = (
        "settle case",
        "retry case",
        "assign case",
        "release work",
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
        "take over",
        "seed control numbers",
        "reconcile",
        "read orders",
        *VERBS,
        *ROUTING_VERBS,
        *LINK_VERBS,
        *INVOICING_VERBS,
        "change next number",
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
    kind, colon, name = verb.partition(": ")
    return (
        f"{kind.capitalize()}: {DECISIONS[name].lower()}"
        if colon and name in DECISIONS
        else verb.capitalize()
    )
