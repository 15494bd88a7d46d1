"""Events as they were told: to whom, what exactly, how each try went, and the verb that sends one again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import display
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archive.clock import database_now
from integration.flows.event_bodies import PREFIX
from integration.flows.event_settings import send_again
from integration.flows.rights import EDIT_DESTINATION
from integration.models import EventDelivery
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import BAD, GOOD, WAITING, moment, status
from portal.admin.subjects import resolve
from portal.admin.verbs import Asked, person, reason_page, require

State = EventDelivery.State
TONES = {State.WAITING: WAITING, State.DELIVERED: GOOD, State.GIVEN_UP: BAD}


def next_try(row: EventDelivery, now: datetime) -> SafeString | str:
    """Return when ``row`` is tried next; of one that is due, what it waits for."""
    if row.next_at is None or row.next_at > now:
        return moment(row.next_at)
    if not row.destination.is_active:
        return _("Once its destination is switched on")
    return _("Once its destination takes events again") if row.destination.failing_since else _("Now")


@admin.register(EventDelivery)
class EventDeliveryAdmin(HistoryAdmin):
    """Deliveries, the newest first."""

    words = (gettext_lazy("event"), gettext_lazy("events"))
    heading = gettext_lazy("Events sent")
    list_display = (
        "shown_event",
        "shown_state",
        "destination",
        "shown_about",
        "tries",
        "shown_written",
        "shown_next",
    )
    list_filter = ("state", "destination", "type")
    list_select_related = ("destination",)
    search_fields = ("subject",)
    search_help_text = gettext_lazy("Subject, such as order:7, or webhook-id")
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("No events yet"),
        gettext_lazy(
            "What event destinations are told stands here, with every try. Add a destination under “Event destinations”."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the bodies where they are."""
        return (
            super()
            .get_queryset(request)
            .defer("body", "destination__url", "destination__secret", "destination__former_secret")
        )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find by a whole subject, or a whole id."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        try:
            return queryset.filter(message_id=UUID(term)), False
        except ValueError:
            return queryset.filter(subject=term), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each event is about, and when that was looked for."""
        found, now = resolve(row.subject for row in rows), database_now()
        for row in rows:
            row.about, row.now = found[row.subject], now

    def get_urls(self) -> list[URLPattern]:
        """Add the verb."""
        again = path(
            "<int:object_id>/again/",
            self.admin_site.admin_view(self.again),
            name="integration_eventdelivery_again",
        )
        return [again, *super().get_urls()]

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one event: its bytes, and every try."""
        delivery = EventDelivery.objects.select_related("destination").get(pk=row.pk)
        body = bytes(delivery.body)
        may = delivery.state != State.WAITING and person(request).has_perm(EDIT_DESTINATION)
        context = {
            "row": delivery,
            "title": self.named(delivery),
            "full_type": f"{PREFIX}{delivery.type}",
            "badge": self.shown_state(delivery),
            "about": resolve([delivery.subject])[delivery.subject],
            "readable": json.dumps(json.loads(body), indent=2, ensure_ascii=False),
            "exact": body.decode(),
            "size": len(body),
            "attempts": list(delivery.attempts.all()),
            "next_try": next_try(delivery, database_now()),
            "again_url": reverse("admin:integration_eventdelivery_again", args=[delivery.pk]) if may else "",
        }
        return self.page(request, delivery, "portal/event_delivery.html", context)

    def again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, and have it be sent again."""
        user, row = require(request, EDIT_DESTINATION), self.find(request, str(object_id))
        if row is None:
            raise Http404
        asked = Asked(
            _("send again"),
            _("Send this event again?"),
            _(
                "The same bytes go to the same destination under the same id: a receiver that took them knows them by that."
            ),
            _("Send again"),
            _("The event is sent again."),
        )
        return reason_page(self, request, row, lambda reason: send_again(user, row, reason), asked)

    def named(self, row: Any) -> str:
        """Return what happened, to which row."""
        return f"{row.get_type_display()}: {resolve([row.subject])[row.subject].words}"

    @display(description=gettext_lazy("Event"), ordering="type")
    def shown_event(self, row: EventDelivery) -> str:
        """Return what happened."""
        return row.get_type_display()

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, row: EventDelivery) -> SafeString:
        """Return how far it is."""
        return status(row.state, row.get_state_display(), TONES)

    @display(description=gettext_lazy("About"))
    def shown_about(self, row: Any) -> str:
        """Return what it is about, as a link."""
        words: str = row.about.as_link()
        return words

    @display(description=gettext_lazy("Written"), ordering="pk")
    def shown_written(self, row: EventDelivery) -> SafeString | str:
        """Return when it was written."""
        return moment(row.created_at)

    @display(description=gettext_lazy("Next try"))
    def shown_next(self, row: Any) -> SafeString | str:
        """Return when it is tried next; of one that is due, what it waits for."""
        return next_try(row, row.now)
