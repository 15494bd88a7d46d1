"""Somebody who may see one partner alone: on every list, page, search and count the other one does not exist."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from archive.models import Document
from integration.models import ExceptionCase, Order, PurchaseOrder
from integration.reach import TABLE
from partners.models import Agreement
from portal.access import reach_of, seen
from portal.admin.show import list_url, page_url
from portal.models import Access
from tests import factories

LISTED = [model for model in admin.site._registry if model in TABLE]
OPEN = {"ExceptionCase": "cases=all", "Expectation": "due=all"}


class World:
    """Two partners with an order each, and one order that went to both; somebody who may see the first partner."""

    def __init__(self) -> None:
        self.ours, self.theirs = factories.everything(), factories.everything()
        self.shared = factories.order()
        for each in (self.ours, self.theirs):
            made = factories.purchase_order(self.shared, each.agreement)
            factories.sent(made)
            factories.case(f"About {made.number}", order=self.shared, partner=each.agreement.partner)
        self.user = limited(factories.user("lina", "decide"), self.ours)
        self.client = Client()
        self.client.force_login(self.user)

    @property
    def not_theirs_to_see(self) -> list[str]:
        """Words that stand on no page."""
        partner = self.theirs.agreement.partner
        numbers = PurchaseOrder.objects.filter(agreement=self.theirs.agreement).values_list(
            "number", flat=True
        )
        identifiers = partner.identifiers.values_list("value", flat=True)
        return [partner.name, self.theirs.agreement.name, *numbers, *identifiers]

    def leaks(self, address: str) -> list[str]:
        """Return the words on the page at ``address`` that are another partner's."""
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        text = answer.content.decode()
        return [
            word for word in self.not_theirs_to_see if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        ]


def limited(user: User, to: PurchaseOrder) -> User:
    access = Access.objects.create(user=user, limits_partners=True)
    access.partners.add(to.agreement.partner)
    return user


@pytest.fixture
def world(db: None) -> World:
    return World()


def rows_of(model: type[Model], user: User) -> list[Model]:
    return list(seen(model._default_manager.order_by("pk"), user))


def test_lists_and_pages_tell_nothing_of_another_partner(world: World) -> None:
    leaks, pages = {}, 0
    for model in LISTED:
        addresses = [list_url(model, OPEN.get(model.__name__, ""))]
        addresses += [page_url(row) for row in rows_of(model, world.user)[:3]]
        for address in addresses:
            pages += 1
            if found := world.leaks(address):
                leaks[address] = found
    assert leaks == {}
    assert pages > 60


def test_a_list_counts_what_may_be_seen(world: World) -> None:
    for model in LISTED:
        answer = world.client.get(list_url(model, OPEN.get(model.__name__, "")))
        assert answer.context["cl"].result_count == len(rows_of(model, world.user)), model


def test_the_page_of_another_partners_row_is_as_if_there_were_none(world: World) -> None:
    asked = 0
    for model in LISTED:
        known = {row.pk for row in rows_of(model, world.user)}
        hidden = next((row for row in model._default_manager.order_by("pk") if row.pk not in known), None)
        if hidden is None:
            continue
        asked += 1
        there, nowhere = (
            world.client.get(page_url(row)) for row in (hidden, type(hidden)(pk=hidden.pk + 10_000_000))
        )
        assert there.status_code == nowhere.status_code == 302, model
        assert there.headers["Location"] == nowhere.headers["Location"], model
    assert asked >= 20


def test_find_brings_nothing_of_another_partner(world: World) -> None:
    find = reverse("find")
    for term in [*world.not_theirs_to_see, str(world.theirs.order.number)]:
        answer = world.client.get(f"{find}?{urlencode({'q': term})}")
        assert answer.status_code == 200, term
        assert answer.context["sections"] == [], term
    begun = world.client.get(f"{find}?q=Larch")
    assert len(begun.context["sections"]) == 1
    assert world.leaks(f"{find}?q=Larch") == []
    own = world.client.get(f"{find}?{urlencode({'q': world.ours.number})}")
    assert [group.order for group in own.context["sections"][0].groups] == [world.ours.order]


def test_the_dashboard_and_the_menu_count_what_may_be_seen(world: World) -> None:
    answer = world.client.get(reverse("admin:index"))
    assert world.leaks(reverse("admin:index")) == []
    tiles = {tile.words: tile.count for tile in answer.context["tiles"]}
    cases = seen(ExceptionCase.objects.filter(closed_at=None), world.user).count()
    assert 0 < cases < ExceptionCase.objects.filter(closed_at=None).count()
    assert tiles["Open cases"] == str(cases)
    assert f">{cases}</span>" in re.sub(r"\s+", "", answer.content.decode())


def test_a_choice_of_documents_to_send_again_leaves_the_others_out(world: World) -> None:
    documents = Document.objects.filter(transaction_set="850", direction="out")
    ids = ",".join(str(each.pk) for each in documents)
    plan = world.client.get(f"{reverse('admin:archive_document_send_many')}?ids={ids}").context["plan"]
    told = {each.document for each in (*plan.sendings, *plan.refusals)}
    assert told == {each.pk for each in rows_of(Document, world.user)} & {each.pk for each in documents}
    assert len(told) < documents.count()


def test_a_settings_form_offers_and_takes_what_may_be_seen(world: World) -> None:
    address = reverse("admin:partners_agreement_changelist")
    second = factories.partner("Larch Second")
    Access.objects.get(user=world.user).partners.add(second)
    text = world.client.get(address).content.decode()
    assert f"partner__id__exact={world.ours.agreement.partner_id}" in text
    assert f"partner__id__exact={world.theirs.agreement.partner_id}" not in text
    offered = world.client.get(
        reverse("admin:autocomplete"),
        {"app_label": "partners", "model_name": "agreement", "field_name": "partner", "term": "Larch"},
    )
    expected = {str(second.pk), str(world.ours.agreement.partner_id)}
    assert {each["id"] for each in offered.json()["results"]} == expected


@pytest.mark.parametrize("verb", ["settle", "take"])
def test_no_verb_reaches_another_partners_case(world: World, verb: str) -> None:
    case = ExceptionCase.objects.filter(partner=world.theirs.agreement.partner, closed_at=None).first()
    assert case is not None
    answer = world.client.post(
        reverse("admin:integration_exceptioncase_decide", args=[case.pk]), {"verb": verb, "reason": "Mine."}
    )
    assert answer.status_code == 302
    case.refresh_from_db()
    assert (case.closed_at, case.owner) == (None, None)


def test_administrators_and_those_whom_nobody_limited_see_everything(world: World) -> None:
    root = factories.user("root", superuser=True)
    limited(root, world.ours)
    free = factories.user("fay", "view")
    for user in (root, free):
        assert not reach_of(user).is_limited
        assert rows_of(Order, user) == list(Order.objects.order_by("pk"))
    gone = factories.user("gus", "decide")
    gone.is_active = False
    assert rows_of(Agreement, gone) == []
