"""Taking over by the pages: the file is shown line by line first, the numbers ask for a reason."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integration.models import PurchaseOrder, Store, Work
from partners.models import Agreement, ControlNumber
from tests import factories
from tests.pages import open_desk

HEAD = "purchase_order,order,agreement,line,sku,ordered,acknowledged\n"
REASON = "We leave the old system."


@pytest.fixture
def larch(db: None) -> Agreement:
    agreement = factories.agreement("Larch", skus=["FS-1", "FS-2"])
    order = factories.order(500, state="not_ours", state_reason="History.")
    order.store.agreements.add(agreement)
    return agreement


def chosen(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("open.csv", (HEAD + text).encode())
    return client.post(address(), {"file": file})


def address() -> str:
    return f"/admin/integration/store/{Store.objects.get().pk}/take-over/"


def test_a_file_is_shown_and_then_taken_over(decider: Client, larch: Agreement) -> None:
    page = chosen(decider, "OLD-77,500,Larch,1,FS-1,10,10\n").content.decode()
    assert "1 new, 0 changed, 0 the same, 0 wrong" in page
    assert "order 500: 10 ordered, 10 acknowledged." in page
    assert not PurchaseOrder.objects.exists()
    given = {
        name: html.unescape(value)
        for name, value in re.findall(r'name="(text|digest)" value="([^"]*)"', page)
    }
    answer = decider.post(address(), {**given, "reason": REASON})
    assert answer.status_code == 302
    assert PurchaseOrder.objects.get().number == "OLD-77"
    shown = open_desk().page(PurchaseOrder.objects.get())
    assert "Acknowledged 10 each Take-over" in shown


def test_orders_that_are_not_read_yet_are_offered_to_be(decider: Client, larch: Agreement) -> None:
    page = chosen(decider, "OLD-1,600,Larch,1,FS-1,1,\n").content.decode()
    assert "One of the orders is not read from the store yet." in page
    assert "Nothing can be imported while a line is wrong" in page
    text = base64.b64encode((HEAD + "OLD-1,600,Larch,1,FS-1,1,\n").encode()).decode()
    assert decider.post(address(), {"text": text, "read": "1"}).status_code == 302
    assert Work.objects.get().step == "import_order"


def test_the_numbers_are_asked_for_with_a_reason(decider: Client, larch: Agreement) -> None:
    numbers = f"/admin/partners/agreement/{larch.pk}/numbers/"
    assert "Give one of the numbers." in decider.post(numbers, {"reason": REASON}).content.decode()
    assert decider.post(numbers, {"interchange": "41", "reason": REASON}).status_code == 302
    assert ControlNumber.objects.get().value == 41
    lower = decider.post(numbers, {"interchange": "40", "reason": REASON})
    assert "000000041 was given out already" in " ".join(lower.content.decode().split())


def test_those_who_may_only_look_are_refused(larch: Agreement) -> None:
    client = open_desk().client
    assert client.get(address()).status_code == 403
    assert client.get(f"/admin/partners/agreement/{larch.pk}/numbers/").status_code == 403
