"""Why something is kept, in words; histories of rules and holds are in tests/chaos/test_holds_win.py."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from archive.governance import Because, governed, why_kept, why_not_erased
from archive.models import Document, Hold, RetentionRevision
from integration.flows.holds import Covered, take_hold
from integration.flows.retention import Terms, add_rule, change_rule, retire_rule
from integration.flows.rights import Refused
from integration.models import Order, ReturnFile
from tests import factories
from tests.governed import WHY, archived, packing_list, photo, rule, years_later
from tests.returned import return_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> User:
    return factories.user(superuser=True)


def because(document: Document) -> Because:
    return governed([document.interchange.payload_id])[document.interchange.payload_id].because


def test_what_keeps_a_document_is_said_in_one_sentence(keeper: User) -> None:
    document = factories.document()
    payload = document.interchange.payload_id
    assert why_kept(document) == "No retention rule covers it, so it is kept."
    assert why_not_erased([payload]) == {}
    rule(keeper, "Short", 2)
    rule(keeper, "Trade", 10)
    until = years_later(document.recorded_at, 10)
    said = f"The retention rule “Trade” keeps it until {until.day} {until:%B %Y}."
    assert why_kept(document) == said
    assert why_not_erased([payload]) == {payload: said}
    take_hold(keeper, "Larch against us", Covered(documents=[document.pk]), WHY)
    today = document.recorded_at
    assert why_kept(document) == f"It is on hold since {today.day} {today:%B %Y}: Larch against us."


def test_a_rule_by_country_follows_the_order_and_holds_where_none_is_known(keeper: User) -> None:
    document = factories.sent()
    order = document.orders.get().order
    revision = rule(keeper, "Germany", 10, country="DE")
    assert because(document) == Because.NO_RULE
    for addresses, expected in (
        ([{"country_iso2": "DE"}], Because.RULE),
        ([{"country_iso2": "US"}, {"country_iso2": "DE"}], Because.RULE),
        ([{"country_iso2": "US"}], Because.NO_RULE),
        ([{"country_iso2": ""}], Because.RULE),
        ([], Because.RULE),
    ):
        Order.objects.filter(pk=order.pk).update(content={**order.content, "addresses": addresses})
        assert because(document) == expected, addresses
    change_rule(keeper, revision, Terms(10, "Tax law", store=factories.store()), WHY)
    assert because(document) == Because.NO_RULE
    assert because(factories.document()) == Because.NO_RULE


def test_two_people_who_change_a_rule_at_once_do_not_write_over_each_other(keeper: User) -> None:
    seen = rule(keeper, "Trade", 10)
    change_rule(keeper, seen, Terms(6, "Tax law"), WHY)
    with pytest.raises(Refused, match="Somebody else has changed this rule meanwhile"):
        change_rule(keeper, seen, Terms(3, "Tax law"), WHY)
    with pytest.raises(Refused, match="Somebody else has changed this rule meanwhile"):
        retire_rule(keeper, seen, WHY)
    with pytest.raises(Refused, match="There is a rule “Trade” already"):
        add_rule(keeper, "Trade", Terms(3, "Tax law"), WHY)
    assert list(RetentionRevision.objects.values_list("years", flat=True).order_by("number")) == [10, 6]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(0, "Tax law"), "Documents are kept for 1 to 100 years."),
        (Terms(101, "Tax law"), "Documents are kept for 1 to 100 years."),
        (Terms(3, " "), "Name the law or contract that asks for it"),
        (Terms(3, "Tax law", country="DEU"), "DEU is no two-letter code"),
    ],
)
def test_what_could_be_no_rule_is_refused(keeper: User, terms: Terms, said: str) -> None:
    with pytest.raises(Refused, match=said):
        add_rule(keeper, "Trade", terms, WHY)
    assert RetentionRevision.objects.count() == 0


def test_the_database_keeps_no_hold_that_names_nothing_to_cover() -> None:
    with pytest.raises(Exception, match="hold_covers_something"):
        Hold.objects.create(scope="partner", matter="Everything", covers="", actor="a", reason="b")


def test_a_payload_that_nobody_knows_is_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT because FROM gridport_governed(ARRAY[999999]::bigint[])")
        assert cursor.fetchall() == [("no_rule",)]


def test_what_holds_an_order_or_a_partner_holds_their_files_without_a_document_too(keeper: User) -> None:
    """On a network mailbox, which is nobody's: whose a file is, only its order tells."""
    of, other = factories.purchase_order(), factories.purchase_order()
    files = [packing_list(of, of.agreement.mailbox).pk, photo(of).pk]
    others = [packing_list(other, of.agreement.mailbox).pk, photo(other).pk]
    assert of.agreement.mailbox.partner is None
    for covered in (Covered(order=of.order), Covered(partner=of.agreement.partner)):
        with transaction.atomic():
            hold = take_hold(keeper, "Larch against us", covered, WHY)
            told = governed([*files, *others])
            assert [told[pk].hold for pk in files] == [hold, hold], covered.words
            assert [told[pk].because for pk in others] == [Because.NO_RULE, Because.NO_RULE], covered.words
            transaction.set_rollback(True)


def test_rules_by_partner_store_and_country_know_whose_files_they_are(keeper: User) -> None:
    of, other = factories.purchase_order(), factories.purchase_order()
    Order.objects.filter(pk=of.order_id).update(
        content={**of.order.content, "addresses": [{"country_iso2": "DE"}]}
    )
    files = [packing_list(of, of.agreement.mailbox).pk, photo(of).pk]
    others = [packing_list(other, of.agreement.mailbox).pk, photo(other).pk]
    for terms in (
        {"partner": of.agreement.partner}, {"store": of.order.store}, {"country": "DE"}, {"kinds": ("FILE",), "country": "DE"},
    ):  # fmt: skip
        with transaction.atomic():
            revision = rule(keeper, "", 10, **terms)
            told = governed([*files, *others])
            assert [told[pk].revision for pk in files] == [revision, revision], terms
            assert [told[pk].because for pk in others] == [Because.NO_RULE, Because.NO_RULE], terms
            transaction.set_rollback(True)


def test_a_photo_that_went_to_the_partner_is_kept_as_its_document_is(keeper: User) -> None:
    """Rules of received files say nothing of it then."""
    of = factories.purchase_order()
    payload, [sent] = archived(of.agreement.mailbox, of.agreement.partner, ["JPEG"], order=of.order)
    ReturnFile.objects.create(
        case=return_of(of), number=1, payload=payload, document=sent, kind="JPEG", shows="A", added_by="lea"
    )
    rule(keeper, "Photos", 10, kinds=("JPEG",))
    assert governed([payload.pk])[payload.pk].because == Because.RULE
    hold = take_hold(keeper, "Larch against us", Covered(order=of.order), WHY)
    assert governed([payload.pk])[payload.pk].hold == hold
