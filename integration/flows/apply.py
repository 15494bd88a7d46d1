"""Effects on the store: intended, looked for, done, and never twice."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from archive.record import record_event
from integration.bigcommerce.client import StoreClient
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.stores import client_for
from integration.models import ORDER_STATUSES, Order, StoreEffect, store_channel
from integration.work import Claim, Step
from partners.models import Mode

State = StoreEffect.State
NAMESPACE = "gridport"
_UNDONE = [State.WAITING, State.SENDING, State.UNKNOWN, State.FAILED]


def effect_step(effect: StoreEffect) -> Step:
    """Return the step that applies ``effect``."""
    order = effect.order
    return Step("apply_effect", str(effect.pk), order.ordering_key, talks_to=store_channel(order.store_id))


def apply_effect(subject: str, claim: Claim) -> list[Step]:
    """Bring the store to what the effect intends; what is found done already is not done again.

    To a store in watch nothing is written: the effect waits, and going live asks for this step again.
    """
    effect = StoreEffect.objects.select_related("order__store").get(pk=subject)
    if effect.state in (State.DONE, State.SKIPPED):
        return []
    if effect.order.store.mode != Mode.LIVE:
        return []  # asked for again when the store goes live
    with client_for(effect.order.store) as client:
        if effect.kind == StoreEffect.Kind.STATUS:
            _apply_status(effect, client, claim)
        else:
            _apply_metafield(effect, client, claim)
    return []


def _apply_status(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    order, wanted = effect.order, int(effect.intended["status_id"])
    found = client.get_order(order.number)
    if found.status_id == wanted:
        _finish(
            effect, claim, State.DONE, _answer(found), f"The order in the store is {ORDER_STATUSES[wanted]}."
        )
        return
    if found.status_id not in order.store.movable_statuses:
        sentence = (
            f"The order stays {ORDER_STATUSES.get(found.status_id, found.status_id)} in the store: somebody moved it"
            f" there, and only {', '.join(ORDER_STATUSES[each] for each in order.store.movable_statuses)} are moved to"
            f" {ORDER_STATUSES[wanted]}."
        )
        _finish(effect, claim, State.SKIPPED, _answer(found), sentence)
        return
    _begin(effect, claim)
    try:
        written = client.update_status(order.number, wanted)
    except IntegrationError as error:
        _interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _finish(
        effect,
        claim,
        State.DONE,
        _answer(written),
        f"The order in the store is now {ORDER_STATUSES[wanted]}.",
    )


def _apply_metafield(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    key, value = effect.intended["key"], effect.intended["value"]
    _begin(effect, claim)
    try:
        # Looks for the field first and writes only what differs: repeating it changes nothing.
        client.set_order_metafield(effect.order.number, NAMESPACE, key, value)
    except IntegrationError as error:
        _interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _finish(
        effect, claim, State.DONE, {}, "The purchase order's answer is written to the order in the store."
    )


def _answer(found: Any) -> dict[str, Any]:
    return {"status_id": found.status_id, "date_modified": found.date_modified.isoformat()}


def _begin(effect: StoreEffect, claim: Claim) -> None:
    with claim.transaction():
        StoreEffect.objects.filter(pk=effect.pk, state__in=_UNDONE).update(state=State.SENDING)
    failpoint("effect.sending")


def _interrupted(effect: StoreEffect, claim: Claim, error: IntegrationError) -> None:
    if isinstance(error, RetryableError):
        state = State.UNKNOWN if error.ambiguous else State.WAITING
    else:
        state = State.FAILED if isinstance(error, PermanentError) else State.WAITING
    with claim.transaction():
        StoreEffect.objects.filter(pk=effect.pk, state=State.SENDING).update(
            state=state, answer={"error": str(error)}
        )


def _finish(effect: StoreEffect, claim: Claim, state: str, answer: dict[str, Any], sentence: str) -> None:
    with claim.transaction():
        done = StoreEffect.objects.filter(pk=effect.pk, state__in=_UNDONE).update(
            state=state, answer=answer, finished_at=timezone.now()
        )
        if done:
            record_event(effect.order.subject, f"effect_{state}", sentence)
        if done and state == State.DONE and effect.kind == StoreEffect.Kind.STATUS:
            Order.objects.filter(pk=effect.order_id).update(status_id=answer["status_id"])
