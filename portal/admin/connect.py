"""The connection of a store: what its token may do, what it says of itself, and whether it calls us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.bigcommerce.reference import StockSetting
from integration.flows import connect
from integration.flows.connect import Answer, Connection
from integration.flows.rights import EDIT_STORE
from integration.models import HookCall, Store, StoreHook
from portal.admin.base import GridAdmin
from portal.admin.show import BAD, GOOD, QUIET, WARNING, badge, moment
from portal.admin.verbs import person, require, run


@dataclass(frozen=True)
class Need:
    """Something that a token is needed for. ``question`` is the field of ``Connection`` that tells."""

    question: str
    words: str | Promise
    scope: str | Promise
    purpose: str | Promise
    without: str | Promise


NEEDS = (
    Need("orders", gettext_lazy("Read orders"), gettext_lazy("Orders: read-only"), gettext_lazy("Orders are found and read."), gettext_lazy("no order is read")),
    Need("order_writing", gettext_lazy("Change orders"), gettext_lazy("Orders: modify"),
         gettext_lazy("An order that every partner accepted is moved to its next status."), gettext_lazy("orders stay in their status")),
    Need("metafield_writing", gettext_lazy("Write metafields of orders"), gettext_lazy("Orders: modify"),
         gettext_lazy("What the partners answered is noted with the order."), gettext_lazy("nothing is noted with orders")),
    Need("products", gettext_lazy("Read products"), gettext_lazy("Products: read-only"), gettext_lazy("Items are looked up by SKU."), gettext_lazy("no item is looked up")),
    Need("profile", gettext_lazy("Read the store's settings"), gettext_lazy("Information & settings: read-only"),
         gettext_lazy("Time zone, currencies and stock setting are shown here beside Gridport's."), gettext_lazy("they are not shown")),
    Need("channels", gettext_lazy("Read channels"), gettext_lazy("Channel settings: read-only"), gettext_lazy("Channels are shown by name."), gettext_lazy("they are not shown")),
    Need("locations", gettext_lazy("Read locations"), gettext_lazy("Store locations: read-only"), gettext_lazy("Places that hold stock are shown."),
         gettext_lazy("they are not shown")),
    Need("hooks", gettext_lazy("Register webhooks"), gettext_lazy("None is needed"), gettext_lazy("The store says at once that an order changed."),
         gettext_lazy("changes are found by asking alone")),
)  # fmt: skip

_STOCK_MOVES = {
    "order_placed": gettext_lazy("When an order is placed"),
    "order_completed_or_shipped": gettext_lazy("When an order is shipped or completed"),
}


class ConnectableAdmin(GridAdmin):
    """The part of the stores' admin that leads to the page of the connection."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.connection)
        return [
            path("<path:object_id>/connection/", view, name="integration_store_connection"),
            *super().get_urls(),
        ]

    @display(description=gettext_lazy("Connection"))
    def shown_connection(self, store: Store) -> SafeString:
        """Return the way to the page."""
        return format_html(
            '<a class="gp-link" href="{}">{}</a>', _address(store), gettext("Test it, and see its webhooks")
        )

    def connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the store answers now; with a reason, have it call us."""
        store = self.find(request, object_id)
        if store is None:
            return self.missing(request, object_id)
        if request.method == "POST":
            user = require(request, EDIT_STORE)
            reason = request.POST.get("reason", "")
            run(
                request,
                lambda: connect.register_hooks(user, store, reason),
                gettext("The store calls Gridport."),
            )
            return HttpResponseRedirect(_address(store))
        found = connect.look(store)
        context = {
            "title": gettext("Connection of %(store)s") % {"store": store},
            "store": store,
            "needs": [_need(each, found) for each in NEEDS],
            "found": found,
            "differences": _differences(store, found),
            "statuses": _statuses(store, found),
            "stock": _stock(found.stock.value),
            "webhook": _webhook(store, found),
            "hooks": _hooks(store, found),
            "may_edit": person(request).has_perm(EDIT_STORE),
        }
        return self.page(request, store, "portal/connect.html", context)


def _address(store: Store) -> str:
    return reverse("admin:integration_store_connection", args=[store.pk])


def _need(need: Need, found: Connection) -> dict[str, Any]:
    answer: Answer[Any] = getattr(found, need.question)
    problem = answer.problem
    if answer.lacks_scope:
        problem = gettext(
            "Give the API account in the store the scope “%(scope)s”. Until then %(without)s."
        ) % {"scope": need.scope, "without": need.without}
    return {"need": need, "badge": _result(answer), "problem": problem}


def _result(answer: Answer[Any]) -> SafeString:
    if answer.lacks_scope:
        return badge(gettext("Missing"), BAD)
    if answer.lacks_token:
        return badge(gettext("Token refused"), BAD)
    return badge(gettext("Not known"), WARNING) if answer.problem else badge(gettext("Granted"), GOOD)


def _differences(store: Store, found: Connection) -> list[str]:
    """Return where our settings are not what the store says."""
    profile = found.profile.value
    if profile is None:
        return []
    pairs = (
        (gettext("time zone"), store.time_zone, profile.time_zone),
        (gettext("currency"), store.currency, profile.currency),
    )
    return [
        gettext(
            "The store's %(name)s is %(theirs)s, and Gridport reckons with %(ours)s. Correct it on the store's page."
        )
        % {"name": name, "theirs": theirs, "ours": ours}
        for name, ours, theirs in pairs
        if ours != theirs
    ]


def _statuses(store: Store, found: Connection) -> list[dict[str, Any]]:
    rows = []
    for each in found.statuses.value or []:
        uses = {gettext("worked on"): store.import_statuses, gettext("may be moved"): store.movable_statuses}
        words = ", ".join(use for use, statuses in uses.items() if each.id in statuses)
        rows.append({"status": each, "use": words.capitalize()})
    return rows


def _stock(setting: StockSetting | None) -> list[tuple[str, str]]:
    if setting is None:
        return []
    return [
        (gettext("Stock moves"), str(_STOCK_MOVES.get(setting.moves_at, setting.moves_at))),
        (
            gettext("An order is edited"),
            gettext("Stock follows") if setting.follows_edits else gettext("Stock stays"),
        ),
        (
            gettext("An order is refunded"),
            gettext("Stock follows") if setting.follows_refunds else gettext("Stock stays"),
        ),
    ]


def _hooks(store: Store, found: Connection) -> list[dict[str, Any]]:
    """Return the hooks of the API account, ours first. Of a destination only the host is shown: paths may be secrets."""
    hooks = found.hooks.value or []
    ours = connect.our_hook(store, hooks).ours
    rows = [
        {
            "hook": each,
            "host": urlsplit(each.destination).netloc.rpartition("@")[2],
            "whose": gettext("Gridport") if each in ours else gettext("Somebody else"),
            "state": badge(gettext("Active"), GOOD)
            if each.is_active
            else badge(gettext("Not active"), QUIET),
        }
        for each in hooks
    ]
    return sorted(rows, key=lambda row: row["hook"] not in ours)


def _webhook(store: Store, found: Connection) -> dict[str, Any]:
    """Return what is shown of our hook: how it stands, the facts, and which button would help."""
    row = StoreHook.objects.filter(store=store).first()
    stated: dict[str, Any] = {
        "problem": found.hooks.problem or connect.why_no_hook(store),
        "facts": _facts(store, row),
    }
    if found.hooks.value is None:
        return {**stated, "badge": badge(gettext("Not known"), WARNING)}
    ours = connect.our_hook(store, found.hooks.value)
    if ours.hook is None:
        return {**stated, "badge": badge(gettext("Not registered"), QUIET), "button": gettext("Register")}
    if ours.faults and settings.PUBLIC_URL:
        return {
            **stated,
            "badge": badge(gettext("Not in order"), BAD),
            "faults": gettext("It is %(faults)s.") % {"faults": " and ".join(ours.faults)},
            "button": gettext("Repair"),
        }
    if row is not None and _refuses(row):
        return {**stated, "badge": badge(gettext("Calls are refused"), BAD)}
    return {**stated, "badge": badge(gettext("In order"), GOOD)}


def _refuses(hook: StoreHook) -> bool:
    """Say whether the last call was refused: a wrong client secret shows nowhere else."""
    if hook.refused_at is None:
        return False
    return not HookCall.objects.filter(store=hook.store_id, received_at__gt=hook.refused_at).exists()


def _facts(store: Store, hook: StoreHook | None) -> Sequence[tuple[str, object]]:
    if hook is None or hook.number is None:
        return []
    calls = HookCall.objects.filter(store=store).order_by("-received_at")
    last = calls.first()
    today = calls.filter(received_at__gt=timezone.now() - timedelta(days=1)).count()
    facts: list[tuple[str, object]] = [
        (gettext("Webhook"), hook.number),
        (gettext("Last call"), moment(last.received_at) if last else gettext("None yet")),
        (gettext("Calls in 24 hours"), today),
        (gettext("Last checked"), moment(hook.checked_at)),
    ]
    if hook.refused:
        facts += [
            (gettext("Calls refused"), hook.refused),
            (gettext("The last of them"), moment(hook.refused_at)),
            (gettext("Because"), hook.refused_because),
        ]
    return facts
