"""The dashboard's charts: drawn from what was counted, each with its table, and nobody else's figures among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integration.flows.figures import SHOWN_DAYS
from integration.models import DailyFigure, ExceptionCase
from portal.admin.charts import HEIGHT, LONGEST, bars, duration, within
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR
from portal.models import Access
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db


def figure(days_ago: int, direction: str, documents: int, failed: int = 0, **fields: Any) -> DailyFigure:
    """Return a counted day of one partner."""
    given = {"transaction_set": "850", "answered": [0] * 10, "counted_at": timezone.now(), **fields}
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    return DailyFigure.objects.create(
        day=day, direction=direction, documents=documents, failed=failed, **given
    )


def index(client: Client) -> Any:
    return client.get(reverse("admin:index"))


def test_each_day_is_a_column_as_high_as_its_documents() -> None:
    partner = factories.partner()
    figure(0, "out", 30, 3, partner=partner)
    figure(0, "in", 10, 0, partner=partner)
    figure(2, "in", 20, 0, partner=partner)
    figure(SHOWN_DAYS, "in", 999, 0, partner=partner)
    answer = index(client_of(factories.user("olaf", OPERATOR)))
    charts = answer.context["charts"]
    assert [(day.sent, day.received, day.failed) for day in charts.days[-3:]] == [
        (0, 20, 0),
        (0, 0, 0),
        (30, 10, 3),
    ]
    assert (len(charts.days), charts.most) == (SHOWN_DAYS, 40)
    last = charts.days[-1]
    assert (last.sent_height, last.received_height) == (HEIGHT * 0.75, HEIGHT * 0.25)
    assert (last.received_y, last.sent_y) == (0, HEIGHT * 0.25)
    page = answer.content.decode()
    assert page.count('<rect class="gp-c-out" x="') >= SHOWN_DAYS
    assert "The numbers as a table" in page
    assert "style=" not in page.split('<svg class="gp-chart"')[1].split("</svg>")[0]


def test_the_day_leads_to_its_documents() -> None:
    document = factories.document()
    figure(0, "in", 1, partner=document.partner)
    client = client_of(factories.user("olaf", OPERATOR))
    address = index(client).context["charts"].days[-1].url
    shown: Any = client.get(address)
    assert [row.pk for row in shown.context["cl"].result_list] == [document.pk]
    assert any(menu.is_set and "(UTC)" in menu.chosen for menu in shown.context["filter_menus"])
    yesterday = index(client).context["charts"].days[-2].url
    assert client.get(yesterday).context["cl"].result_count == 0


def test_the_slowest_partner_comes_first_with_its_median() -> None:
    for name, place in (("Quick", 0), ("Slow", 5)):
        answered = [0] * 10
        answered[place] = 4
        figure(1, "out", 4, partner=factories.partner(name), answered=answered)
    answers = index(client_of(factories.user("olaf", OPERATOR))).context["charts"].answers
    assert [(bar.words, bar.told, bar.told_mark) for bar in answers] == [
        ("Slow", "6.0 h", "7.8 h"), ("Quick", "8 min", "14 min"),
    ]  # fmt: skip
    assert answers[0].mark == LONGEST


@pytest.mark.parametrize(
    ("counts", "share", "minutes"),
    [
        ([4, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0.5, 7.5),
        ([2, 2, 0, 0, 0, 0, 0, 0, 0, 0], 0.5, 15.0),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 0.5, 4320.0),
        ([0] * 10, 0.5, 5760.0),
    ],
)
def test_shares_are_taken_within_the_count_that_holds_them(
    counts: list[int], share: float, minutes: float
) -> None:
    assert within(counts, share) == minutes


def test_words_and_bars() -> None:
    assert [duration(minutes) for minutes in (7.4, 89, 90, 600)] == ["7 min", "89 min", "1.5 h", "10.0 h"]
    assert [(bar.told, bar.width) for bar in bars([("a", 4, ""), ("b", 1, "")])] == [
        ("4", LONGEST),
        ("1", LONGEST / 4),
    ]


def test_who_sees_some_partners_only_sees_their_figures_alone() -> None:
    own, other = factories.partner("Own"), factories.partner("Other")
    figure(0, "in", 5, partner=own)
    figure(0, "in", 70, partner=other)
    figure(0, "in", 600, partner=None)
    user = factories.user("ida", CUSTOMER_SERVICE)
    access = Access.objects.create(user=user, limits_partners=True)
    access.partners.add(own)
    assert index(client_of(user)).context["charts"].days[-1].received == 5
    Access.objects.filter(user=user).update(limits_partners=False, limits_stores=True)
    assert index(client_of(user)).context["charts"] is None


def test_customer_service_begins_with_the_box_and_its_own_cases() -> None:
    ida = factories.user("ida", CUSTOMER_SERVICE)
    mine, other = factories.case("Mine differs."), factories.case("Theirs differs.")
    ExceptionCase.objects.filter(pk=mine.pk).update(owner=ida, money="12.50", currency="USD")
    ExceptionCase.objects.filter(pk=other.pk).update(money="7.50", currency="USD")
    answer = index(client_of(ida))
    page = answer.content.decode()
    assert [each["row"].pk for each in answer.context["own_queue"]] == [mine.pk]
    assert page.index("gp-find-first") < page.index("gp-tiles")
    assert "20.00" in "".join(answer.context["at_stake"])
    assert "gp-find-first" not in index(client_of(factories.user("olaf", OPERATOR))).content.decode()
    assert "own_queue" not in index(client_of(factories.user("aud", AUDITOR))).context
