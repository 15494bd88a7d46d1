"""Persons of orders: one for each, whoever comes first; what is written lies under their key, what comes in is tied to them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connections, transaction

import integration
from archive import store
from archive.models import DataSubject, PayloadSubject, SubjectKey
from archive.subjects import find_subject, name_in_store, subject_of
from integration.flows.persons import person_name, person_of, tie
from integration.models import Order, OrderDocument
from tests import factories


@pytest.mark.parametrize(
    ("customer", "email", "name"),
    [
        (17, "Nora@Example.net", "person:h1:customer:17"),
        (0, " Nora@Example.NET ", "person:h1:email:nora@example.net"),
        (0, "", ""),
    ],
)
def test_a_customer_is_named_by_number_and_a_guest_by_address(customer: int, email: str, name: str) -> None:
    assert name_in_store("h1", customer=customer, email=email) == name


@pytest.mark.django_db
def test_an_order_that_names_nobody_is_a_person_of_its_own() -> None:
    first, second = factories.order(71), factories.order(72)
    assert person_name(first) == f"person:{first.store.store_hash}:order:71"
    assert person_of(first) != person_of(second)


@pytest.mark.django_db
def test_two_orders_of_a_customer_are_of_one_person_with_one_key() -> None:
    of = factories.store()
    orders = [factories.order(number, of=of) for number in (81, 82)]
    for each in orders:
        each.content["customer_id"] = 17
        each.save()
    assert person_of(orders[0]) == person_of(orders[1])
    assert SubjectKey.objects.count() == DataSubject.objects.count() == 1
    assert Order.objects.get(number=81).person == DataSubject.objects.get()


@pytest.mark.django_db
def test_who_it_is_stays_as_it_was_told_first() -> None:
    order = factories.order()
    first = person_of(order)
    order.content["billing_address"]["email"] = "new@example.net"
    assert person_of(order) == first


@pytest.mark.django_db
def test_a_person_is_found_under_a_former_store_key(settings: object) -> None:
    made = subject_of("person:h:customer:1")
    settings.ENCRYPTION_KEYS = ["v4n1iVgSTeDh6vuqFh9f3Hkqg4bVvNnSdTt0tCNmIk8=", *settings.ENCRYPTION_KEYS]  # type: ignore[attr-defined]
    assert subject_of("person:h:customer:1") == made
    assert find_subject("person:h:customer:2") is None


@pytest.mark.django_db(transaction=False)
def test_a_purchase_order_lies_under_its_persons_key() -> None:
    document = factories.sent()
    [link] = document.orders.all()
    payload = document.interchange.payload
    assert payload.key.under == link.order.person
    assert list(payload.subjects.values_list("subject", flat=True)) == [link.order.person_id]
    assert store.open(payload, purpose="test").startswith(b"ISA")


@pytest.mark.django_db
def test_what_comes_in_is_tied_to_the_person_once_it_is_tied_to_the_order() -> None:
    made = factories.purchase_order()
    answer = factories.document(made.agreement, number=made.number)
    assert not PayloadSubject.objects.exists()
    for _ in range(2):
        tie(made.order, answer, OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT, made)
    [row] = PayloadSubject.objects.all()
    assert (row.payload, row.subject) == (answer.interchange.payload, made.order.person)
    assert answer.interchange.payload.key.under is None


@pytest.mark.django_db
def test_an_acknowledgment_of_the_envelope_speaks_of_nobody() -> None:
    made = factories.purchase_order()
    answer = factories.document(made.agreement, "997")
    tie(made.order, answer, OrderDocument.Role.FUNCTIONAL_ACKNOWLEDGMENT, made)
    assert made.order.documents.count() == 1
    assert not PayloadSubject.objects.exists()


def test_nothing_is_put_with_an_order_in_another_way() -> None:
    folder = Path(integration.__file__).parent
    written = re.compile(r"OrderDocument(\.objects\.\w*create\w*\(|\()")
    found = {
        path.name
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts and written.search(path.read_text()) and path.name != "store.py"
    }
    assert found == {"persons.py"}


def test_many_at_once_make_one_person_and_one_key(committed: str) -> None:
    ready = Barrier(8)

    def make(_: int) -> tuple[int, bytes]:
        try:
            with transaction.atomic():
                ready.wait(120)
                subject = subject_of("person:h:customer:99")
                return subject.pk, bytes(SubjectKey.objects.get(subject=subject).wrapped)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(make, range(8)))
    assert len(found) == 1
    assert (DataSubject.objects.count(), SubjectKey.objects.count()) == (1, 1)
