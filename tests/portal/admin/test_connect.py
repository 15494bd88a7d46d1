"""The page of a store's connection: what the token may do, what the store says of itself, and whether it calls us."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import AuditEntry
from integration.bigcommerce import connection
from integration.flows import connect
from integration.flows.hooks import Verdict, take
from integration.models import HookCall, Store, StoreHook
from integration.simulators.store.faults import Fault
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.scopes import SCOPES
from integration.simulators.store.server import StoreSimulator
from partners.models import Mode
from portal.admin.connect import NEEDS
from portal.admin.show import page_url
from tests import calls, factories
from tests.pages import Desk
from tests.portal.admin.conftest import client_of

PUBLIC_URL = "http://127.0.0.1:9"


def page_of(store: Store) -> str:
    return reverse("admin:integration_store_connection", args=[store.pk])


def opened(scopes: frozenset[str] = SCOPES) -> StoreSimulator:
    return StoreSimulator(
        generated_orders(), placed=[1001, 1002], store_hash="harborpine", token="right", scopes=scopes
    )


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[StoreSimulator]:
    monkeypatch.setattr(connection, "TRIES", 1)
    settings.PUBLIC_URL = PUBLIC_URL
    with opened() as simulator:
        yield simulator


def row_of(simulator: StoreSimulator, **fields: Any) -> Store:
    given = {
        "store_hash": "harborpine",
        "base_url": simulator.url,
        "token": "right",
        "client_secret": calls.CLIENT_SECRET,
        "mode": Mode.LIVE,
        "time_zone": "America/Chicago",
        **fields,
    }
    return factories.store("Fern & Stone", **given)


@pytest.fixture
def store(db: None, simulator: StoreSimulator) -> Store:
    return row_of(simulator)


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def results(client: Client, store: Store) -> dict[str, str]:
    """Return the badge of each need, by its words."""
    words = Desk(client).read(page_of(store))
    found = {}
    for need in NEEDS:
        start = f"{need.words} {need.scope} {need.purpose} "
        assert words.count(start) == 1, need.words
        rest = words.partition(start)[2]
        found[need.words] = next(
            badge for badge in ("Granted", "Missing", "Token refused", "Not known") if rest.startswith(badge)
        )
    return found


ALL = [need.words for need in NEEDS]


def test_everything_that_the_store_says_is_on_the_page(viewer: Client, store: Store) -> None:
    assert results(viewer, store) == dict.fromkeys(ALL, "Granted")
    words = Desk(viewer).read(page_of(store))
    for expected in (
        "The store Name Harbor & Pine Domain harborandpine.example.com State Live Time zone America/Chicago Currency USD Orders 2",
        "Currencies Code Name Use USD US Dollar Default EUR Euro Paid in JPY Japanese Yen Paid in Channels",
        "Channels Number Name Kind State 1 Harbor & Pine Storefront, bigcommerce Active"
        " 1041 Harbor & Pine Trade Storefront, bigcommerce Prelaunch Locations",
        "Locations Number Code Name State 1 DEFAULT Harbor Street In use 2 OLD-MILL Old mill (closed) Not in use Order statuses",
        "1 Pending Pending May be moved 2 Shipped",
        "11 Awaiting Fulfillment Awaiting Fulfillment Worked on, may be moved 12",
        "Stock Stock moves When an order is placed An order is edited Stock follows An order is refunded Stock stays",
        "Webhook Not registered The store calls Gridport when an order changes. A call is a hint alone: without any,"
        " changes are found by asking every 60 seconds.",
    ):
        assert expected in words
    assert "Correct it" not in words


def test_looking_changes_nothing_in_the_store(
    viewer: Client, store: Store, simulator: StoreSimulator
) -> None:
    before = [simulator.state.order(number) for number in (1001, 1002)]
    Desk(viewer).read(page_of(store))
    assert [simulator.state.order(number) for number in (1001, 1002)] == before
    assert (simulator.state.metafields, simulator.webhooks.hooks()) == ({}, [])
    assert [each["path"] for each in simulator.state.ledger if each["method"] != "GET"] == [
        "/v2/orders/0",
        "/v3/orders/0/metafields",
    ]
    assert not AuditEntry.objects.exists()


READING = {f"{scope}_read_only" for scope in SCOPES if not scope.endswith("_read_only")}


@pytest.mark.parametrize(("scopes", "missing"), [
    (READING, ["Change orders", "Write metafields of orders"]),
    (READING - {"store_v2_orders_read_only"}, ["Read orders", "Change orders", "Write metafields of orders"]),
    (READING - {"store_v2_products_read_only"}, ["Change orders", "Write metafields of orders", "Read products"]),
    (SCOPES - {"store_v2_information", "store_v2_information_read_only"}, ["Read the store's settings"]),
    (SCOPES - {"store_channel_settings", "store_channel_settings_read_only"}, ["Read channels"]),
    (SCOPES - {"store_locations", "store_locations_read_only"}, ["Read locations"]),
    ({"store_v2_orders"}, ["Read products", "Read the store's settings", "Read channels", "Read locations"]),
])  # fmt: skip
def test_each_scope_that_is_missing_is_named_with_what_to_do(
    viewer: Client, scopes: set[str], missing: list[str]
) -> None:
    with opened(frozenset(scopes)) as simulator:
        store = row_of(simulator)
        assert results(viewer, store) == {name: "Missing" if name in missing else "Granted" for name in ALL}
        words = Desk(viewer).read(page_of(store))
    for need in NEEDS:
        advice = (
            f"Missing Give the API account in the store the scope “{need.scope}”. Until then {need.without}."
        )
        assert (f"{need.purpose} {advice}" in words) == (need.words in missing)


def test_a_refused_token_is_said_and_the_page_still_stands(viewer: Client, simulator: StoreSimulator) -> None:
    store = row_of(simulator, token="stale")
    assert results(viewer, store) == dict.fromkeys(ALL, "Token refused")
    words = Desk(viewer).read(page_of(store))
    assert (
        "The store refused our API token (read the channels). Make a new token in the store's API accounts"
        in words
    )
    assert "Webhook Not known" in words


@pytest.mark.parametrize(("path", "need", "sentence"), [
    ("/v3/channels", "Read channels", "The store answered with a web page instead of data (read the channels, HTTP 200)."),
    ("/v2/store", "Read the store's settings", "The store answered with a web page instead of data (read the store's profile, HTTP 200)."),
    ("/v3/inventory", "Read locations", "The store answered with a web page instead of data (read the locations, HTTP 200)."),
    ("/v2/currencies", "", "The store answered with a web page instead of data (read the currencies, HTTP 200)."),
    ("/v2/order_statuses", "", "The store answered with a web page instead of data (read the order statuses, HTTP 200)."),
    ("/v3/settings", "", "The store answered with a web page instead of data (read the stock setting, HTTP 200)."),
    ("/v3/hooks", "Register webhooks", "The store answered with a web page instead of data (list the webhooks, HTTP 200)."),
])  # fmt: skip
def test_a_part_that_fails_says_so_and_breaks_no_other(
    viewer: Client, store: Store, simulator: StoreSimulator, path: str, need: str, sentence: str
) -> None:
    fault = Fault("GET", path, times=100, kind="html")
    simulator.state.faults.append(fault)
    assert results(viewer, store) == {name: "Not known" if name == need else "Granted" for name in ALL}
    words = Desk(viewer).read(page_of(store))
    assert sentence in words
    titles = (
        "What the token may do",
        "The store",
        "Currencies",
        "Channels",
        "Locations",
        "Order statuses",
        "Webhook",
        "Stock",
    )
    assert [title for title in titles if title not in words] == []
    problems = words.count("instead of data")
    assert problems == (1 if not need or path == "/v3/settings" else 2)


def test_a_store_that_takes_too_long_is_not_asked_for_ever(
    viewer: Client, store: Store, simulator: StoreSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def monotonic() -> float:
        took_long = any(each["method"] == "PUT" for each in simulator.state.ledger)
        return time.monotonic() + (connect.PATIENCE + 1 if took_long else 0)

    monkeypatch.setattr(connect, "time", SimpleNamespace(monotonic=monotonic))
    found = results(viewer, store)
    assert found == {**dict.fromkeys(ALL, "Not known"), "Read orders": "Granted", "Change orders": "Granted"}
    assert len(simulator.state.ledger) == 2
    simulator.state.ledger.clear()
    words = Desk(viewer).read(page_of(store))
    assert "Not asked: the store took too long over what was asked before. Look again in a minute." in words


def test_a_store_that_is_away_is_a_sentence(viewer: Client, simulator: StoreSimulator) -> None:
    store = row_of(simulator, base_url="http://127.0.0.1:9")
    assert results(viewer, store) == dict.fromkeys(ALL, "Not known")
    assert "The store could not be reached (count the orders). It is tried again by itself." in Desk(
        viewer
    ).read(page_of(store))


def test_a_store_hash_that_is_none_is_a_sentence(viewer: Client, simulator: StoreSimulator) -> None:
    store = row_of(simulator, store_hash="stores/abc")
    assert results(viewer, store) == dict.fromkeys(ALL, "Not known")
    assert "The store hash 'stores/abc' is not one" in Desk(viewer).read(page_of(store))
    assert simulator.state.ledger == []


def test_settings_that_are_not_the_stores_are_pointed_out(viewer: Client, simulator: StoreSimulator) -> None:
    words = Desk(viewer).read(page_of(row_of(simulator, time_zone="UTC", currency="EUR")))
    assert (
        "The store's time zone is America/Chicago, and Gridport reckons with UTC. Correct it on the store's page."
        " The store's currency is USD, and Gridport reckons with EUR. Correct it on the store's page."
    ) in words


# The webhook


def test_somebody_in_decide_registers_the_webhook_with_a_reason(
    decider: Client, store: Store, simulator: StoreSimulator
) -> None:
    assert "Reason Kept with the decision and shown in the timeline. Register" in Desk(decider).read(
        page_of(store)
    )
    answer = decider.post(page_of(store), {"reason": " "})
    assert said(answer) == "Say why in a few words: the reason is kept with the decision."
    assert simulator.webhooks.hooks() == []
    answer = decider.post(page_of(store), {"reason": "Orders within seconds."})
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(store))
    assert said(answer) == "The store calls Gridport."
    (made,) = simulator.webhooks.hooks()
    assert made.destination.startswith(f"{PUBLIC_URL}/hooks/bigcommerce/")
    words = Desk(decider).read(page_of(store))
    assert "Webhook In order The store calls Gridport" in words
    assert f"Webhook {made.id} Last call None yet Calls in 24 hours 0 Last checked" in words
    assert "Reason" not in words
    assert "The store's webhook was registered. Orders within seconds." in Desk(decider).page(store)
    assert AuditEntry.objects.values_list("actor", "verb", "reason").get() == (
        "dora",
        "register hook",
        "Orders within seconds.",
    )


def registered(store: Store) -> StoreHook:
    connect.register_hooks(factories.user(group="decide"), store, "Faster.")
    return StoreHook.objects.get()


def test_the_page_tells_of_calls_taken_and_refused(viewer: Client, store: Store) -> None:
    hook = registered(store)
    for number in (1001, 1002, 1003):
        body = calls.event(number)
        assert take(hook.key, calls.headers(hook, body), body) is Verdict.TAKEN
    first, second, third = HookCall.objects.order_by("pk")
    HookCall.objects.filter(pk=first.pk).update(received_at=timezone.now() - timedelta(days=2))
    HookCall.objects.filter(pk=third.pk).update(received_at="2026-01-02T03:04Z")
    HookCall.objects.filter(pk=second.pk).update(received_at=timezone.now())
    take(hook.key, {}, b"{}")
    words = Desk(viewer).read(page_of(store))
    assert "Calls in 24 hours 1 Last checked" in words
    assert "Calls refused 1 The last of them" in words
    assert "Because it was not signed" in words
    HookCall.objects.exclude(pk=third.pk).delete()
    assert "Last call 2 Jan 2026 03:04 UTC Calls in 24 hours 0" in Desk(viewer).read(page_of(store))


def test_a_webhook_that_is_not_in_order_is_repaired_and_others_left_alone(
    decider: Client, store: Store, simulator: StoreSimulator
) -> None:
    hook = registered(store)
    other = simulator.webhooks.add({"scope": "store/order/*", "destination": "http://127.0.0.1:9/other/"})
    before = asdict(other)
    simulator.webhooks.change(hook.number, {"is_active": False, "headers": {}})
    words = Desk(decider).read(page_of(store))
    assert "Webhook Not in order" in words
    assert "It is not active and without our secret header." in words
    assert (
        "Number Told of Calls Whose State"
        f" {hook.number} store/order/* 127.0.0.1:9 Gridport Not active"
        f" {other.id} store/order/* 127.0.0.1:9 Somebody else Active" in words
    )
    assert "shown in the timeline. Repair" in words
    decider.post(page_of(store), {"reason": "They had a fault."})
    words = Desk(decider).read(page_of(store))
    assert "Webhook In order" in words
    assert "It is not active" not in words
    assert asdict(other) == before


def test_of_other_webhooks_the_page_shows_no_more_than_their_host(
    viewer: Client, store: Store, simulator: StoreSimulator
) -> None:
    for place in ("b", "a"):
        simulator.webhooks.add(
            {
                "scope": "store/order/*",
                "destination": f"http://user:pass-{place}@127.0.0.1/key-{place}?q=s3cret",
            }
        )
    registered(store)
    text = viewer.get(page_of(store)).content.decode()
    assert [word for word in ("pass-", "key-", "s3cret") if word in text] == []
    numbers = [each.id for each in simulator.webhooks.hooks()]
    words = Desk(viewer).read(page_of(store))
    assert (
        f"{numbers[2]} store/order/* 127.0.0.1:9 Gridport Active"
        f" {numbers[0]} store/order/* 127.0.0.1 Somebody else Active"
        f" {numbers[1]} store/order/* 127.0.0.1 Somebody else Active" in words
    )


def test_a_webhook_whose_calls_are_refused_is_not_said_to_be_in_order(viewer: Client, store: Store) -> None:
    hook = registered(store)
    wrong, right = calls.event(1001), calls.event(1002)
    take(hook.key, calls.headers(hook, wrong, client_secret="mistyped"), wrong)
    words = Desk(viewer).read(page_of(store))
    assert "Webhook Calls are refused" in words
    assert "Because its signature is not of our client secret" in words
    assert take(hook.key, calls.headers(hook, right), right) is Verdict.TAKEN
    assert "Webhook In order" in Desk(viewer).read(page_of(store))


def test_what_keeps_the_store_from_being_told_stands_in_place_of_the_button(
    decider: Client, store: Store, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    words = Desk(decider).read(page_of(store))
    assert "Gridport does not know under which address the internet reaches it. Set PUBLIC_URL" in words
    assert "Reason" not in words
    answer = decider.post(page_of(store), {"reason": "All the same."})
    assert said(answer).startswith("Gridport does not know under which address")
    assert not StoreHook.objects.exists()


def test_somebody_in_view_looks_and_does_nothing(
    viewer: Client, store: Store, simulator: StoreSimulator
) -> None:
    words = Desk(viewer).read(page_of(store))
    assert "You may look at this, and not change it: ask a partner administrator or an operator." in words
    assert "<textarea" not in viewer.get(page_of(store)).content.decode()
    assert viewer.post(page_of(store), {"reason": "I may not"}).status_code == 403
    assert simulator.webhooks.hooks() == []
    assert not StoreHook.objects.exists()


def test_others_see_nothing_of_it(store: Store, simulator: StoreSimulator) -> None:
    assert client_of(factories.user(group="")).get(page_of(store)).status_code == 403
    stranger = Client().get(page_of(store))
    assert (stranger.status_code, stranger.headers["Location"]) == (
        302,
        f"{reverse('admin:login')}?next={page_of(store)}",
    )
    assert simulator.state.ledger == []


def test_a_store_that_is_not_there_leads_back(viewer: Client) -> None:
    answer = viewer.get(reverse("admin:integration_store_connection", args=[999]))
    assert answer.status_code == 302
    assert said(answer) == "store with ID “999” doesn’t exist. Perhaps it was deleted?"


def test_the_form_is_needed_to_register(store: Store, simulator: StoreSimulator) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.user(group="decide"))
    assert strict.post(page_of(store), {"reason": "Please."}).status_code == 403
    assert simulator.webhooks.hooks() == []


def test_the_stores_page_leads_there(viewer: Client, decider: Client, store: Store) -> None:
    for client in (viewer, decider):
        assert f'href="{page_of(store)}"' in client.get(page_url(store)).content.decode()
        assert "Client secret" in Desk(client).page(store)
    assert "Connection Test it" not in Desk(decider).read(reverse("admin:integration_store_add"))


def test_neither_key_nor_secrets_are_on_a_page(
    decider: Client, store: Store, simulator: StoreSimulator
) -> None:
    hook = registered(store)
    simulator.webhooks.change(hook.number, {"destination": "http://127.0.0.1:9/elsewhere/"})
    for address in (page_of(store), page_url(store)):
        text = decider.get(address).content.decode()
        for secret in (hook.key, hook.secret, calls.CLIENT_SECRET, "enc:"):
            assert secret not in text
