"""The list of partners: last in, last out, how many 997s came in time, and nothing beyond somebody's sight."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from integration.models import DailyFigure, Pause
from partners.models import TradingPartner
from portal.admin.partner_figures import InTime, counted_within, figures_of
from portal.admin.show import list_url, moment
from portal.groups import AUDITOR
from portal.models import Access
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db


def sent(
    partner: TradingPartner, days_ago: int, documents: int, answered: dict[int, int], kind: str = "850"
) -> None:
    """Have ``documents`` counted as sent, and answered as often as said within each place of ``ANSWERED_WITHIN``."""
    DailyFigure.objects.create(
        day=datetime.now(UTC).date() - timedelta(days=days_ago),
        partner=partner,
        transaction_set=kind,
        direction="out",
        documents=documents,
        failed=0,
        answered=[answered.get(place, 0) for place in range(10)],
        counted_at=timezone.now(),
    )


def words(client: Client) -> str:
    """Return what the list of partners says, without its markup."""
    plain = re.sub(r"<[^>]+>", " ", client.get(list_url(TradingPartner)).content.decode())
    return re.sub(r"\s+", " ", unescape(plain))


def test_a_promise_is_held_against_the_longest_count_that_is_no_longer() -> None:
    assert [counted_within(hours) for hours in (1, 2, 3, 24, 30, 48, 500)] == [2, 3, 3, 7, 7, 8, 8]


def test_what_came_within_the_promise_is_told_of_what_was_sent_and_could_have_been_answered() -> None:
    agreement = factories.agreement()
    assert agreement.functional_acknowledgment_hours == 24
    partner = agreement.partner
    sent(partner, 2, 10, {0: 5, 7: 4, 8: 1})
    sent(partner, 5, 10, {9: 10})
    sent(partner, 1, 100, {})  # not over yet
    sent(partner, 31, 100, {0: 100})  # too long ago
    sent(partner, 3, 100, {}, kind="997")  # never answered
    assert figures_of([partner.pk])[partner.pk].in_time == InTime(answered=9, sent=20, hours=24)
    agreement.functional_acknowledgment_hours = 0
    agreement.save()
    assert figures_of([partner.pk])[partner.pk].in_time is None


def test_nearly_all_is_not_all() -> None:
    assert InTime(answered=999, sent=1000, hours=24).percent == 99


def test_the_list_says_when_something_moved_last_and_what_is_paused(viewer: Client) -> None:
    document = factories.sent()
    partner = document.partner
    assert partner is not None
    quiet = factories.partner("Quiet Goods")
    Pause.objects.create(subject=f"partner:{quiet.pk}", reason="They move house.", paused_by="olaf")
    sent(partner, 3, 8, {1: 6})
    page = words(viewer)
    at = re.sub(r"<[^>]+>", "", str(moment(document.recorded_at)))
    assert f"None yet {at} 75 % within 24 h, of 8" in page
    row = page[page.index("Quiet Goods") :]
    assert re.match(r"Quiet Goods \S* ?Paused .*? None yet None yet None yet None None", row)


def test_who_sees_one_kind_of_document_is_told_of_no_other() -> None:
    document = factories.sent()
    assert document.partner is not None
    sent(document.partner, 3, 8, {1: 8})
    auditor = factories.user("carla", AUDITOR)
    Access.objects.update_or_create(user=auditor, defaults={"limits_sets": True, "sets": ["855"]})
    page = words(client_of(auditor))
    assert f"{document.partner.name}" in page
    assert "within 24 h" not in page
