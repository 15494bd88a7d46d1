"""What staff do about events that go out: new secrets, a test, and events sent once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from archive.clock import database_now
from archive.record import record_audit
from integration import channels
from integration.flows.cases import close_cause
from integration.flows.event_bodies import TEST_TYPE, cloud_event
from integration.flows.event_cases import given_up, given_up_cause, gone_cause, stands_still_no_more
from integration.flows.event_sources import begin
from integration.flows.events_out import post_step
from integration.flows.post_events import Tried, post_once
from integration.flows.rights import EDIT_DESTINATION, Refused, require, require_right
from integration.models import EventDelivery, EventDestination, destination_channel
from integration.transports.signed_webhook import new_secret
from integration.work import put, release_channel

State = EventDelivery.State
LANE = "event_posts"
ROTATED, TESTED, AGAIN, ALL_AGAIN = (
    "rotate event secret",
    "test event destination",
    "send event again",
    "send events again",
)
VERBS = (ROTATED, TESTED, AGAIN, ALL_AGAIN)
"""Every verb that is recorded here."""

BOTH_VALID = timedelta(hours=24)
"""How long events are signed with the former secret too."""


def destination_saved(destination: EventDestination) -> None:
    """Let what waits go on with the settings just saved. In the caller's transaction."""
    begin()
    if not destination.is_active:
        stands_still_no_more(destination, _("It was switched off: its events wait until it is switched on."))
        return
    close_cause(gone_cause(destination), _("It was switched on again."))
    EventDestination.objects.filter(pk=destination.pk).update(stopped_because="")
    _go_on(destination)


def rotate_secret(user: User, destination: EventDestination, reason: str) -> str:
    """Make a new secret and return it, to be shown this once; the former one is valid for ``BOTH_VALID`` beside it.

    Raises ``Refused``.
    """
    reason = require(user, EDIT_DESTINATION, reason)
    secret = new_secret()
    with transaction.atomic():
        row = EventDestination.objects.select_for_update().get(pk=destination.pk)
        row.former_secret, row.secret = row.secret, secret
        row.former_until = database_now() + BOTH_VALID
        row.save(update_fields=["former_secret", "secret", "former_until"])
        record_audit(
            user,
            ROTATED,
            row.subject,
            reason=reason,
            detail={"both until": f"{row.former_until:%Y-%m-%d %H:%M} UTC"},
        )
    return secret


def try_destination(user: User, destination: EventDestination) -> Tried:
    """Post a test event now, and return how that went; nothing else is kept of it than that it was done."""
    require_right(user, EDIT_DESTINATION)
    now, identity = database_now(), uuid4()
    data = {"event_destination": destination.pk}
    body = cloud_event(identity, TEST_TYPE, destination.subject, now, data)
    tried = post_once(destination, str(identity), body, now)
    record_audit(user, TESTED, destination.subject, detail={"how it went": tried.words})
    return tried


def send_again(user: User, delivery: EventDelivery, reason: str) -> None:
    """Have one event be sent again, under its own id, whatever became of it. Raises ``Refused``."""
    reason = require(user, EDIT_DESTINATION, reason)
    with transaction.atomic():
        settled = EventDelivery.objects.filter(pk=delivery.pk).exclude(state=State.WAITING)
        if not settled.update(state=State.WAITING, tries=0, next_at=database_now(), settled_at=None):
            raise Refused(_("It waits to be sent already, or is gone. Look again."))
        record_audit(
            user,
            AGAIN,
            delivery.name,
            reason=reason,
            detail={"event": str(delivery), "to": str(delivery.destination)},
        )
        _after_sending_again(delivery.destination)


def send_all_again(user: User, destination: EventDestination, since: datetime | None, reason: str) -> int:
    """Have all events that were given up be sent again, those alone that happened from ``since`` on; return how many.

    Raises ``Refused`` where there are none.
    """
    reason = require(user, EDIT_DESTINATION, reason)
    with transaction.atomic():
        lost = destination.deliveries.filter(state=State.GIVEN_UP)
        if since is not None:
            lost = lost.filter(created_at__gte=since)
        count = lost.update(state=State.WAITING, tries=0, next_at=database_now(), settled_at=None)
        if not count:
            raise Refused(_("No event was given up in that time. Look again."))
        began = f"{since:%Y-%m-%d %H:%M} UTC" if since is not None else "the beginning"
        record_audit(
            user, ALL_AGAIN, destination.subject, reason=reason, detail={"events": count, "since": began}
        )
        _after_sending_again(destination)
    return count


def _after_sending_again(destination: EventDestination) -> None:
    if not given_up(destination):
        close_cause(given_up_cause(destination), _("They are sent again."))
    if EventDestination.objects.filter(pk=destination.pk, is_active=True).exists():
        put(LANE, post_step(destination.pk))


def _go_on(destination: EventDestination) -> None:
    destination.deliveries.filter(state=State.WAITING).update(next_at=database_now())
    channel = destination_channel(destination.pk)
    if destination.deliveries.filter(state=State.WAITING).exists():
        put(LANE, post_step(destination.pk))
    release_channel(channel)
    channels.probe_now(channel)
