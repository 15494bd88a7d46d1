"""Calls of a store are hints: taken once, looked into once in a while, and missed by nobody when they are lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from archive.models import AuditEntry, Event, Transmission
from integration import tasks
from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.webhooks import SCOPE
from integration.flows import connect, decide, import_orders
from integration.flows.hooks import LOOK_AFTER, Verdict, take
from integration.flows.steps import STEPS, standing_steps
from integration.models import ExceptionCase, HookCall, Order, Pause, PurchaseOrder, Store, StoreHook, Work
from integration.models.store import FORMER_SECRET_LASTS
from integration.simulators.store.faults import Fault
from partners.models import Mode
from tests import calls, factories
from tests.world import World, world

__all__ = ["world"]

PUBLIC_URL = "http://127.0.0.1:9"


@pytest.fixture
def hook(db: None) -> StoreHook:
    return calls.hooked()


def due_in(step: str = "import_order") -> float:
    """Return the seconds until the one such piece of work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM due_at - clock_timestamp())::float FROM integration_work WHERE step = %s",
            [step],
        )
        ((seconds,),) = cursor.fetchall()
    return float(seconds)


def waited_after(call: HookCall) -> timedelta:
    """Return how much longer than ``LOOK_AFTER`` after ``call`` the look at its order is due; at least nothing."""
    beyond = Work.objects.get(step="import_order").due_at - call.received_at - LOOK_AFTER
    assert beyond >= timedelta(0)
    return beyond


def test_a_call_is_stored_as_it_came_and_the_order_looked_at_a_little_later(hook: StoreHook) -> None:
    body = calls.event(1042)
    before = timezone.now()
    assert take(hook.key, calls.headers(hook, body, identity="msg-1"), body) is Verdict.TAKEN
    stored = HookCall.objects.get()
    assert (bytes(stored.body), stored.digest) == (body, hashlib.sha256(body).hexdigest())
    assert (stored.store, stored.webhook_id, stored.scope, stored.order_number, stored.is_stale) == (
        hook.store,
        "msg-1",
        "store/order/updated",
        1042,
        False,
    )
    assert abs(stored.stamped_at - before) < timedelta(seconds=30)
    assert abs(stored.received_at - before) < timedelta(seconds=30)
    asked = Work.objects.get()
    assert (asked.step, asked.subject, asked.ordering_key, asked.lane) == (
        "import_order",
        f"{hook.store_id}:1042",
        f"order:{hook.store_id}:1042",
        STEPS["import_order"].lane,
    )
    assert waited_after(stored) < timedelta(seconds=1)
    assert timedelta(seconds=5) == LOOK_AFTER


@pytest.mark.parametrize("late", [301, 86_400, -301])
def test_abuse_34_a_call_that_was_signed_long_ago_is_a_hint_all_the_same(hook: StoreHook, late: int) -> None:
    body = calls.event(1042)
    assert take(hook.key, calls.headers(hook, body, late=late), body) is Verdict.TAKEN
    assert HookCall.objects.get().is_stale
    assert Work.objects.get().subject == f"{hook.store_id}:1042"


def test_abuse_34_a_captured_call_that_is_made_again_does_nothing(hook: StoreHook) -> None:
    body = calls.event(1042)
    captured = calls.headers(hook, body)
    assert take(hook.key, captured, body) is Verdict.TAKEN
    Work.objects.all().delete()
    assert [take(hook.key, captured, body) for _ in range(3)] == [Verdict.REPEATED] * 3
    assert HookCall.objects.count() == 1
    assert not Work.objects.exists()


def test_one_event_in_two_calls_is_one_event(hook: StoreHook) -> None:
    body = calls.event(1042)
    verdicts = [take(hook.key, calls.headers(hook, body, identity=each), body) for each in ("a", "b")]
    assert verdicts == [Verdict.TAKEN, Verdict.REPEATED]
    assert HookCall.objects.get().webhook_id == "a"
    assert Work.objects.count() == 1


def test_two_stores_may_use_the_same_ids(hook: StoreHook) -> None:
    other = calls.hooked(factories.store(store_hash="fernstone", mode=Mode.LIVE))
    for each, name in ((hook, "harborpine"), (other, "fernstone")):
        body = calls.event(1042, producer=f"stores/{name}")
        assert take(each.key, calls.headers(each, body, identity="same"), body) is Verdict.TAKEN
    assert set(Work.objects.values_list("subject", flat=True)) == {
        f"{hook.store_id}:1042",
        f"{other.store_id}:1042",
    }


@pytest.mark.parametrize(("scope", "data"), [
    ("store/shipment/created", {"type": "shipment", "id": 3, "orderId": 1042}),
    ("store/product/updated", {"type": "product", "id": 1042}),
    ("store/app/uninstalled", {}),
    ("store/order/metafield/updated", {"metafield_id": 7, "resource_id": "1042"}),
    ("store/order/updated", {"type": "order", "id": "x"}),
])  # fmt: skip
def test_a_call_about_anything_but_an_order_is_stored_and_nothing_more(
    hook: StoreHook, scope: str, data: dict[str, Any]
) -> None:
    body = calls.event(scope=scope, data=data)
    assert take(hook.key, calls.headers(hook, body), body) is Verdict.TAKEN
    assert HookCall.objects.values_list("scope", "order_number").get() == (scope, None)
    assert not Work.objects.exists()


BODY = calls.event(1042)
ELSEWHERE = calls.event(1042, producer="stores/fernstone")
NO_JSON = b"order 1042 changed"
SIGNATURE, HEADER = (
    "its signature is not of our client secret",
    "it does not carry the header X-Gridport-Hook as registered",
)
REFUSALS: dict[str, tuple[Callable[[StoreHook], dict[str, str]], bytes, Verdict, str]] = {
    "unsigned": (lambda hook: {"x-gridport-hook": hook.secret}, BODY, Verdict.STRANGER, "it was not signed"),
    "signed by a stranger": (
        lambda hook: calls.headers(hook, BODY, client_secret="guessed"), BODY, Verdict.STRANGER, SIGNATURE),
    "altered": (
        lambda hook: calls.headers(hook, BODY), BODY.replace(b"1042", b"1043"), Verdict.STRANGER, SIGNATURE),
    "another time": (
        lambda hook: calls.headers(hook, BODY, webhook_timestamp="1764000000"), BODY, Verdict.STRANGER, SIGNATURE),
    "without the header": (lambda hook: calls.headers(hook, BODY, x_gridport_hook=None), BODY, Verdict.STRANGER, HEADER),
    "with a wrong header": (
        lambda hook: calls.headers(hook, BODY, x_gridport_hook=hook.key), BODY, Verdict.STRANGER, HEADER),
    "of another store": (
        lambda hook: calls.headers(hook, ELSEWHERE), ELSEWHERE, Verdict.ELSEWHERE, "it speaks of another store"),
    "of no store": (lambda hook: calls.headers(hook, NO_JSON), NO_JSON, Verdict.ELSEWHERE, "it speaks of another store"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_abuse_34_a_call_that_is_not_the_stores_leaves_nothing_but_a_count(
    hook: StoreHook, name: str
) -> None:
    made, body, verdict, why = REFUSALS[name]
    before = timezone.now()
    assert [take(hook.key, made(hook), body) for _ in range(2)] == [verdict] * 2
    assert not HookCall.objects.exists()
    assert not Work.objects.exists()
    hook.refresh_from_db()
    assert (hook.refused, hook.refused_because) == (2, why)
    assert hook.refused_at is not None
    assert hook.refused_at >= before


@pytest.mark.parametrize("key", ["", "short", "k" * 43, "k" * 65, "../../etc/passwd", "k\0" * 20])
def test_a_call_to_an_address_that_is_none_leaves_nothing_at_all(hook: StoreHook, key: str) -> None:
    before = StoreHook.objects.values().get()
    assert take(key, calls.headers(hook, BODY), BODY) is Verdict.STRANGER
    assert StoreHook.objects.values().get() == before
    assert not HookCall.objects.exists()


def test_without_a_client_secret_no_call_is_taken(hook: StoreHook) -> None:
    Store.objects.update(client_secret="")
    assert take(hook.key, calls.headers(hook, BODY, client_secret=""), BODY) is Verdict.STRANGER
    hook.refresh_from_db()
    assert hook.refused_because == "no client secret is stored to check the signature with"


def test_while_the_client_secret_is_changed_two_are_right_and_later_one(hook: StoreHook) -> None:
    def verdict(secret: str) -> Verdict:
        body = calls.event(1042)
        return take(hook.key, calls.headers(hook, body, client_secret=secret), body)

    store = hook.store
    assert verdict("new-client-secret") is Verdict.STRANGER
    store.client_secret = "new-client-secret"
    store.rotate_client_secret(calls.CLIENT_SECRET, timezone.now())
    store.save()
    assert [verdict(each) for each in ("new-client-secret", calls.CLIENT_SECRET, "guessed")] == [
        Verdict.TAKEN,
        Verdict.TAKEN,
        Verdict.STRANGER,
    ]
    store.rotate_client_secret(calls.CLIENT_SECRET, timezone.now() - FORMER_SECRET_LASTS)
    store.save()
    assert [verdict(each) for each in ("new-client-secret", calls.CLIENT_SECRET)] == [
        Verdict.TAKEN,
        Verdict.STRANGER,
    ]


# With the simulated store


@pytest.fixture
def calling(world: World, settings: Any) -> World:
    """A world whose store may be told to call us, at an address where nobody answers."""
    settings.PUBLIC_URL = PUBLIC_URL
    Store.objects.update(client_secret=calls.CLIENT_SECRET)
    world.row.refresh_from_db()
    return world


@pytest.fixture
def registered(calling: World) -> World:
    """A world whose store calls us."""
    connect.register_hooks(factories.user("dora", "decide"), calling.row, "Faster.")
    return calling


def call(number: int, late: int = 0) -> None:
    """Have the store call us about an order."""
    hook, body = StoreHook.objects.get(), calls.event(number)
    assert take(hook.key, calls.headers(hook, body, late=late), body) is Verdict.TAKEN


def asked(world: World, method: str, path: str) -> int:
    """Return how often the store was asked this."""
    return sum((each["method"], each["path"]) == (method, path) for each in world.store.state.ledger)


def make_due(step: str) -> None:
    Work.objects.filter(step=step).update(due_at="2020-01-01T00:00Z")


def test_an_order_that_the_store_called_about_is_read_without_a_poll(registered: World) -> None:
    registered.place(1002)
    call(1002)
    assert tasks.drain_everything() == 0
    make_due("import_order")
    tasks.drain_everything()
    assert Order.objects.get().number == 1002
    assert asked(registered, "GET", "/v2/orders") == 0


def test_abuse_35_calls_about_one_order_are_one_look_at_a_time(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered.place(1002)
    for _ in range(250):
        call(1002)
    assert Work.objects.filter(step="import_order").count() == 1

    def client_while_the_store_calls_on(store: Store) -> StoreClient:
        for _ in range(250):
            call(1002)
        return opened(store)

    opened = import_orders.client_for
    monkeypatch.setattr(import_orders, "client_for", client_while_the_store_calls_on)
    make_due("import_order")
    assert tasks.drain("orders") == 1
    assert asked(registered, "GET", "/v2/orders/1002") == 1
    assert HookCall.objects.count() == 500
    assert waited_after(HookCall.objects.order_by("pk")[250]) < timedelta(seconds=1)
    monkeypatch.setattr(import_orders, "client_for", opened)
    make_due("import_order")
    tasks.drain_everything()
    assert Order.objects.get().state == Order.State.ROUTED
    assert not Work.objects.exists()
    reads = [each for each in registered.store.state.ledger if each["path"] == "/v2/orders/1002"]
    assert len(reads) == 3  # twice for the calls, once for composing


def test_abuse_35_a_call_about_an_order_that_is_not_there_is_closed_with_a_note(registered: World) -> None:
    call(999_999_999)
    make_due("import_order")
    assert tasks.drain("orders") == 1
    assert not Work.objects.exists()
    assert not ExceptionCase.objects.exists()
    assert not Order.objects.exists()
    told = Event.objects.get(kind="order_not_there")
    assert (told.subject, told.sentence) == (
        f"store:{registered.row.pk}",
        "There was word of order 999999999, and the store does not have it. Nothing is to be done.",
    )


def test_an_order_of_ours_that_the_store_no_longer_has_is_for_people(registered: World) -> None:
    registered.place(1002)
    registered.poll()
    registered.store.state.faults.append(Fault("GET", "/v2/orders/1002", status=404))
    call(1002)
    make_due("import_order")
    tasks.drain("orders")
    assert Work.objects.get(step="import_order").parked_at is not None
    case = ExceptionCase.objects.get()
    assert (case.order, case.sentence) == (
        Order.objects.get(),
        "The store does not have it (read order 1002).",
    )


# Registering


def ours(world: World) -> dict[str, Any]:
    """Return the one hook of the store."""
    (found,) = world.store.webhooks.hooks()
    return {name: value for name, value in asdict(found).items() if not name.endswith(("_at", "since"))}


def expected(hook: StoreHook) -> dict[str, Any]:
    return {
        "id": hook.number,
        "scope": SCOPE,
        "destination": f"{PUBLIC_URL}/hooks/bigcommerce/{hook.key}/",
        "headers": {"X-Gridport-Hook": hook.secret},
        "is_active": True,
    }


def told(world: World) -> list[tuple[str, str, str]]:
    about = Event.objects.filter(subject=f"store:{world.row.pk}", kind__startswith="hook_").order_by("pk")
    return list(about.values_list("kind", "sentence", "actor"))


def test_registering_makes_the_hook_and_is_kept_with_its_reason(calling: World) -> None:
    assert standing("check_hooks") == []
    dora = factories.user("dora", "decide")
    assert connect.register_hooks(dora, calling.row, " Orders within seconds. ") == ["not there"]
    hook = StoreHook.objects.get()
    assert ours(calling) == expected(hook)
    assert (len(hook.key), len(hook.secret), hook.key == hook.secret) == (43, 43, False)
    assert hook.is_active
    assert hook.checked_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.subject, entry.reason) == (
        "dora",
        "register hook",
        f"store:{calling.row.pk}",
        "Orders within seconds.",
    )
    sentence = "The store's webhook was registered. Orders within seconds."
    assert told(calling) == [("hook_registered", sentence, "dora")]
    assert standing("check_hooks") == [str(calling.row.pk)]


def standing(name: str) -> list[str]:
    return [step.subject for step in standing_steps() if step.name == name]


def test_registering_twice_leaves_one_hook(registered: World) -> None:
    before = ours(registered)
    assert connect.register_hooks(factories.user("lena", "decide"), registered.row, "Again.") == []
    assert ours(registered) == before
    assert told(registered)[-1] == (
        "hook_registered",
        "The store's webhook was looked at, and in order. Again.",
        "lena",
    )
    assert AuditEntry.objects.count() == 2


WRONG: dict[str, dict[str, Any]] = {
    "not active": {"is_active": False},
    "calling another address": {"destination": "http://127.0.0.1:9/elsewhere/"},
    "without our secret header": {"headers": {"X-Gridport-Hook": "old"}},
    "told of other events": {"scope": "store/order/created"},
}


@pytest.mark.parametrize("fault", WRONG)
def test_registering_mends_the_hook_and_touches_no_other(registered: World, fault: str) -> None:
    hook = StoreHook.objects.get()
    StoreHook.objects.update(refused=7, refused_at=timezone.now(), refused_because="it was not signed")
    webhooks = registered.store.webhooks
    others = [
        webhooks.add({"scope": SCOPE, "destination": "http://127.0.0.1:9/other/", "is_active": False}),
        webhooks.add(
            {"scope": "store/app/uninstalled", "destination": "http://127.0.0.1:9/hooks/bigcommerce/k/"}
        ),
    ]
    before = [asdict(each) for each in others]
    webhooks.change(hook.number, WRONG[fault])
    assert connect.register_hooks(factories.user("lena", "decide"), registered.row, "Mended.") == [fault]
    found = {
        name: value for name, value in asdict(webhooks.hook(hook.number)).items() if name in expected(hook)
    }
    assert found == expected(hook)
    assert [asdict(each) for each in others] == before
    assert len(webhooks.hooks()) == 3
    hook.refresh_from_db()
    assert (hook.refused, hook.refused_at, hook.refused_because) == (0, None, "")


def test_a_header_is_known_whatever_its_letters(registered: World) -> None:
    hook = StoreHook.objects.get()
    registered.store.webhooks.change(hook.number, {"headers": {"x-gridport-hook": hook.secret}})
    assert connect.register_hooks(factories.user("lena", "decide"), registered.row, "Look.") == []


@pytest.mark.parametrize(("change", "sentence"), [
    ({"address": ""}, "Gridport does not know under which address the internet reaches it. Set PUBLIC_URL, such as"
     " https://edi.example.com, and start it again."),
    ({"address": "http://edi.example.com"},
     "The store calls https addresses on port 443 alone, and PUBLIC_URL is http://edi.example.com."),
    ({"address": "https://edi.example.com:8443"},
     "The store calls https addresses on port 443 alone, and PUBLIC_URL is https://edi.example.com:8443."),
    ({"address": "https://edi.example.com:x"},
     "The store calls https addresses on port 443 alone, and PUBLIC_URL is https://edi.example.com:x."),
    ({"address": "edi.example.com"}, "The store calls https addresses on port 443 alone, and PUBLIC_URL is edi.example.com."),
    ({"client_secret": ""}, "The client secret is missing: calls could not be told from a stranger's. Enter it on the store's"
     " page; the store shows it once, with the token, when the API account is made."),
    ({"mode": Mode.WATCH}, "Harbor & Pine is in watch, so nothing is written to it. Let it go live first."),
    ({"paused": "store"}, "Resume it first. The store was paused by olga: Stock-taking."),
    ({"paused": "everything"}, "Resume it first. Everything was paused by olga: Stock-taking."),
    ({"group": "view"}, "You may look at this, and not change it: ask a partner administrator or an operator."),
    ({"reason": "  "}, "Say why in a few words: the reason is kept with the decision."),
])  # fmt: skip
def test_registering_is_refused_with_a_sentence_and_changes_nothing(
    calling: World, settings: Any, change: dict[str, str], sentence: str
) -> None:
    settings.PUBLIC_URL = change.pop("address", settings.PUBLIC_URL)
    group, reason = change.pop("group", "decide"), change.pop("reason", "Faster.")
    if paused := change.pop("paused", ""):
        subject = f"store:{calling.row.pk}" if paused == "store" else paused
        Pause.objects.create(subject=subject, reason="Stock-taking.", paused_by="olga")
    if change:
        Store.objects.update(**change)
    with pytest.raises(decide.Refused) as refusal:
        connect.register_hooks(factories.user(group=group), Store.objects.get(), reason)
    assert str(refusal.value) == sentence
    assert calling.store.state.ledger == []
    assert not StoreHook.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("address", ["https://edi.example.com", "https://edi.example.com:443/", "http://localhost:8000"])  # fmt: skip
def test_an_address_that_a_store_may_call_is_no_reason_against(
    calling: World, settings: Any, address: str
) -> None:
    settings.PUBLIC_URL = address
    assert connect.why_no_hook(calling.row) == ""


def test_a_hook_whose_making_was_not_answered_is_found_again(calling: World) -> None:
    dora = factories.user("dora", "decide")
    calling.store.state.faults.append(Fault("POST", "/v3/hooks", kind="apply_then_close"))
    with pytest.raises(decide.Refused, match="broke the connection off"):
        connect.register_hooks(dora, calling.row, "Faster.")
    hook = StoreHook.objects.get()
    assert hook.number is None
    assert standing("check_hooks") == []
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["register hook"]
    assert connect.register_hooks(dora, calling.row, "Once more.") == []
    hook.refresh_from_db()
    assert ours(calling) == expected(hook)


def test_of_two_people_who_register_at_once_the_second_finds_the_hook_of_the_first(
    registered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = StoreClient.list_hooks
    answers = [[]]

    def list_hooks(client: StoreClient) -> list[Any]:
        return answers.pop() if answers else listed(client)

    monkeypatch.setattr(StoreClient, "list_hooks", list_hooks)
    assert connect.register_hooks(factories.user("lena", "decide"), registered.row, "At once.") == []
    assert ours(registered) == expected(StoreHook.objects.get())
    assert asked(registered, "POST", "/v3/hooks") == 2


# Looking after it


def check(world: World) -> None:
    """Have the hourly look happen now."""
    tasks.tick()
    make_due("check_hooks")
    tasks.drain("store")


def open_sentences() -> list[str]:
    return [case.sentence for case in ExceptionCase.objects.filter(closed_at=None)]


GIVEN_UP = (
    "Harbor & Pine had given up calling Gridport: its webhook was not active, as after 48 hours of calls that were not"
    " answered, or 90 days without an event. It is active again. Orders were found by asking all the while, so none is"
    f" lost. See whether the internet reaches {PUBLIC_URL}; the case closes by itself once a call arrives."
)


def test_a_hook_in_order_is_left_alone_and_looked_at_hourly(registered: World) -> None:
    Store.objects.update(poll_seconds=3600)
    before = ours(registered)
    StoreHook.objects.update(checked_at=None)
    check(registered)
    assert ours(registered) == before
    assert asked(registered, "PUT", f"/v3/hooks/{before['id']}") == 0
    assert StoreHook.objects.get().checked_at is not None
    assert len(told(registered)) == 1
    assert 3590 < due_in("check_hooks") <= 3600


def test_a_hook_that_the_store_gave_up_is_active_again_and_staff_told_until_a_call_arrives(
    registered: World,
) -> None:
    number = StoreHook.objects.get().number
    registered.store.webhooks.change(number, {"is_active": False})
    check(registered)
    assert ours(registered) == expected(StoreHook.objects.get())
    assert told(registered)[1:] == [
        ("hook_mended", "The store's webhook was put in order: it was not active.", "")
    ]
    assert open_sentences() == [GIVEN_UP]
    case = ExceptionCase.objects.get()
    assert (case.kind, case.store) == ("store", registered.row)
    call(1042, late=4000)
    check(registered)
    assert open_sentences() == [GIVEN_UP]
    call(1042)
    check(registered)
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("Gridport", "The store calls again.")
    assert len(told(registered)) == 2


def test_a_hook_is_led_to_a_new_address(registered: World, settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:9/"
    check(registered)
    assert (
        ours(registered)["destination"]
        == f"http://localhost:9/hooks/bigcommerce/{StoreHook.objects.get().key}/"
    )
    assert told(registered)[-1] == (
        "hook_mended",
        "The store's webhook was put in order: it was calling another address.",
        "",
    )
    assert open_sentences() == []


def test_a_hook_that_is_gone_is_for_people_and_not_made_again(registered: World) -> None:
    number = StoreHook.objects.get().number
    registered.store.webhooks.remove(number)
    for _ in range(2):
        check(registered)
    assert registered.store.webhooks.hooks() == []
    assert told(registered)[1:] == [("hook_gone", "The store has no webhook for Gridport any more.", "")]
    (sentence,) = open_sentences()
    assert sentence.startswith(
        "Harbor & Pine has no webhook for Gridport any more: nobody calls when orders change."
    )
    assert connect.register_hooks(factories.user("lena", "decide"), registered.row, "New account.") == [
        "not there"
    ]
    assert open_sentences() == []
    assert ExceptionCase.objects.get().decision_reason == "Registered by lena: New account."
    assert StoreHook.objects.get().number == number + 1


@pytest.mark.parametrize("why", ["watch", "no address"])
def test_only_a_live_store_of_a_portal_with_an_address_is_looked_at(
    registered: World, settings: Any, why: str
) -> None:
    if why == "watch":
        Store.objects.update(mode=Mode.WATCH)
    else:
        settings.PUBLIC_URL = ""
    number = StoreHook.objects.get().number
    registered.store.webhooks.change(number, {"is_active": False})
    before = asked(registered, "GET", "/v3/hooks")
    check(registered)
    assert asked(registered, "GET", "/v3/hooks") == before
    assert not registered.store.webhooks.hook(number).is_active
    assert Work.objects.filter(step="check_hooks").exists()


def test_a_store_in_watch_calls_its_orders_are_read_and_nothing_happens_to_it(registered: World) -> None:
    """Rule 19: a hook that was registered before the store went back to watch changes nothing in the world."""
    decide.back_to_watch(factories.user("otto", superuser=True), registered.row, "Stock-taking.")
    hooks_before = ours(registered)
    registered.place(1002)
    call(1002)
    make_due("import_order")
    registered.run()
    check(registered)
    order = Order.objects.get()
    assert (order.number, order.state) == (1002, Order.State.ROUTED)
    assert [each.state for each in order.purchase_orders.all()] == [PurchaseOrder.State.COMPOSED]
    writes = [each for each in registered.store.state.ledger if each["method"] != "GET"]
    assert [(each["method"], each["path"]) for each in writes] == [("POST", "/v3/hooks")]  # while it was live
    assert ours(registered) == hooks_before
    assert not Transmission.objects.filter(direction="out").exists()
    assert registered.network.arrivals() == []


@pytest.mark.parametrize("mode", Mode.values)
def test_calls_are_kept_for_thirty_days(registered: World, mode: str) -> None:
    Store.objects.update(mode=mode)
    now = timezone.now()
    for days in (29, 31):
        call(1042)
        last = HookCall.objects.latest("pk")
        HookCall.objects.filter(pk=last.pk).update(received_at=now - timedelta(days=days))
    kept = HookCall.objects.earliest("pk").pk
    check(registered)
    assert list(HookCall.objects.values_list("pk", flat=True)) == [kept]


def test_a_store_that_refuses_the_look_is_one_case_by_its_name(registered: World) -> None:
    registered.store.state.faults.append(Fault("GET", "/v3/hooks", status=401))
    check(registered)
    case = ExceptionCase.objects.get()
    assert (case.kind, case.cause) == ("store", f"channel:store:{registered.row.pk}")
    assert case.sentence.startswith("The store refused our API token (list the webhooks).")
    check(registered)
    case.refresh_from_db()
    assert case.decision_reason == "It works again: look whether the store calls us."
