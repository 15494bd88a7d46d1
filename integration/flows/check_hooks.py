"""The hook that a store has for us: compared with what it should be, and put in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.client import Refused, StoreClient
from integration.bigcommerce.webhooks import SCOPE, SECRET_HEADER, Hook, hook_path
from integration.flows.cases import close_cause, open_case
from integration.flows.stores import client_for
from integration.models import ExceptionCase, HookCall, Store, StoreHook, store_channel
from integration.work import Claim, Step
from partners.models import Mode

EVERY = timedelta(hours=1)
KEPT = timedelta(days=30)
"""How long calls are kept: they are hints, and what they hinted at was read."""

NOT_THERE, NOT_ACTIVE = "not there", "not active"


@dataclass(frozen=True)
class Comparison:
    """Our hook as the store has it, or None. ``faults`` say what it is and should not be.

    ``ours`` is it, and what else calls us: left behind by an earlier address.
    """

    hook: Hook | None
    faults: Sequence[str]
    ours: Sequence[Hook]


def destination(hook: StoreHook) -> str:
    """Return the address that the store is to call."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{hook_path(hook.key)}"


def compare(found: Sequence[Hook], hook: StoreHook) -> Comparison:
    """Return which of the store's hooks is ours, and what is wrong with it.

    Ours is what nobody else can have made: it calls an address with our key, or carries our secret.
    """
    ours = [each for each in found if _is_ours(each, hook)]
    ours.sort(key=lambda each: len(_faults(each, hook)))
    if not ours:
        return Comparison(None, [], [])
    return Comparison(ours[0], _faults(ours[0], hook), ours)


def _is_ours(found: Hook, hook: StoreHook) -> bool:
    return urlsplit(found.destination).path == hook_path(hook.key) or _secret(found) == hook.secret


def _secret(found: Hook) -> str:
    return next((text for name, text in found.headers.items() if name.lower() == SECRET_HEADER.lower()), "")


def _faults(found: Hook, hook: StoreHook) -> list[str]:
    faults = {
        NOT_ACTIVE: not found.is_active,
        "calling another address": found.destination != destination(hook),
        "without our secret header": _secret(found) != hook.secret,
        "told of other events": found.scope != SCOPE,
    }
    return [words for words, is_so in faults.items() if is_so]


def put_in_order(client: StoreClient, hook: StoreHook) -> tuple[Hook, list[str]]:
    """Make our hook where it is missing, and mend it where it is not as it should be; leave others' alone.

    Return it as it is now, and what it was and should not have been.
    """
    before = compare(client.list_hooks(), hook)
    if before.hook is None:
        try:
            return client.add_hook(SCOPE, destination(hook), _headers(hook)), [NOT_THERE]
        except Refused:
            # Somebody else, or an earlier try of ours whose answer was lost, was quicker.
            before = compare(client.list_hooks(), hook)
            if before.hook is None:
                raise
    if before.faults:
        return _mend(client, hook, before.hook), list(before.faults)
    return before.hook, []


def _mend(client: StoreClient, hook: StoreHook, found: Hook) -> Hook:
    return client.change_hook(found.id, SCOPE, destination(hook), _headers(hook))


def _headers(hook: StoreHook) -> dict[str, str]:
    return {SECRET_HEADER: hook.secret}


def hook_cause(store: Store) -> str:
    """Return the cause of the case about a store's hook."""
    return f"hook:store:{store.pk}"


def check_step(store_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks at a store's hook."""
    return Step("check_hooks", str(store_pk), f"hooks:{store_pk}", delay, store_channel(store_pk))


def check_hooks(subject: str, claim: Claim) -> list[Step]:
    """Look at the hook that a live store has for us, and mend it; one that is gone is for people to decide.

    A store in watch is not written to (rule 19): its hook is left as it is, and what it calls about is read.
    """
    again = check_step(int(subject), EVERY)
    with claim.transaction():
        HookCall.objects.filter(store=int(subject), received_at__lt=database_now() - KEPT).delete()
    hook = StoreHook.objects.select_related("store").filter(store=int(subject)).exclude(number=None).first()
    if hook is None or hook.store.mode != Mode.LIVE or not settings.PUBLIC_URL:
        return [again]
    with client_for(hook.store) as client:
        before = compare(client.list_hooks(), hook)
        if before.hook is not None and before.faults:
            _mend(client, hook, before.hook)
    with claim.transaction():
        _tell(hook, before)
        StoreHook.objects.filter(pk=hook.pk).update(
            number=before.hook.id if before.hook is not None else hook.number,
            is_active=before.hook is not None,
            checked_at=database_now(),
        )
    return [again]


def _tell(hook: StoreHook, before: Comparison) -> None:
    store, cause = hook.store, hook_cause(hook.store)
    if before.hook is None:
        sentence = (
            f"{store} has no webhook for Gridport any more: nobody calls when orders change. They are found by asking all"
            " the same, a little later. Register it again on the page “Connection” of the store; where its API account"
            " was replaced, enter the new one's token and client secret first."
        )
        if hook.is_active:
            record_event(f"store:{store.pk}", "hook_gone", "The store has no webhook for Gridport any more.")
        open_case(ExceptionCase.Kind.STORE, cause, sentence, store=store)
    elif before.faults:
        what = " and ".join(before.faults)
        record_event(
            f"store:{store.pk}", "hook_mended", f"The store's webhook was put in order: it was {what}."
        )
        if NOT_ACTIVE in before.faults:
            open_case(ExceptionCase.Kind.STORE, cause, _deactivated(store), store=store)
    elif _calls_arrive_again(store, cause):
        close_cause(cause, "The store calls again.")


def _deactivated(store: Store) -> str:
    return (
        f"{store} had given up calling Gridport: its webhook was not active, as after 48 hours of calls that were not"
        " answered, or 90 days without an event. It is active again. Orders were found by asking all the while, so none"
        f" is lost. See whether the internet reaches {settings.PUBLIC_URL}; the case closes by itself once a call"
        " arrives."
    )


def _calls_arrive_again(store: Store, cause: str) -> bool:
    case = ExceptionCase.objects.filter(cause=cause, closed_at=None).first()
    return (
        case is not None
        and HookCall.objects.filter(store=store, is_stale=False, received_at__gt=case.opened_at).exists()
    )
