"""Which agreement an interchange belongs to: by mailbox, by whom that may bring, and by the identity addressed."""

from __future__ import annotations

import pytest

from partners.agreements import code_lists, find_agreement
from partners.models import Agreement, CodeList, CodeListEntry, Mailbox, Partnership
from tests import factories

pytestmark = pytest.mark.django_db
OURS = ("ZZ", "GRIDPORT")


@pytest.fixture
def agreement() -> Agreement:
    return factories.agreement("Larch, drop shipment", on=factories.mailbox("Network"))


def sender_of(agreement: Agreement) -> tuple[str, str]:
    return agreement.identifier.qualifier, agreement.identifier.value


def test_the_partner_on_his_mailbox_is_found(agreement: Agreement) -> None:
    found = find_agreement(agreement.mailbox, sender=sender_of(agreement), receiver=OURS)
    assert (found.agreement, found.problem) == (agreement, "")


def test_the_same_partner_on_another_mailbox_may_not_write_there(agreement: Agreement) -> None:
    other = factories.mailbox("Private")
    factories.agreement("Elm, stock", on=other)
    found = find_agreement(other, sender=sender_of(agreement), receiver=OURS)
    name = agreement.identifier.value
    assert found.agreement is None
    assert found.problem == (
        f"Its sender ZZ:{name} may not write through Private. If it should, add a partnership with that ID to the mailbox."
    )


def test_a_sender_nobody_knows_may_not_write(agreement: Agreement) -> None:
    found = find_agreement(agreement.mailbox, sender=("01", "999999999"), receiver=OURS)
    assert found.problem.startswith("Its sender 01:999999999 may not write through Network.")


def test_an_identity_that_is_not_ours_is_told_before_anything_about_the_sender(agreement: Agreement) -> None:
    found = find_agreement(agreement.mailbox, sender=("01", "999999999"), receiver=("ZZ", "SOMEBODY"))
    assert found.problem == (
        "It is addressed to ZZ:SOMEBODY, which is no identity of ours on Network. Ask the sender, or add an agreement"
        " with that identity."
    )


def test_the_same_id_under_another_qualifier_is_another_sender(agreement: Agreement) -> None:
    found = find_agreement(agreement.mailbox, sender=("01", agreement.identifier.value), receiver=OURS)
    assert found.agreement is None


def test_a_partnership_without_an_agreement_is_told(agreement: Agreement) -> None:
    partner = factories.partner("Elm Stock")
    Partnership.objects.create(mailbox=agreement.mailbox, identifier=partner.identifiers.get())
    found = find_agreement(agreement.mailbox, sender=("ZZ", partner.identifiers.get().value), receiver=OURS)
    assert found.problem == "There is no agreement with Elm Stock as ZZ:GRIDPORT on Network."


def test_codes_are_those_of_the_agreement_alone(agreement: Agreement) -> None:
    for owner, theirs in (
        (agreement, "PC"),
        (factories.agreement(on=Mailbox.objects.get(name="Network")), "ST"),
    ):
        made = CodeList.objects.create(agreement=owner, name="units")
        CodeListEntry.objects.create(code_list=made, ours="each", theirs=theirs)
    assert code_lists(agreement) == {"units": {"each": "PC"}}
    assert code_lists(None) == {}
