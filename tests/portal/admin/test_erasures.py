"""Forgetting a customer, as people do it: proposed on the page of an order, agreed to by somebody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from archive import sealing
from integration.models import Erasure, Order
from integration.work import Unclaimed
from portal.admin.show import list_url, page_url
from portal.models import SavedSearch
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    made = factories.order(4711, customer="Nora Quillfeather", state=Order.State.NOT_OURS)
    made.content["billing_address"] = factories.address(email="nora@example.net")
    made.save()
    return made


@pytest.fixture
def paula() -> User:
    return factories.user("paula", "Partner administrator")


@pytest.fixture
def rhea() -> User:
    return factories.user("rhea", "Records manager")


def test_the_way_from_an_order_to_a_customer_forgotten(order: Order, paula: User, rhea: User) -> None:
    first, second = client_of(paula), client_of(rhea)
    SavedSearch.objects.create(user=rhea, name="Her orders", query="q=Nora+Quillfeather")
    SavedSearch.objects.create(user=rhea, name="Lamps", query="q=lamp")
    export = factories.export_of(factories.api_token(rhea))
    propose = reverse("admin:integration_order_erase", args=[order.pk])
    assert propose in first.get(page_url(order)).content.decode()
    asked = first.get(propose).content.decode()
    assert "Of order 4711: name, addresses, e-mail, telephone, message and gift messages." in asked
    assert "You propose it; somebody else has to agree." in asked
    answer = first.post(propose, {"reason": "Asked for in writing on 3 March."}, follow=True)
    [made] = Erasure.objects.all()
    own = answer.content.decode()
    assert "Waits for a second person" in own
    assert "Agree, and erase" not in own
    decide = reverse("admin:integration_erasure_decide", args=[made.pk])
    refused = first.post(decide, {"verb": "approve", "reason": "Yes."}, follow=True).content.decode()
    assert "You proposed this yourself: somebody else has to agree to it." in refused
    assert "Agree, and erase" in second.get(page_url(made)).content.decode()
    done = second.post(decide, {"verb": "approve", "reason": "Identity checked."}, follow=True)
    told = done.content.decode()
    assert "The customer is forgotten." in told
    assert "No file of the customer&#x27;s was stored, so no key had to be destroyed." in told
    assert "What went" in told
    assert "Its day is sealed and published after midnight (UTC); then a pack proves it." in told
    assert f"?kind=order&amp;text=4711&amp;row={order.pk}" in told
    assert "Agreed to, and carried out." in told
    sealing.close(Unclaimed(), now=True)
    assert "It is sealed with the records of" in second.get(page_url(made)).content.decode()
    page = second.get(page_url(order)).content.decode()
    assert "Quillfeather" not in page
    assert "Erased on" in page
    assert propose not in page
    assert list(SavedSearch.objects.values_list("name", flat=True)) == ["Lamps"]
    export.refresh_from_db()
    assert export.state == "removed"
    listed = second.get(list_url(Erasure)).content.decode()
    assert "Order 4711" in listed
    assert "Carried out" in listed


def test_what_stands_in_the_way_is_told_before_anybody_proposes(order: Order, paula: User) -> None:
    factories.case(order=order)
    page = client_of(paula).get(reverse("admin:integration_order_erase", args=[order.pk])).content.decode()
    assert "Not yet. This stands in the way:" in page
    assert "is open: settle it first." in page
    assert "<textarea" not in page


def test_it_is_withdrawn_by_who_proposed_it(order: Order, paula: User) -> None:
    client = client_of(paula)
    client.post(reverse("admin:integration_order_erase", args=[order.pk]), {"reason": "Asked."})
    made = Erasure.objects.get()
    decide = reverse("admin:integration_erasure_decide", args=[made.pk])
    client.post(decide, {"verb": "withdraw", "reason": "By mistake."})
    assert Erasure.objects.get().state == "withdrawn"
    assert Order.objects.get(pk=order.pk).customer_name == "Nora Quillfeather"
    assert client.post(decide, {"verb": "sing", "reason": "x"}).status_code == 400


def test_customer_service_is_offered_nothing_of_it(order: Order) -> None:
    client = client_of(factories.user("carla", "Customer service"))
    assert "Forget the customer" not in client.get(page_url(order)).content.decode()
    assert client.get(reverse("admin:integration_order_erase", args=[order.pk])).status_code == 403
