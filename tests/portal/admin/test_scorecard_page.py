"""The page of a partner's scorecard: its numbers, the lists behind them, its PDF, and nothing beyond somebody's sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from archive.models import Document
from integration.models import ExceptionCase, Expectation, LineEntry, PurchaseOrder
from partners.models import TradingPartner
from portal.admin.scorecard_filter import Counted
from portal.admin.scorecard_page import scorecard_url
from portal.groups import AUDITOR
from portal.models import Access
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db
MARCH = {"first": "2026-03-01", "last": "2026-03-31"}


@pytest.fixture
def partner() -> TradingPartner:
    """A partner with one 855 on time and one late in March, one not come in February, one order, one case."""
    document = factories.sent()
    assert document.agreement is not None
    assert document.partner is not None
    order = PurchaseOrder.objects.get()
    for at, (what, came) in enumerate((("855", 9), ("855", 11), ("997", 0))):
        due = datetime(2026, 3 if came else 2, 10, 10, tzinfo=UTC)
        Expectation.objects.create(
            what=what, subject=f"test:{at}", agreement=document.agreement, document=document, purchase_order=order,
            counted_from=due - timedelta(hours=48), due_at=due, state="met" if came else "overdue",
            settled_at=due.replace(hour=came) if came else None,
        )  # fmt: skip
    LineEntry.objects.create(
        line=order.lines.all()[0], kind="ordered", quantity=1, stated_at=datetime(2026, 3, 9, 12, tzinfo=UTC),
        document=factories.document(document.agreement, "850", direction="out"),
    )  # fmt: skip
    case = ExceptionCase.objects.create(
        kind="overdue", cause="test", sentence="It is late.", partner=document.partner, money=Decimal("12.5"), currency="USD"
    )  # fmt: skip
    ExceptionCase.objects.filter(pk=case.pk).update(opened_at=datetime(2026, 3, 12, tzinfo=UTC))
    return document.partner


def plain(answer: object) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(text))


def links(page: str) -> Iterator[str]:
    return (unescape(each) for each in re.findall(r'href="(/[^"]*scorecard=[^"]*)"', page))


def rows(client: Client, address: str) -> int:
    return int(client.get(address).context["cl"].result_count)


def test_the_page_tells_the_figures_of_the_period_and_of_the_one_before(
    viewer: Client, partner: TradingPartner
) -> None:
    answer = viewer.get(scorecard_url(partner), MARCH)
    page = plain(answer)
    assert "On time, all promises 50.0 % 1 of 2" in page
    assert "The period before 0.0 % 1 Feb 2026 to 28 Feb 2026" in page
    assert "Purchase order acknowledgment (855) 2 1 1 0 50.0 % None yet 47 h 0 min 49 h 0 min" in page
    assert "Invoice (810) Not promised: how long invoices took stands below." in page
    assert "Units shipped 0 of 8 0.0 % None yet" in page
    assert "At stake in those that are open: 12.50 USD" in page
    chart = answer.context["charts"]
    assert [(bar.on_time, bar.late, bar.overdue_x) for bar in chart.bars] == [(150.0, 150.0, 300.0)]
    assert (len(chart.columns), chart.most, chart.is_weekly) == (31, 2, False)
    assert (chart.columns[9].on_time, chart.columns[9].late_y) == (70.0, 0.0)
    svg = answer.content.decode().split('<svg class="gp-chart')[1:]
    assert len(svg) == 3
    assert not any("style=" in each.split("</svg>")[0] for each in svg)


def test_each_number_leads_to_as_many_rows(viewer: Client, partner: TradingPartner) -> None:
    answer = viewer.get(scorecard_url(partner), MARCH)
    found = {address: rows(viewer, address) for address in links(answer.content.decode())}
    told = {
        address.partition("?")[0].split("/")[-2] + address[address.rindex("31") :]: count
        for address, count in found.items()
    }
    assert told == {
        "expectation31.855": 2, "expectation31.855.on_time": 1, "expectation31.855.late": 1, "purchaseorder31": 1,
        "exceptioncase31.overdue": 1,
    }  # fmt: skip
    for broken in (
        str(Counted(partner.pk + 1, Counted.read(f"1.{MARCH['first']}.{MARCH['last']}").period)),
        "x.y",
        "1.2026-03-09.2026-03-01",
    ):  # type: ignore[union-attr]
        address = reverse("admin:integration_purchaseorder_changelist")
        assert rows(viewer, f"{address}?scorecard={broken}") == 0


def test_what_is_no_period_is_said_and_the_last_30_days_are_shown(
    viewer: Client, partner: TradingPartner
) -> None:
    today = timezone.now().astimezone(UTC).date()
    usual = viewer.get(scorecard_url(partner)).context["asked"]
    assert (usual.period.last, usual.period.days, usual.problem) == (today, 30, "")
    for given, words in (
        ({"first": "2026-03-31", "last": "2026-03-01"}, "Enter two days"),
        ({"first": "soon", "last": ""}, "Enter two days"),
        ({"first": "2020-01-01", "last": "2026-03-01"}, "a year at most"),
        ({"first": "1999-01-01", "last": "1999-01-02"}, "a year at most"),
        ({"first": "9999-12-01", "last": "9999-12-31"}, "Enter two days"),
    ):
        answer = viewer.get(scorecard_url(partner), given)
        assert (answer.status_code, answer.context["asked"].period) == (200, usual.period)
        assert words in plain(answer)


def test_a_partner_of_whom_there_is_nothing_has_a_page_that_says_so(viewer: Client, db: None) -> None:
    quiet = factories.partner("Quiet Goods")
    assert "Nothing to tell of this period" in plain(viewer.get(scorecard_url(quiet), MARCH))
    assert viewer.post(scorecard_url(quiet)).status_code == 405
    detail = viewer.get(reverse("admin:partners_tradingpartner_change", args=[quiet.pk]))
    assert "to-scorecard" in detail.content.decode()


def test_the_paper_says_what_is_counted_and_how_and_nothing_of_what_is_at_stake(
    viewer: Client, partner: TradingPartner
) -> None:
    for paper in ("letter", "a4"):
        address = reverse("admin:partners_tradingpartner_scorecard_pdf", args=[partner.pk, paper])
        answer = viewer.get(address, MARCH)
        assert answer["Content-Disposition"].endswith('-2026-03-01-2026-03-31.pdf"')
        text = " ".join(
            " ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages
        )
        assert f"Scorecard of {partner} 1 Mar 2026 to 31 Mar 2026" in text
        assert "1 Feb 2026 to 28 Feb 2026" in text
        assert "Units shipped 0 of 8 0.0 %" in text
        assert "business calendar of the agreement that it was made under" in text
        assert (
            "997 within 24 hours; 855 within 48 hours Hours and days as they pass, the store's zone" in text
        )
        assert "…" not in text
        assert "Answer overdue 1 1" in text
        assert "12.50" not in text
        assert viewer.get(address, {"first": "soon"}).status_code == 404
    assert viewer.get(address.replace("a4", "a3")).status_code == 404


def test_who_may_not_see_the_partner_sees_no_scorecard_of_it(partner: TradingPartner) -> None:
    auditor = factories.user("carla", AUDITOR)
    Access.objects.update_or_create(user=auditor, defaults={"limits_partners": True})
    client = client_of(auditor)
    paper = reverse("admin:partners_tradingpartner_scorecard_pdf", args=[partner.pk, "a4"])
    for address in (scorecard_url(partner), paper):
        assert client.get(address, MARCH).status_code == 302
    assert client_of(factories.user("nobody")).get(scorecard_url(partner)).status_code == 403
    assert Client().get(scorecard_url(partner)).status_code == 302
    Access.objects.filter(user=auditor).update(limits_partners=False, limits_sets=True, sets=["855"])
    page = plain(client_of(auditor).get(scorecard_url(partner), MARCH))
    assert "Purchase order acknowledgment (855) 0 0 0 0" in page
    assert Document.objects.filter(transaction_set="850").exists()


def test_a_number_is_read_as_it_was_written() -> None:
    period = Counted.read("7.2026-03-01.2026-03-31.855.late")
    assert period is not None
    assert str(period) == "7.2026-03-01.2026-03-31.855.late"
    assert str(Counted(7, period.period)) == "7.2026-03-01.2026-03-31"
    assert Counted.read("") is None
    assert period.period.first == date(2026, 3, 1)
