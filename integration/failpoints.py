"""Named places between two durable steps, where a chaos test may end the process.

A place does nothing unless armed. ``arm`` is called by tests alone. What a step has done and committed, and not yet
handed over, is ``<step>.done``: one place for each step of ``integration.flows.steps``. Calls of a store are no steps: their
places, ``hook.…``, are before the commit, between it and the answer, and after the answer.
"""

from __future__ import annotations

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}

PLACES = (
    "work.claimed",
    "poll_store.done",
    "import_order.done",
    "route.done",
    "compose.done",
    "acknowledge.done",
    "generate.done",
    "invoice.read",
    "invoice.committed",
    "invoice_order.done",
    "write_return.done",
    "transmit.attempt_committed",
    "transport.uploaded",
    "transmit.sent",
    "transmit.done",
    "receive.stored",
    "receive.removed",
    "fetch_mailbox.done",
    "translate.done",
    "match.done",
    "read_translated.done",
    "send_again.done",
    "destroy.done",
    "effect.sending",
    "effect.written",
    "apply_effect.done",
    "tell_notices.done",
    "webhook.posted",
    "post_webhook.done",
    "read_events.done",
    "event.posted",
    "post_events.done",
    "read_catalogue.done",
    "level_stock.done",
    "trim_stock.done",
    "stock.sending",
    "stock.written",
    "stock.limits_sending",
    "stock.limits_written",
    "write_stock.done",
    "hook.stored",
    "hook.taken",
    "hook.answered",
    "check_hooks.done",
    "mail.agreed",
    "mail.sending",
    "mail.given",
    "send_mail.done",
    "send_account_mail.done",
    "fetch_bounces.done",
    "export.part_written",
    "write_export.done",
    "copies.made",
    "copy_payloads.done",
    "reconcile.done",
    "reconcile_all.done",
    "seal_archive.done",
    "check_archive.done",
    "work.failed",
)


def failpoint(name: str) -> None:
    """Do what was armed for ``name``; as a rule nothing."""
    act = _armed.get(name)
    if act is not None:
        act()


def arm(name: str, act: Callable[[], None]) -> None:
    """Have ``act`` called whenever the place ``name`` is passed, in this process."""
    if name not in PLACES:
        raise ValueError(f"{name} is no failpoint; there are: {', '.join(PLACES)}")
    _armed[name] = act


def disarm() -> None:
    """Forget everything that was armed."""
    _armed.clear()
