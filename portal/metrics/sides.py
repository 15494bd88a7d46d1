"""Figures of the other sides: stores and their webhooks, mailboxes and their host keys, and what of them answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max

from integration.models import Channel, HookCall, Store, StoreBudget, StoreHook
from partners.models import Mailbox
from partners.models.host_key import first_without_key
from portal.metrics.exposition import Metric, by

RECENT = timedelta(minutes=10)


def figures(now: datetime) -> list[Metric]:
    """Return the figures; ``now`` by the database's clock. Each reads one row a store, mailbox or channel."""
    return [*_hooks(now), *_budgets(), *_breakers(now), _host_keys(now)]


def _hooks(now: datetime) -> list[Metric]:
    hooks = list(StoreHook.objects.order_by("store"))
    calls = HookCall.objects.order_by()
    last = {store: calls.filter(store=store).aggregate(at=Max("received_at"))["at"] for store in _stores()}
    recent = {store: calls.filter(store=store, received_at__gte=now - RECENT).count() for store in _stores()}
    return [
        by(
            "hook_active",
            "1: the store has an active webhook for us, as last looked at; 0: it has not.",
            "store",
            {str(each.store_id): float(each.is_active) for each in hooks},
        ),
        by(
            "hook_last_call_age_seconds",
            "How long ago the store called last.",
            "store",
            {str(store): (now - at).total_seconds() for store, at in last.items() if at is not None},
        ),
        by(
            "hook_calls_taken_10m",
            "How many calls of the store were taken within the last 10 minutes.",
            "store",
            {str(store): count for store, count in recent.items()},
        ),
        by(
            "hook_calls_refused_total",
            "How many calls of the store were not taken since its webhook was registered or repaired.",
            "store",
            {str(each.store_id): each.refused for each in hooks},
            "counter",
        ),
    ]


def _stores() -> list[int]:
    return list(Store.objects.order_by("pk").values_list("pk", flat=True))


def _budgets() -> list[Metric]:
    rows = list(StoreBudget.objects.order_by("store"))
    return [
        by(
            "bc_quota_left",
            "How many requests the store's rate limit leaves in its window, as last told.",
            "store",
            {str(each.store_id): each.requests_left for each in rows},
        ),
        by(
            "bc_quota",
            "How many requests the store allows in a window.",
            "store",
            {str(each.store_id): each.quota for each in rows},
        ),
    ]


def _breakers(now: datetime) -> list[Metric]:
    rows = list(Channel.objects.order_by("name"))
    return [
        by(
            "breaker_state",
            "1: the store, mailbox, mail server or webhook does not answer, and nothing is asked of it but a probe; 0: it answers.",
            "channel",
            {each.name: float(each.opened_at is not None) for each in rows},
        ),
        by(
            "breaker_open_seconds",
            "For how long it does not answer; 0: it answers.",
            "channel",
            {each.name: (now - each.opened_at).total_seconds() if each.opened_at else 0 for each in rows},
        ),
    ]


def _host_keys(now: datetime) -> Metric:
    boxes = (
        Mailbox.objects.filter(transport=Mailbox.Transport.SFTP).prefetch_related("host_keys").order_by("pk")
    )
    ends = {box.pk: first_without_key(box.host_keys.all(), now) for box in boxes}
    return by(
        "cert_days_left",
        "In how many days the mailbox's last host key ends; left out where one is valid without end.",
        "mailbox",
        {str(pk): (end - now).total_seconds() / 86_400 for pk, end in ends.items() if end is not None},
    )
