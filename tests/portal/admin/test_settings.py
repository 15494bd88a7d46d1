"""Settings of partners, mailboxes, agreements and stores: refused with a sentence, saved with what follows from it,
and their secrets never given back."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import AuditEntry, Event
from integration.models import ExceptionCase, Order, Store, Work
from partners.models import (
    Agreement,
    AgreementDocument,
    CodeList,
    ItemCrossReference,
    Mailbox,
    Mode,
    Partnership,
    TradingPartner,
)
from portal.admin.show import list_url, page_url
from tests import factories

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdyaWRwb3J0IHRlc3Qga2V5IG5vdCBhIHJlYWwgb25l"


def form(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send from the form at ``address``, with ``changes``."""
    data: dict[str, Any] = {}
    context = client.get(address).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for each in forms:
        for bound in each:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    if "reason" in context["adminform"].form.fields:
        data["reason"] = "Agreed by telephone."
    data.update(changes)
    return {name: value for name, value in data.items() if value is not None}


def save(client: Client, row: Model, **changes: Any) -> HttpResponse:
    return client.post(page_url(row), form(client, page_url(row), **changes))


def add(client: Client, model: type[Model], **changes: Any) -> HttpResponse:
    address = f"{list_url(model)}add/"
    return client.post(address, form(client, address, **changes))


def problems(answer: HttpResponse) -> dict[str, list[str]]:
    """Return the sentences of a refused form by field, those of its inlines too."""
    assert answer.status_code == 200, answer.headers.get("Location")
    found = dict(answer.context["adminform"].form.errors)
    for inline in answer.context["inline_admin_formsets"]:
        for each in inline.formset.forms:
            found |= each.errors
        if inline.formset.non_form_errors():
            found[inline.formset.prefix] = inline.formset.non_form_errors()
    text = html.unescape(re.sub(r"\s+", " ", answer.content.decode()))
    assert all(sentence in text for sentences in found.values() for sentence in sentences)
    return {name: list(sentences) for name, sentences in found.items()}


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


SFTP = {
    "name": "Grid",
    "transport": "sftp",
    "host": "sftp.example.net",
    "username": "gridport",
    "password": "hush",
    "host_keys-0-key": HOST_KEY,
    "inbound_path": "out",
    "outbound_path": "in",
}


@pytest.mark.parametrize(("change", "field", "sentence"), [
    ({"host": ""}, "host", "SFTP needs a host, such as sftp.example.net."),
    ({"username": ""}, "username", "SFTP needs the name under which Gridport logs in."),
    ({"password": ""}, "password", "Enter a password, or a private key below: without either nobody can log in."),
    ({"host_keys-0-key": " \n"}, "host_keys", "Pin the server's public key, a line such as “ssh-ed25519 AAAA…”: without it nothing is"
     " fetched or sent. The operator of the mailbox tells it."),
    ({"host_keys-0-key": f"sftp.example.net {HOST_KEY}"}, "key", "This is no public key. Write its kind and the key, as in"
     " “ssh-ed25519 AAAA…”, without the host's name before it."),
    ({"host_keys-0-valid_from": "2026-12-05T06:00", "host_keys-0-valid_until": "2026-12-05T06:00"}, "__all__", "This key would end"
     " before it begins: correct one of its two times."),
    ({"outbound_path": "out"}, "outbound_path", "Files that we send to the folder that we fetch from would come back to us. Enter"
     " the folder that the network or partner takes files from."),
    ({"outbound_name": "{receiver}.edi"}, "outbound_name", "Put {number} into it: without it all files to a partner would have the"
     " same name."),
    ({"outbound_name": "{partner}.{number}"}, "outbound_name", "Only {receiver}, {number} and {set} are filled in; write every brace"
     " as part of one."),
    ({"outbound_name": "{number.real}"}, "outbound_name", "Only {receiver}, {number} and {set} are filled in; write every brace as"
     " part of one."),
    ({"outbound_name": "{number"}, "outbound_name", "Only {receiver}, {number} and {set} are filled in; write every brace as part of"
     " one."),
    ({"kind": "private"}, "__all__", "A private mailbox names its partner; a network mailbox names none."),
])  # fmt: skip
def test_a_mailbox_that_could_not_work_is_refused(
    decider: Client, change: dict[str, str], field: str, sentence: str
) -> None:
    assert problems(add(decider, Mailbox, **SFTP | change)) == {field: [sentence]}
    assert not Mailbox.objects.exists()


def test_a_mailbox_that_can_work_is_saved_in_watch(decider: Client) -> None:
    assert add(decider, Mailbox, **SFTP).status_code == 302
    made = Mailbox.objects.get()
    assert (made.mode, made.password, made.port) == (Mode.WATCH, "hush", 22)


def test_a_directory_needs_no_host_and_no_key(decider: Client) -> None:
    given = {"name": "Drop", "transport": "directory", "inbound_path": "/srv/in", "outbound_path": "/srv/out"}
    assert add(decider, Mailbox, **given).status_code == 302
    assert Mailbox.objects.get().transport == "directory"


def test_two_mailboxes_never_fetch_from_one_place(decider: Client) -> None:
    add(decider, Mailbox, **SFTP)
    again = {"name": "Grid again", "outbound_path": "elsewhere"}
    assert problems(add(decider, Mailbox, **SFTP | again)) == {
        "inbound_path": [
            "Mailbox Grid fetches from the same place: each would take the other's files. Change that one instead."
        ]
    }
    assert add(decider, Mailbox, **SFTP | again | {"username": "another"}).status_code == 302


def test_a_private_mailbox_is_shared_by_no_second_partner(decider: Client) -> None:
    larch, alder = factories.partner("Larch Supply"), factories.partner("Alder Goods")
    box = factories.mailbox("Grid")
    factories.agreement("Larch, drop shipment", of=larch, on=box)
    factories.agreement("Alder, drop shipment", of=alder, on=box)
    found = problems(save(decider, box, kind="private", partner=larch.pk))
    assert found == {
        "partner": [
            "Agreement Alder, drop shipment of Alder Goods uses this mailbox, and a private one has one partner alone. Move"
            " that agreement to another mailbox first, or make this a network mailbox."
        ],
        "identifier": [
            f"{alder.identifiers.get()} belongs to Alder Goods; this mailbox is private to Larch Supply."
        ],
    }
    box.refresh_from_db()
    assert box.kind == Mailbox.Kind.NETWORK


def test_a_private_mailbox_takes_the_ids_of_its_own_partner(decider: Client) -> None:
    larch = factories.partner("Larch Supply")
    box = factories.mailbox("Larch's own")
    Partnership.objects.create(mailbox=box, identifier=larch.identifiers.get())
    assert save(decider, box, kind="private", partner=larch.pk).status_code == 302
    box.refresh_from_db()
    assert box.partner == larch


def test_an_interchange_id_belongs_to_one_partner(decider: Client) -> None:
    factories.partner("Larch Supply").identifiers.update(qualifier="ZZ", value="LARCH")
    given = {"name": "Alder Goods", "identifiers-0-qualifier": "ZZ", "identifiers-0-value": "LARCH"}
    assert problems(add(decider, TradingPartner, **given)) == {
        "__all__": ["Another partner already uses this interchange ID."]
    }
    assert TradingPartner.objects.count() == 1
    assert add(decider, TradingPartner, **given | {"identifiers-0-value": "ALDER"}).status_code == 302
    assert str(TradingPartner.objects.get(name="Alder Goods").identifiers.get()) == "ZZ:ALDER"


def test_an_interchange_id_that_x12_cannot_carry_is_refused(decider: Client) -> None:
    for wrong in ("larch", "LARCH*1", "L" * 16):
        given = {"name": "Larch", "identifiers-0-qualifier": "ZZ", "identifiers-0-value": wrong}
        assert list(problems(add(decider, TradingPartner, **given))) == ["value"], wrong


@pytest.mark.parametrize(("change", "field", "sentence"), [
    ({"version": "009999"}, "version", "Version 009999 is not known; Gridport writes and reads 004010 and 005010."),
    ({"component_separator": "*"}, "element_separator", "The separators '*' '~' '*' are not all different; give each its own"
     " character."),
    ({"segment_terminator": "A"}, "element_separator", "The segment terminator 'A' is a letter, digit or blank; choose one such as"
     " * ~ > ^."),
    ({"currency": "usd"}, "currency", "Write the currency as its three capital letters, such as USD."),
    ({"time_zone": "Chicago"}, "time_zone", "Chicago is no time zone; write it as in America/Chicago."),
    ({"own_id": "LARCH"}, "own_id", "ZZ:LARCH is the partner's own ID; enter the one under which the partner knows us."),
])  # fmt: skip
def test_an_agreement_that_could_not_work_is_refused(
    decider: Client, change: dict[str, str], field: str, sentence: str
) -> None:
    larch = factories.partner("Larch Supply")
    larch.identifiers.update(value="LARCH")
    agreement = factories.agreement(of=larch)
    assert problems(save(decider, agreement, **change)) == {field: [sentence]}


def test_an_agreement_keeps_to_its_own_partner_and_mailbox(decider: Client) -> None:
    larch, alder = factories.partner("Larch Supply"), factories.partner("Alder Goods")
    private = factories.mailbox("Alder's own", kind="private", partner=alder)
    agreement = factories.agreement(of=larch)
    found = problems(save(decider, agreement, mailbox=private.pk, identifier=alder.identifiers.get().pk))
    assert found == {
        "identifier": [f"{alder.identifiers.get()} belongs to Alder Goods."],
        "mailbox": ["Alder's own is private to Alder Goods."],
    }


def test_two_agreements_never_claim_the_same_documents(decider: Client) -> None:
    first = factories.agreement("Larch, drop shipment")
    given = {
        "name": "Larch, stock",
        "partner": first.partner.pk,
        "mailbox": first.mailbox.pk,
        "own_id": "GRIDPORT",
        "identifier": first.identifier.pk,
    }
    assert problems(add(decider, Agreement, **given)) == {
        "identifier": [
            f"Agreement Larch, drop shipment joins ZZ:GRIDPORT and {first.identifier} on this mailbox already: nobody could"
            " tell which of the two a document belongs to."
        ]
    }
    assert add(decider, Agreement, **given | {"own_id": "GRIDSTOCK"}).status_code == 302


def test_a_new_agreement_has_the_usual_documents(decider: Client) -> None:
    partner, box = factories.partner(), factories.mailbox()
    given = {"name": "New", "partner": partner.pk, "mailbox": box.pk, "own_id": "GRIDPORT",
             "identifier": partner.identifiers.get().pk}  # fmt: skip
    assert add(decider, Agreement, **given).status_code == 302
    assert list(AgreementDocument.objects.values_list("transaction_set", "direction", "is_active")) == [
        ("850", "out", True),
        ("855", "in", True),
    ]


STORE = {"name": "Fern & Stone", "store_hash": "abc", "token": "hush"}


@pytest.mark.parametrize(("change", "field", "sentence"), [
    ({"base_url": "http://api.example.com"}, "base_url", "The token would travel in clear: write the address with https."),
    ({"currency": "Dollar"[:3]}, "currency", "Write the currency as its three capital letters, such as USD."),
    ({"purchase_order_prefix": "F*"}, "purchase_order_prefix", "Only letters, digits and dashes: partners' systems read the number."),
    ({"time_zone": "Chicago"}, "time_zone", "Chicago is no time zone; write it as in America/Chicago."),
    ({"token": ""}, "token", "This field is required."),
])  # fmt: skip
def test_a_store_that_could_not_work_is_refused(
    decider: Client, change: dict[str, str], field: str, sentence: str
) -> None:
    assert problems(add(decider, Store, **STORE | change)) == {field: [sentence]}


def test_a_new_store_begins_with_the_usual_statuses_in_watch(decider: Client) -> None:
    assert add(decider, Store, **STORE).status_code == 302
    made = Store.objects.get()
    assert (made.mode, made.import_statuses, made.movable_statuses) == (Mode.WATCH, [11], [1, 7, 11, 12])
    assert made.base_url == "https://api.bigcommerce.com"


def test_the_first_order_of_a_live_store_stays(decider: Client) -> None:
    store = factories.store(mode=Mode.LIVE, live_from_order=500)
    assert save(decider, store, live_from_order="1").status_code == 302
    store.refresh_from_db()
    assert store.live_from_order == 500


def test_a_unit_that_no_purchase_order_can_say_is_refused(decider: Client) -> None:
    agreement = factories.agreement()
    given = {"agreement": agreement.pk, "sku": "FS-1", "unit": "Stück"}
    (sentence,) = problems(add(decider, ItemCrossReference, **given))["unit"]
    assert sentence.startswith(
        "“Stück” is no unit that a purchase order can say. Use one of: bag, box, bundle, carton,"
    )
    CodeList.objects.create(agreement=agreement, name="units").entries.create(ours="Stück", theirs="EA")
    assert add(decider, ItemCrossReference, **given).status_code == 302


def test_a_code_list_that_no_guide_has_is_refused(decider: Client) -> None:
    agreement = factories.agreement()
    (sentence,) = problems(add(decider, CodeList, agreement=agreement.pk, name="unit"))["name"]
    assert sentence.startswith(
        "No guide has a code list “unit”; there are: changes, charge_handlings, charge_types,"
    )
    for name in ("units", "quantity_kinds", "tax_types"):  # of every guide, of the 846 and of the 810
        assert add(decider, CodeList, agreement=agreement.pk, name=name).status_code == 302


def test_numbers_of_an_item_are_shown_without_idle_zeros(decider: Client) -> None:
    item = factories.agreement(skus=["FS-1"]).items.get()
    for factor, cost, shown in (
        ("12", "4.5", ("12", "4.5")),
        ("0.5", "120", ("0.5", "120")),
        ("1", None, ("1", "")),
    ):
        ItemCrossReference.objects.filter(pk=item.pk).update(pack_factor=factor, unit_cost=cost)
        data = form(decider, page_url(item))
        assert (str(data["pack_factor"]), str(data.get("unit_cost") or "")) == shown


def held(sku: str, number: int, kind: str = "no_partner") -> Order:
    order = factories.order(number, state=Order.State.HELD)
    factories.case(f"About SKU {sku}.", kind=kind, cause=f"item:{sku} {order.subject}", order=order)
    return order


def queued() -> set[str]:
    return {row.subject.split(":")[1] for row in Work.objects.filter(step="import_order")}


def test_an_item_that_is_listed_has_the_orders_looked_at_again_that_waited_for_it(decider: Client) -> None:
    agreement = factories.agreement()
    for number in (1042, 1043):
        held("FS-9", number)
    held("FS-90", 1044)
    answer = add(decider, ItemCrossReference, agreement=agreement.pk, sku="FS-9")
    assert said(answer)[0] == "2 orders that were held for it are looked at again now."
    assert queued() == {"1042", "1043"}


def test_an_item_listed_on_the_agreements_page_does_the_same(decider: Client) -> None:
    agreement = factories.agreement(skus=["FS-1"])
    held("FS-9", 1042)
    held("FS-1", 1043)
    address = page_url(agreement)
    data = form(decider, address)
    data |= {
        "items-TOTAL_FORMS": "2",
        "items-1-sku": "FS-9",
        "items-1-unit": "each",
        "items-1-agreement": agreement.pk,
        "items-1-pack_factor": "1",
    }
    answer = decider.post(address, data)
    assert said(answer)[0] == "One order that was held for it is looked at again now."
    assert queued() == {"1042"}


def test_an_item_that_two_partners_listed_frees_its_orders_when_one_is_removed(decider: Client) -> None:
    agreement = factories.agreement(skus=["FS-9"])
    held("FS-9", 1042, "several_partners")
    item = agreement.items.get()
    answer = decider.post(
        page_url(item).replace("change/", "delete/"), {"post": "yes", "reason": "Only one."}
    )
    assert said(answer)[0] == "One order that was held for it is looked at again now."
    assert queued() == {"1042"}


def test_an_item_that_is_renamed_frees_the_orders_of_both_names(decider: Client) -> None:
    agreement = factories.agreement(skus=["FS-8"])
    held("FS-8", 1042, "several_partners")
    held("FS-9", 1043)
    save(decider, agreement.items.get(), sku="FS-9")
    assert queued() == {"1042", "1043"}


def test_saving_items_that_nobody_waited_for_queues_nothing(decider: Client) -> None:
    agreement = factories.agreement(skus=["FS-1"])
    held("FS-9", 1042)
    answer = save(decider, agreement.items.get(), unit_cost="5.00")
    assert answer.status_code == 302
    assert len(said(answer)) == 1
    assert queued() == set()


def test_new_settings_are_tried_at_once_by_what_waited_for_them(decider: Client) -> None:
    box = factories.mailbox("Grid")
    work = factories.work("transmit", 7, "Grid refused the login.", stopped=True)
    Work.objects.update(channel=f"mailbox:{box.pk}")
    answer = save(decider, box, username="another")
    assert said(answer)[0] == "One piece of work that waited for it is tried again now."
    work.refresh_from_db()
    assert work.parked_at is None


TOKEN, PASSWORD, KEY = "tok-5up3r-s3cret", "pass-5up3r-s3cret", "-----BEGIN KEY----- 5up3r-s3cret"
SECRETS = ("5up3r-s3cret", "enc:")


@pytest.fixture
def secretive(decider: Client) -> list[Model]:
    """A store and a mailbox with secrets, typed into their forms."""
    add(decider, Store, **STORE | {"token": TOKEN})
    add(decider, Mailbox, **SFTP | {"password": PASSWORD, "private_key": KEY})
    store, box = Store.objects.get(), Mailbox.objects.get()
    assert (store.token, box.password, box.private_key) == (TOKEN, PASSWORD, KEY)
    return [store, box]


@pytest.mark.parametrize("who", ["viewer", "decider", "administrator"])
def test_a_secret_is_on_no_page(request: pytest.FixtureRequest, secretive: list[Model], who: str) -> None:
    client: Client = request.getfixturevalue(who)
    addresses = [reverse("admin:index"), list_url(AuditEntry), list_url(ExceptionCase), list_url(Work)]
    for row in secretive:
        addresses += [page_url(row), list_url(type(row)), f"{list_url(type(row))}?q=5up3r"]
        addresses += [
            page_url(row).replace("change/", "go-live/"),
            page_url(row).replace("change/", "delete/"),
        ]
    if who == "administrator":
        addresses += [list_url(LogEntry), *(page_url(entry) for entry in LogEntry.objects.all())]
    shown = 0
    for address in addresses:
        answer = client.get(address)
        text = answer.content.decode()
        assert [secret for secret in SECRETS if secret in text] == [], address
        shown += answer.status_code == 200
    assert shown >= 10


def test_a_secret_is_not_given_back_by_a_form_that_was_refused(
    decider: Client, secretive: list[Model]
) -> None:
    for row, change in zip(
        secretive,
        ({"token": TOKEN, "currency": "x"}, {"password": PASSWORD, "private_key": KEY, "host": ""}),
        strict=True,
    ):
        answer = save(decider, row, **change)
        assert answer.status_code == 200
        assert "5up3r-s3cret" not in answer.content.decode()


def test_a_secret_is_in_no_record(decider: Client, secretive: list[Model]) -> None:
    store, box = secretive
    save(decider, store, token=f"{TOKEN}-2", currency="EUR")
    save(decider, box, password=f"{PASSWORD}-2", host="other.example.net")
    records: list[type[Model]] = [LogEntry, AuditEntry, Event, Work, ExceptionCase]
    for model in records:
        assert "5up3r" not in repr(list(model._default_manager.values())), model
    changes = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert changes[-2:] == ["Changed Currency and API token.", "Changed Host and Password."]


def test_an_empty_secret_keeps_the_stored_one_and_a_box_removes_it(
    decider: Client, secretive: list[Model]
) -> None:
    store, box = secretive
    save(decider, store, name="Renamed")
    save(decider, box, name="Renamed")
    store.refresh_from_db()
    box.refresh_from_db()
    assert isinstance(store, Store)
    assert isinstance(box, Mailbox)
    assert (store.name, store.token) == ("Renamed", TOKEN)
    assert (box.name, box.password, box.private_key) == ("Renamed", PASSWORD, KEY)
    save(decider, box, remove_private_key="on")
    box.refresh_from_db()
    assert (box.password, box.private_key) == (PASSWORD, "")
    refused = save(decider, box, remove_password="on")
    assert list(problems(refused)) == ["password"]
    box.refresh_from_db()
    assert box.password == PASSWORD


def test_a_new_client_secret_leaves_the_former_valid_for_a_while_unless_somebody_ends_that(
    decider: Client, viewer: Client, secretive: list[Model]
) -> None:
    store = secretive[0]
    assert isinstance(store, Store)

    def valid() -> Sequence[str]:
        store.refresh_from_db()
        return store.client_secrets(timezone.now())

    box = "Take no more calls signed with the former client secret"
    save(decider, store, client_secret="first-5up3r-s3cret")
    assert valid() == ["first-5up3r-s3cret"]
    save(decider, store, client_secret="first-5up3r-s3cret")
    assert valid() == ["first-5up3r-s3cret"]
    assert box not in decider.get(page_url(store)).content.decode()
    save(decider, store, client_secret="second-5up3r-s3cret")
    assert valid() == ["second-5up3r-s3cret", "first-5up3r-s3cret"]
    assert store.former_secret_until is not None
    lasts = store.former_secret_until - timezone.now()
    assert timedelta(days=2, hours=23) < lasts <= timedelta(days=3)
    save(decider, store, name="Renamed")
    assert valid() == ["second-5up3r-s3cret", "first-5up3r-s3cret"]
    page = decider.get(page_url(store)).content.decode()
    assert box in page
    assert "Calls signed with it are taken until <time" in page
    assert "5up3r" not in page
    assert box not in viewer.get(page_url(store)).content.decode()
    save(decider, store, remove_former_secret="on")
    assert valid() == ["second-5up3r-s3cret"]
    assert store.former_client_secret == ""


def test_who_may_only_look_sees_that_a_secret_is_stored(viewer: Client, secretive: list[Model]) -> None:
    store, box = secretive
    assert "Stored, never shown" in viewer.get(page_url(store)).content.decode()
    assert viewer.get(page_url(box)).content.decode().count("Stored, never shown") == 2


def test_changes_of_settings_say_who_changed_which_fields(decider: Client, administrator: Client) -> None:
    partner = factories.partner("Larch Supply")
    save(decider, partner, note="Closed on Mondays.")
    text = administrator.get(list_url(LogEntry)).content.decode()
    assert "Changed Note." in text
    assert "dora" in text
    assert "Mondays" not in text
