"""What cases quote of a person stands in them alone: after an erasure no column of the database tells of the person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import requests
from django.db import connection

from archive.models import Document, Event
from integration.bigcommerce.errors import refusal
from integration.errors import PermanentError
from integration.flows import cases, effects
from integration.flows.cases import close_case, open_case
from integration.flows.compose import canonical_purchase_order
from integration.flows.erase import approve_erasure, propose_erasure
from integration.flows.match_acknowledgments import match_functional_acknowledgment
from integration.flows.nameless import nameless, unquoted
from integration.flows.outgoing import NotWritable
from integration.flows.references import write_references
from integration.flows.writing import written
from integration.models import ExceptionCase, Order, StoreEffect
from integration.work import Unclaimed
from integration.x12.syntax import segment
from tests import factories

pytestmark = pytest.mark.django_db
CANARY = "Quillfeather"
LONG = f"Nora Wilhelmina Alexandra {CANARY} of the Long House by the Old Mill"


@pytest.fixture
def order() -> Order:
    """An order of somebody whose name does not fit."""
    made = factories.order(4711, customer=f"Nora {CANARY}", state=Order.State.NOT_OURS)
    address = factories.address(
        first_name="Nora", last_name=CANARY, company=LONG, street_1=f"1 {CANARY} Lane", email="nora@example.net",
        phone="555 0199",
    )  # fmt: skip
    made.content |= {"customer_id": 17, "billing_address": address, "addresses": [address]}
    made.content["customer_message"] = f"For {CANARY},\n ring twice"
    made.save()
    write_references(made)
    return made


def refused(words: str) -> str:
    """What is said where the store refuses with these words."""
    response = requests.Response()
    response.status_code = 422
    response._content = json.dumps({"status": 422, "title": words, "errors": {}}).encode()
    return str(refusal("ship order 4711", response, writes=True))


def not_writable(order: Order) -> str:
    """What is said where a guide has no room for the name."""
    purchase_order = factories.purchase_order(order)
    canonical = canonical_purchase_order(purchase_order, order.placed_at)
    assert canonical.ship_to is not None
    too_long = replace(canonical, ship_to=replace(canonical.ship_to, name=LONG))
    with pytest.raises(NotWritable, match="Nora Wilhelmina") as raised:
        written(purchase_order.agreement, "850", too_long, ZoneInfo("UTC"))
    purchase_order.delete()
    return str(raised.value)


def where_told(words: str) -> set[str]:
    """Every column of the database, of any type that can hold text, in which ``words`` stand in whatever case."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
            " AND c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT 1 FROM {table} WHERE "{column}"::text ILIKE %s LIMIT 1', [f"%{words}%"])  # noqa: S608
            if cursor.fetchone():
                found.add(f"{table}.{column}")
    return found


def troubled(order: Order) -> Iterator[ExceptionCase]:
    """Yield the cases of everything that can be said about an order with its customer's name in it."""
    store = order.store
    said = refused(f"The name {CANARY} (of {LONG}) is not valid.")
    yield open_case("store", "work:apply:1", said, order=order, store=store)
    yield open_case("not_writable", "work:generate:1", not_writable(order), order=order)
    yield open_case(
        "mail",
        "mail:1",
        f"The mail was refused: 550 no such user nora@example.net ({CANARY.upper()}).",
        order=order,
    )
    yield cases.reopen(
        "order_changed",
        "edited:1",
        f"message: For {CANARY}, ring twice was told, none is in the store.",
        order=order,
    )
    effect = StoreEffect.objects.create(order=order, kind="status", marker="m1", intended={}, state="sending")
    error = PermanentError(said)
    effects.interrupted(effect, Unclaimed(), error)
    effects.finish(effect, Unclaimed(), "skipped", {"error": said}, f"It was left: {said}")


def forgotten(order: Order) -> None:
    for case in troubled(order):
        close_case(case, ExceptionCase.Decision.SETTLED, "Settled.", actor="olaf")
    assert {"integration_exceptioncase.sentence", "integration_storeeffect.answer"} <= where_told(CANARY)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM integration_work")
    first, second = (factories.user(name, "Records manager") for name in ("rhea", "rolf"))
    approve_erasure(second, propose_erasure(first, order, "Asked for."), "Checked.")


def test_after_an_erasure_no_column_tells_of_the_person_whatever_cases_quoted(order: Order) -> None:
    forgotten(order)
    for words in (CANARY, "Wilhelmina", "nora@example.net", "555 0199"):
        assert where_told(words) == set(), words
    assert Event.objects.filter(subject=order.subject, kind="case_opened").count() == 4


def test_what_a_partner_quotes_in_a_997_is_nowhere_either(order: Order) -> None:
    order.content["addresses"] = [
        {**each, "company": f"{CANARY} Mill"} for each in order.content["addresses"]
    ]
    order.save()
    made = factories.purchase_order(order)
    sent = factories.sent(made)
    said = factories.functional_acknowledgment(sent, "R")
    at = next(place for place, each in enumerate(said) if each.tag == "AK5")
    said[at:at] = [segment("AK3", "N1", "6", "", "8"), segment("AK4", "2", "93", "5", CANARY)]
    answer = factories.received(made.agreement, "997", said)
    match_functional_acknowledgment(Document.objects.get(pk=answer.pk))
    case = ExceptionCase.objects.get(kind="rejected")
    assert "N1 (segment 6), element 2" in case.sentence
    close_case(case, ExceptionCase.Decision.SETTLED, "Settled.", actor="olaf")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM integration_work")
        cursor.execute("DELETE FROM integration_expectation")
    Order.objects.filter(pk=order.pk).update(state=Order.State.ACCEPTED)
    first, second = (factories.user(name, "Records manager") for name in ("rhea", "rolf"))
    approve_erasure(second, propose_erasure(first, order, "Asked for."), "Checked.")
    assert where_told(CANARY) == set()


def test_naively_an_event_keeps_the_name_for_good(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "nameless", lambda sentence, order: sentence)
    forgotten(order)
    assert where_told(CANARY) == {"archive_event.sentence"}


def test_a_case_of_a_whole_store_says_nothing_of_the_store_s_own_words(order: Order) -> None:
    said = refused(f"{CANARY} (she) is not valid.")
    assert unquoted(said) == "The store refused (ship order 4711, HTTP 422: …)."
    assert said.startswith(f"The store refused (ship order 4711, HTTP 422: {CANARY}")


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("N1/2 name: 'Bea Other' has 70 characters; shorten it.", "N1/2 name: “…” has 70 characters; shorten it."),
        ("Look at the partner's page of the carriers' codes.", "Look at the partner's page of the carriers' codes."),
        ('It holds "O\'Hara", which X12 cannot carry.', "It holds “…”, which X12 cannot carry."),
        ("Ship to NORA at 1 quillfeather lane.", "Ship to … at …."),
        ("Noraville is no name of hers.", "Noraville is no name of hers."),
        ("The store had a fault (x, HTTP 500: (a) b). It is tried again.", "The store had a fault (x, HTTP 500: …). It is tried again."),
        ("Rule “Trade” holds.", "Rule “Trade” holds."),
    ],
)  # fmt: skip
def test_what_is_left_out_of_a_sentence(order: Order, sentence: str, kept: str) -> None:
    assert nameless(sentence, order) == kept


def test_who_delivers_and_which_order_it_is_stay_named(order: Order) -> None:
    made = factories.purchase_order(order)
    factories.composed(made)
    sentence = f"{made.agreement.partner} shipped otherwise than purchase order {made.number} of order 4711 says, to {LONG}."
    assert nameless(sentence, order) == sentence.replace(LONG, "…")


def test_who_is_called_will_does_not_take_the_word_from_sentences(order: Order) -> None:
    order.content["addresses"][0]["first_name"] = "Will"
    assert nameless("It will go to Will.", order) == "It will go to …."
