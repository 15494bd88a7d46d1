"""What of events only a person can settle: a destination that is gone, and events that were given up."""

from __future__ import annotations

from integration import channels
from integration.flows.cases import channel_cause, close_cause, open_case
from integration.models import EventDelivery, EventDestination, ExceptionCase, destination_channel


def gone_cause(destination: EventDestination) -> str:
    """Return the cause of the case that a destination is gone."""
    return f"gone:{destination.subject}"


def given_up_cause(destination: EventDestination) -> str:
    """Return the cause of the case that events were given up."""
    return f"given_up:{destination.subject}"


def given_up(destination: EventDestination) -> int:
    """Return how many events were given up and not sent again."""
    return destination.deliveries.filter(state=EventDelivery.State.GIVEN_UP).count()


def tell_given_up(destination: EventDestination) -> None:
    """Have a person decide what becomes of events that were given up; one case a destination."""
    count = given_up(destination)
    if not count:
        return
    events = "1 event was" if count == 1 else f"{count:,} events were"
    open_case(
        ExceptionCase.Kind.PARKED,
        given_up_cause(destination),
        f"{events} not taken by “{destination}” and given up. Open the event destination: there they can be sent again,"
        " under the same ids. Or settle the case, if its receiver has read what it missed by the API.",
    )


def tell_gone(destination: EventDestination, sentence: str) -> None:
    """Have a person see to a destination that was switched off because it says that it is gone."""
    stands_still_no_more(destination, sentence)
    open_case(ExceptionCase.Kind.PARKED, gone_cause(destination), sentence)


def stands_still_no_more(destination: EventDestination, reason: str) -> None:
    """Close the case that a destination stands still, because nothing is asked of it now; in the caller's transaction."""
    channel = destination_channel(destination.pk)
    channels.succeeded(channel)
    close_cause(channel_cause(channel), reason)
