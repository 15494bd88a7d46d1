"""Items and code lists as staff change them: by forms, by removal and by file, each time with a reason that is kept."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry
from integration.flows.translation_files import items_csv, plan_codes, plan_items
from integration.flows.translations import Changed, change
from partners.models import Agreement, CodeList, CodeListEntry, ItemCrossReference
from portal.admin.show import list_url, page_url
from tests import factories
from tests.portal.admin.test_settings import add, problems, said, save

HEAD = "agreement,sku,vendor_item,upc,unit,partner_unit,pack_factor,unit_cost\r\n"


@pytest.fixture
def larch(db: None) -> Agreement:
    return factories.agreement("Larch", skus=["AC-1", "AC-2"])


def kept() -> list[tuple[str, str, str, str, str]]:
    """Return verb, what, was, is and reason of every change that is kept."""
    rows = AuditEntry.objects.filter(detail__has_key="what").order_by("pk")
    return [
        (row.verb, row.detail["what"], row.detail.get("was", ""), row.detail.get("is", ""), row.reason)
        for row in rows
    ]


def bring(client: Client, model: type, text: str | bytes, reason: str = "New list of Larch.") -> Any:
    """Choose a file, look at what it does, and import it; return the last page."""
    address = f"{list_url(model)}import/"
    data = text.encode() if isinstance(text, str) else text
    shown = client.post(address, {"file": SimpleUploadedFile("items.csv", data)})
    page = shown.content.decode()
    found = dict(re.findall(r'name="(text|digest)" value="([^"]*)"', page))
    if set(found) != {"text", "digest"}:
        return shown
    return client.post(
        address, {name: html.unescape(value) for name, value in found.items()} | {"reason": reason}
    )


def test_every_way_of_changing_an_item_asks_why_and_is_kept(decider: Client, larch: Agreement) -> None:
    item = ItemCrossReference.objects.get(sku="AC-1")
    assert problems(save(decider, item, partner_unit="case", pack_factor="12", reason="")) == {
        "reason": ["Say why in a few words: the reason is kept with the change."]
    }
    assert kept() == []
    assert (
        save(decider, item, partner_unit="case", pack_factor="12", reason="They ship cases.").status_code
        == 302
    )
    text = HEAD + "Larch,AC-1,V-9,,each,case,12,4.5\r\n"
    assert bring(decider, ItemCrossReference, text).status_code == 302
    removal = reverse("admin:partners_itemcrossreference_delete", args=[item.pk])
    assert decider.post(removal, {"reason": ""}).status_code == 200
    assert ItemCrossReference.objects.filter(pk=item.pk).exists()
    assert decider.post(removal, {"reason": "Discontinued."}).status_code == 302
    verbs = [(verb, what, reason) for verb, what, _, _, reason in kept()]
    assert verbs == [
        ("change item", "AC-1 → V-AC-1", "They ship cases."),
        ("change item", "AC-1 → V-9", "New list of Larch."),
        ("remove item", "AC-1 → V-9", "Discontinued."),
    ]
    assert kept()[0][2:4] == ("pack factor 1", "partner's unit case, pack factor 12")
    assert kept()[1][2:4] == ("vendor's item V-AC-1", "vendor's item V-9")


def test_a_list_cannot_be_emptied_by_a_bulk_action(decider: Client, larch: Agreement) -> None:
    item = ItemCrossReference.objects.first()
    assert item is not None
    decider.post(
        list_url(ItemCrossReference),
        {"action": "delete_selected", "_selected_action": [item.pk], "post": "yes"},
    )
    assert ItemCrossReference.objects.count() == 2


def test_entries_and_items_on_the_page_of_an_agreement_are_kept_too(
    decider: Client, larch: Agreement
) -> None:
    changes = {"items-0-vendor_item": "V-7", "items-1-DELETE": "on", "currency": "CAD"}
    assert save(decider, larch, **changes, reason="New contract.").status_code == 302
    assert kept() == [
        ("change agreement", "Larch", "currency USD", "currency CAD", "New contract."),
        (
            "change item",
            "AC-1 → V-7",
            "vendor's item V-AC-1",
            "vendor's item V-7",
            "New contract.",
        ),
        (
            "remove item",
            "AC-2 → V-AC-2",
            f"agreement {larch.pk}, SKU AC-2, vendor's item V-AC-2, our unit each, pack factor 1, unit cost 4.5",
            "",
            "New contract.",
        ),
    ]
    page = decider.get(page_url(larch)).content.decode()
    assert "currency USD" in page
    assert "New contract." in page


def test_a_code_list_keeps_its_entries_changes(decider: Client, larch: Agreement) -> None:
    assert add(decider, CodeList, agreement=larch.pk, name="units").status_code == 302
    units = CodeList.objects.get()
    given = {
        "entries-TOTAL_FORMS": "1",
        "entries-0-ours": "each",
        "entries-0-theirs": "E1",
        "entries-0-code_list": units.pk,
    }
    assert save(decider, units, **given, reason="Their code.").status_code == 302
    assert kept()[-1] == ("add code list entry", "each = E1", "", "ours each, theirs E1", "Their code.")
    assert "ours each, theirs E1" in decider.get(page_url(units)).content.decode()
    given |= {"entries-0-ours": "?ZZ"}
    answer = save(decider, units, **{"entries-0-ours": "?ZZ"})
    assert "A word that begins with ? marks a code without a word" in answer.content.decode()


def test_what_is_kept_is_taken_back_by_nobody(decider: Client, larch: Agreement) -> None:
    save(decider, larch, currency="CAD")
    for statement in ("UPDATE archive_auditentry SET reason = ''", "DELETE FROM archive_auditentry"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_file_taken_out_and_brought_in_changes_nothing(decider: Client, larch: Agreement) -> None:
    ItemCrossReference.objects.create(
        agreement=larch, sku="=1+1", vendor_item="'@x", upc="-5", unit_cost=Decimal("0.5")
    )
    ItemCrossReference.objects.create(
        agreement=larch, sku='A"B;C,D', vendor_item="Ж é", partner_unit="case", pack_factor=12
    )
    answer = decider.get(f"{list_url(ItemCrossReference)}export/")
    text = answer.content.decode()
    assert text.startswith("\ufeffagreement,sku,")
    assert "\r\nLarch,'=1+1,''@x,-5,each,,1,0.5\r\n" in text
    assert plan_items(text).counts == {"new": 0, "changed": 0, "same": 4, "wrong": 0}
    only = decider.get(f"{list_url(ItemCrossReference)}export/?q=AC-1")
    assert only.content.count(b"\r\n") == 2
    shown = bring(decider, ItemCrossReference, text)
    assert "The file changes nothing." in shown.content.decode()
    units = CodeList.objects.create(agreement=larch, name="units")
    CodeListEntry.objects.create(code_list=units, ours="each", theirs="+1")
    codes = decider.get(f"{list_url(CodeList)}export/").content.decode()
    assert codes == "\ufeffagreement,list,ours,theirs\r\nLarch,units,each,'+1\r\n"
    assert plan_codes(codes).counts == {"new": 0, "changed": 0, "same": 1, "wrong": 0}


def test_each_wrong_line_is_told_by_its_number_and_nothing_is_imported(
    decider: Client, larch: Agreement
) -> None:
    text = HEAD + "".join(f"{line}\r\n" for line in (
        "Larch,NEW-1,V,,each,,1,2.50",
        "Nobody,NEW-2,V,,each,,1,2.50",
        "Larch,NEW-3,V,,furlong,,1,2.50",
        "Larch,NEW-4,V,,each,case,0,2.50",
        "Larch,NEW-5,V,,each,,1,two",
        "Larch,,V,,each,,1,1",
        "",
        "Larch,AC-1,V-8,,each,,1,4.5",
        "Larch,DUP,V,,each,,1,1",
        "Larch,DUP,V,,each,,1,1",
        "Larch,NEW-6,V,,each,,12,1",
    ))  # fmt: skip
    plan = plan_items(text)
    assert [(row.line, row.verdict) for row in plan.rows] == [
        (2, "new"), (3, "wrong"), (4, "wrong"), (5, "wrong"), (6, "wrong"), (7, "wrong"), (9, "changed"), (10, "wrong"),
        (11, "wrong"), (12, "wrong"),
    ]  # fmt: skip
    said = {row.line: row.sentence for row in plan.rows}
    assert said[3] == "There is no agreement “Nobody”."
    assert said[4].startswith("“furlong” is no unit that a purchase order can say. Use one of: bag, ")
    assert said[6] == "“two” is no number (unit_cost): write it with a point, without a currency."
    assert said[9] == "vendor_item V-AC-1 becomes V-8."
    assert said[10] == "SKU DUP of Larch stands in the file more than once; leave one of them."
    assert said[12] == "Enter the unit of the partner that holds so many of ours, such as case."
    page = bring(decider, ItemCrossReference, text).content.decode()
    assert "1 new, 1 changed, 0 the same, 8 wrong" in page
    assert ItemCrossReference.objects.count() == 2


@pytest.mark.parametrize(("data", "sentence"), [
    (b"agreement,sku,colour\r\n", "There is no column “colour”."),
    (b"agreement,upc\r\n", "The column “sku” is missing."),
    (b"agreement,sku\r\nLarch\r\n", "The line has 1 cells, and the first line names 2."),
    ("agreement,sku\r\nLarch,é\r\n".encode("latin-1"), "The file is not in UTF-8. Save it as “CSV UTF-8” and choose it again."),
    (b"  ", "The file is empty."),
])  # fmt: skip
def test_a_file_of_another_make_is_told(
    decider: Client, larch: Agreement, data: bytes, sentence: str
) -> None:
    assert sentence in html.unescape(bring(decider, ItemCrossReference, data).content.decode())


def test_five_thousand_rows_are_looked_at_and_imported_in_seconds(decider: Client, larch: Agreement) -> None:
    text = HEAD + "".join(f"Larch,S-{number},V-{number},,each,case,12,1.25\r\n" for number in range(5000))
    began = process_time()
    assert bring(decider, ItemCrossReference, text).status_code == 302
    assert process_time() - began < 8  # seconds of one core
    assert ItemCrossReference.objects.count() == 5002
    assert AuditEntry.objects.filter(verb="add item").count() == 5000
    assert "".join(items_csv(ItemCrossReference.objects.select_related("agreement"))).count("\r\n") == 5003


def test_a_file_that_would_do_something_else_now_is_shown_anew(decider: Client, larch: Agreement) -> None:
    address = f"{list_url(ItemCrossReference)}import/"
    text = HEAD + "Larch,AC-1,V-8,,each,,1,4.5\r\n"
    shown = decider.post(address, {"file": SimpleUploadedFile("items.csv", text.encode())}).content.decode()
    found = dict(re.findall(r'name="(text|digest)" value="([^"]*)"', shown))
    ItemCrossReference.objects.filter(sku="AC-1").update(vendor_item="V-other")
    answer = decider.post(address, found | {"reason": "New list."})
    assert "Something has changed since you looked." in answer.content.decode()
    assert ItemCrossReference.objects.get(sku="AC-1").vendor_item == "V-other"


def test_viewers_take_files_out_and_bring_none_in(viewer: Client, larch: Agreement) -> None:
    assert viewer.get(f"{list_url(ItemCrossReference)}export/").status_code == 200
    assert viewer.get(f"{list_url(ItemCrossReference)}import/").status_code == 403


def test_the_envelope_is_shown_as_it_will_go_out(decider: Client, larch: Agreement) -> None:
    changes = {
        "version": "005010VICS", "repetition_separator": "0x1e", "segment_terminator": "lf", "usage_indicator": "T",
        "own_group_id": "STORE",
    }  # fmt: skip
    assert save(decider, larch, **changes).status_code == 302
    larch.refresh_from_db()
    assert (larch.repetition_separator, larch.segment_terminator) == ("\x1e", "\n")
    page = html.unescape(decider.get(page_url(larch)).content.decode())
    assert re.search(r"<code>ISA\*00\*          \*00\*.*\*RS\*00501\*000000001\*0\*T\*>LF</code>", page)
    assert re.search(r"<code>GS\*PO\*STORE\*LARCH\d+\*\d{8}\*\d{4}\*1\*X\*005010VICSLF</code>", page)


@pytest.mark.parametrize(("change", "field", "sentence"), [
    ({"element_separator": "ab"}, "element_separator", "“ab” is no single character: enter one such as * ~ > ^, a name (HT, LF, CR, FS,"
     " GS, RS, US) or its number as 0x1D."),
    ({"repetition_separator": "*"}, "element_separator", "The separators '*' '~' '>' '*' are not all different; give each its own"
     " character."),
    ({"version": "004010vics"}, "version", "Write the version as six digits, with the industry's suffix where agreed: 004010VICS."),
])  # fmt: skip
def test_an_envelope_that_could_not_be_read_is_refused(
    decider: Client, larch: Agreement, change: dict[str, str], field: str, sentence: str
) -> None:
    assert problems(save(decider, larch, **change)) == {field: [sentence]}


def test_whoever_comes_second_is_told_and_sees_the_row_as_it_is(
    decider: Client, larch: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = larch.items.get(sku="AC-1")

    def change_after_somebody_else(user: User, reason: str, saved: list[Any], removed: list[Any]) -> Changed:
        twin = ItemCrossReference(agreement=larch, sku=saved[0].sku)
        return change(user, reason, [twin], removed)

    monkeypatch.setattr("portal.admin.reasoned.change", change_after_somebody_else)
    answer = save(decider, item, vendor_item="V-9")
    assert (answer.status_code, answer["Location"]) == (302, page_url(item))
    assert said(answer) == ["Somebody else has entered the same meanwhile. Look at it again."]
    assert kept() == []
    item.refresh_from_db()
    assert item.vendor_item == "V-AC-1"
