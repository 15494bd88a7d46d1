"""Routing rules as staff make, change, try and remove them; what the order page and the store's page say of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry, Document
from integration.flows import routing_rules
from integration.flows.rights import Refused
from integration.flows.route import route
from integration.models import Order, PurchaseOrder, PurchaseOrderCounter, RoutingRule, Store, Warehouse, Work
from integration.work import Unclaimed
from partners.models import Agreement
from portal.admin.routing import conditions
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pages import Desk
from tests.portal.admin.test_settings import add, form, problems, said, save

TRY = "/admin/integration/routingrule/try/"
WHAT_IF = "/admin/integration/routingrule/what-if/"


@pytest.fixture
def fern(db: None) -> Store:
    """A store that Larch and Moss serve; both list S-1."""
    made = factories.store("Fern & Stone")
    for name, skus in (("Larch", ["L-1", "S-1"]), ("Moss", ["M-1", "S-1"])):
        made.agreements.add(factories.agreement(name, of=factories.partner(f"{name} Supply"), skus=skus))
    return made


def agreement(name: str) -> Agreement:
    return Agreement.objects.get(name=name)


def rule(name: str = "Shared", **fields: Any) -> RoutingRule:
    given = {"agreement": agreement("Moss"), "skus": ["S-*"], "priority": 10, **fields}
    return RoutingRule.objects.create(name=name, **given)


def hall() -> Warehouse:
    return factories.warehouse("Hall 2")


def kept() -> list[tuple[str, str, str, str, str]]:
    rows = AuditEntry.objects.filter(detail__has_key="what").order_by("pk")
    return [
        (row.verb, row.detail["what"], row.detail.get("was", ""), row.detail.get("is", ""), row.reason)
        for row in rows
    ]


def words(client: Client, address: str) -> str:
    return Desk(client).read(address)


def test_a_rule_is_made_changed_and_removed_for_a_reason_that_is_kept(decider: Client, fern: Store) -> None:
    made = add(
        decider, RoutingRule,
        name="Lamps", priority="20", skus="LAMP-*\r\n LAMP-*\nSHADE, large", brands="Acme Home", regions="mn, Oregon,",
        channels="1, 1041", agreement=agreement("Larch").pk, fulfilment="dropship",
    )  # fmt: skip
    assert made.status_code == 302, problems(made)
    row = RoutingRule.objects.get()
    assert (row.skus, row.brands, row.regions, row.channels) == (
        ["LAMP-*", "SHADE, large"], ["Acme Home"], ["mn", "Oregon"], [1, 1041],
    )  # fmt: skip
    assert save(decider, row, priority="5").status_code == 302
    assert save(decider, row).status_code == 302
    removal = reverse("admin:integration_routingrule_delete", args=[row.pk])
    assert decider.post(removal, {"reason": ""}).status_code == 200
    assert decider.post(removal, {"reason": "No lamps any more."}).status_code == 302
    assert RoutingRule.objects.count() == 0
    changes = kept()
    assert [(verb, what, reason) for verb, what, _, _, reason in changes] == [
        ("add routing rule", "Lamps", "Agreed by telephone."),
        ("change routing rule", "Lamps", "Agreed by telephone."),
        ("remove routing rule", "Lamps", "No lamps any more."),
    ]
    assert changes[0][3].startswith(
        "name Lamps, priority 20, active yes, channels 1 | 1041, SKUs LAMP-* | SHADE, large,"
    )
    assert changes[1][2:4] == ("priority 20", "priority 5")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"channels": "web"}, "channels", "“web” is no number. Write numbers with commas between."),
        ({"fulfilment": "warehouse"}, "warehouse", "Choose the warehouse that the partner ships to."),
        (
            {"warehouse": "HALL"},
            "warehouse",
            "The partner ships to the customer by this rule: leave the warehouse empty.",
        ),
        (
            {"delivery": "pickup"},
            "fulfilment",
            "What the customer collects is shipped to a warehouse of ours.",
        ),
        (
            {"delivery": "pickup", "fulfilment": "warehouse", "warehouse": "HALL", "regions": "MN"},
            "regions",
            "What the customer collects is shipped nowhere: leave this empty.",
        ),
        ({"pickup_methods": "3"}, "pickup_methods", "Only for lines that the customer collects."),
        (
            {"store": "OTHER"},
            "agreement",
            "Agreement Larch does not serve Pine: add it on the store's page first.",
        ),
        ({"reason": ""}, "reason", "Say why in a few words: the reason is kept with the change."),
        (
            {"skus": "\n".join(str(each) for each in range(501))},
            "skus",
            "These are 501; a list has 500 at most.",
        ),
    ],
)
def test_a_rule_that_could_take_nothing_is_refused(
    decider: Client, fern: Store, changes: dict[str, Any], field: str, sentence: str
) -> None:
    chosen = {"HALL": hall().pk, "OTHER": factories.store("Pine").pk}
    given = {name: chosen.get(value, value) for name, value in changes.items()}
    fields = {"name": "Lamps", "agreement": agreement("Larch").pk, "fulfilment": "dropship", **given}
    assert problems(add(decider, RoutingRule, **fields)) == {field: [sentence]}
    assert RoutingRule.objects.count() == 0


def test_a_rule_lets_held_orders_be_looked_at_again_and_leaves_what_was_sent(
    decider: Client, fern: Store
) -> None:
    sent = factories.sent(factories.purchase_order())
    order = factories.order(of=fern, lines=[factories.order_line(1, "S-1")])
    route(str(order.pk), Unclaimed())
    done = add(
        decider, RoutingRule, name="Shared", skus="S-*", agreement=agreement("Moss").pk, fulfilment="dropship"
    )
    assert "One order that was held for it is looked at again now." in said(done)
    assert list(Work.objects.values_list("subject", flat=True)) == [f"{fern.pk}:{order.number}"]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.GENERATED
    assert list(Document.objects.filter(direction="out")) == [sent]


def test_a_rule_is_duplicated_as_a_new_one(decider: Client, fern: Store) -> None:
    row = rule(channels=[1041], note="For the trade", bundles="parent")
    answer = decider.get(reverse("admin:integration_routingrule_duplicate", args=[row.pk]))
    assert answer["Location"].endswith(f"/add/?copy={row.pk}")
    data = form(decider, answer["Location"])
    assert (data["name"], data["channels"], data["skus"]) == ("Shared (copy)", "1041", "S-*")
    assert decider.post(f"{list_url(RoutingRule)}add/", data).status_code == 302
    copy = RoutingRule.objects.get(name="Shared (copy)")
    names = [field.name for field in RoutingRule._meta.concrete_fields if field.name not in ("id", "name")]
    assert [getattr(copy, name) for name in names] == [getattr(row, name) for name in names]


def test_who_may_only_look_changes_nothing(viewer: Client, fern: Store) -> None:
    row = rule()
    assert viewer.get(page_url(row)).status_code == 200
    assert viewer.post(page_url(row), {"name": "Mine", "reason": "x"}).status_code == 403
    assert viewer.get(f"{list_url(RoutingRule)}add/").status_code == 403
    assert viewer.post(WHAT_IF, {"name": "Mine"}).status_code == 403
    with pytest.raises(Refused, match="You may look at this"):
        routing_rules.change(factories.user(group="view"), "Because.", [row])
    with pytest.raises(Refused, match="Say why"):
        routing_rules.change(factories.user(group="decide"), " ", [row])
    assert kept() == []


def test_lists_say_in_short_what_a_rule_takes(decider: Client, fern: Store) -> None:
    assert "Without a rule, a line goes to the one agreement that lists its SKU." in words(
        decider, list_url(RoutingRule)
    )
    assert "No warehouses yet" in words(decider, list_url(Warehouse))
    rule("Later", priority=30, skus=[], is_active=False)
    rule("First", priority=5, skus=["A", "B", "C", "D"], regions=["MN"], store=fern)
    place = hall()
    rule("Shop", priority=7, skus=[], delivery="pickup", fulfilment="warehouse", warehouse=place)
    text = words(decider, list_url(RoutingRule))
    assert text.index("First") < text.index("Shop") < text.index("Later")
    assert [conditions(row) for row in RoutingRule.objects.order_by("priority")] == [
        "SKU A, B, C and 1 more; region MN",
        "Collected",
        "All",
    ]
    removal = reverse("admin:integration_warehouse_delete", args=[place.pk])
    assert decider.post(removal, {"reason": "Closed."}).status_code == 403
    with pytest.raises(Refused, match="Routing rules send to Hall 2: change them first"):
        routing_rules.change(factories.user(group="decide"), "Closed.", removed=[place])


def test_a_warehouse_that_a_purchase_order_is_for_stays(decider: Client, fern: Store) -> None:
    place = hall()
    made = factories.purchase_order(ship_to=f"warehouse:{place.pk}")
    removal = reverse("admin:integration_warehouse_delete", args=[place.pk])
    answer = decider.post(removal, {"reason": "Closed."})
    assert said(answer) == [
        f"Purchase order {made.number} is for Hall 2: it stays, so that it can be told where the goods went."
    ]
    assert Warehouse.objects.filter(pk=place.pk).exists()
    assert save(decider, place, street_1="14 Quay").status_code == 302
    assert kept() == [
        ("change warehouse", "Hall 2", "street 12 Quay", "street 14 Quay", "Agreed by telephone.")
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": "x" * 61}, "name", "Documents carry 60 characters of a name (N102): shorten it."),
        (
            {"party_id_kind": "92"},
            "party_id",
            "Enter the number that the kind is of, or leave the kind empty.",
        ),
        ({"country_iso2": "us"}, "country_iso2", "Two capital letters, such as US."),
    ],
)
def test_a_warehouse_that_no_document_could_name_is_refused(
    decider: Client, fern: Store, changes: dict[str, str], field: str, sentence: str
) -> None:
    fields = {"name": "Hall 2", "street_1": "12 Quay", "city": "Duluth", "zip": "55802", **changes}
    assert problems(add(decider, Warehouse, **fields)) == {field: [sentence]}


def test_of_two_who_enter_the_same_one_is_refused(db: None, fern: Store) -> None:
    rule("Shared")
    twin = RoutingRule(name="Shared", agreement=agreement("Larch"))
    with pytest.raises(Refused, match="Somebody else has entered the same meanwhile"):
        routing_rules.change(factories.user(group="decide"), "Mine.", [twin])
    gone = RoutingRule.objects.get()
    RoutingRule.objects.all().delete()
    with pytest.raises(Refused, match="Somebody else has removed Shared meanwhile"):
        routing_rules.change(factories.user(group="decide"), "Mine.", [gone])
    assert kept() == []


def test_the_order_page_says_why_each_line_went_where_it_did(viewer: Client, fern: Store) -> None:
    rule("Shared", agreement=agreement("Larch"), fulfilment="warehouse", warehouse=hall())
    lines = [
        factories.order_line(1, "S-1"),
        factories.order_line(2, "L-1"),
        factories.order_line(3, "S-1", order_pickup_method_id=3),
    ]
    order = factories.order(of=fern, lines=lines)
    route(str(order.pk), Unclaimed())
    page = words(viewer, page_url(order))
    assert "Rule 10 · Shared: SKU S-1 fits S-*." in page
    assert "No routing rule takes it: the one agreement that lists the SKU does." in page
    assert "The customer collects it, and no rule sends that to a partner." in page
    assert "Our warehouse Hall 2" in page


def test_a_store_says_how_its_purchase_orders_are_numbered(decider: Client, fern: Store) -> None:
    factories.order(1042, of=fern)
    assert "Looks like 1043-1 and 1043-2" in words(decider, page_url(fern))
    assert save(decider, fern, purchase_order_pattern="PO{next:6}", next_number="500").status_code == 302
    assert "Looks like PO000500 and PO000501" in words(decider, page_url(fern))
    assert PurchaseOrderCounter.objects.get(store=fern).next_number == 500
    entry = AuditEntry.objects.get(verb="change next number")
    assert entry.detail == {"what": "next purchase order number", "was": "1", "is": "500"}
    assert save(decider, fern, name="Fern").status_code == 302
    assert AuditEntry.objects.filter(verb="change next number").count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"purchase_order_pattern": "{prefix}{order}"},
            "Put {next} into it, or {order} and {place}: without them two purchase orders would have one number.",
        ),
        (
            {"purchase_order_pattern": "{prefix}-{order}-LONG-{next:6}", "purchase_order_prefix": "FERN"},
            "FERN-1000-LONG-9999999 has 22 characters",
        ),
        (
            {"purchase_order_pattern": "{prefix}-{order}-LONGER-{next:6}", "purchase_order_prefix": "FERN"},
            "FERN-1000-LONGER-9999999 has 24 characters, and a purchase order number has 22 at most. Shorten the pattern or the"
            " prefix.",
        ),
    ],
)
def test_a_pattern_that_makes_no_numbers_is_refused(
    decider: Client, fern: Store, changes: dict[str, str], sentence: str
) -> None:
    answer = save(decider, fern, **changes)
    if "22 characters" in sentence:
        assert answer.status_code == 302
    else:
        assert problems(answer) == {"purchase_order_pattern": [sentence]}


def held(store: Store, sku: str) -> Order:
    order = factories.order(of=store, lines=[factories.order_line(1, sku)])
    route(str(order.pk), Unclaimed())
    assert order.cases.filter(closed_at=None).count() == 1
    return order


def looked_at() -> list[str]:
    return list(Work.objects.filter(step="import_order").values_list("subject", flat=True))


def test_an_agreement_that_comes_to_serve_a_store_lets_held_orders_be_looked_at_again(
    decider: Client, fern: Store
) -> None:
    yew = factories.agreement("Yew", skus=["Y-1"])
    order = held(fern, "Y-1")
    save(decider, fern, name="Fern")
    assert looked_at() == []
    done = save(decider, fern, agreements=[*fern.agreements.values_list("pk", flat=True), yew.pk])
    assert "One order that was held for it is looked at again now." in said(done)
    assert looked_at() == [f"{fern.pk}:{order.number}"]


def test_an_agreement_that_comes_to_take_unlisted_items_lets_held_orders_be_looked_at_again(
    decider: Client, fern: Store
) -> None:
    rule("Odd", skus=["X-*"])
    order = held(fern, "X-1")
    save(decider, agreement("Moss"), name="Moss, too")
    assert looked_at() == []
    done = save(decider, agreement("Moss, too"), takes_unlisted_items="on")
    assert "One order that was held for it is looked at again now." in said(done)
    assert looked_at() == [f"{fern.pk}:{order.number}"]
