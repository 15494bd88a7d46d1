"""The page of the archive's checks: what was looked at and found, the last seals, and the button for those who may."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive import publishing, sealing
from archive.models import SealCheck, SealRoot
from archive.record import record_event
from integration.flows.check_archive import check_archive
from integration.models import Work
from integration.work import Unclaimed
from portal.admin.show import list_url
from tests.pages import Desk, open_desk

HERE = Unclaimed()


@pytest.fixture
def desk(db: None) -> Desk:
    return open_desk()


def checked(*findings: str, found: int = 0, share: int | None = 7) -> SealCheck:
    return SealCheck.objects.create(
        finished_at=timezone.now(),
        share=share,
        counts={"rows": 12_345, "roots": 3},
        found=found or len(findings),
        findings=list(findings),
    )


def test_a_check_that_found_nothing_says_so(desk: Desk) -> None:
    page = desk.page(checked())
    assert "As it was sealed" in page
    assert "How much One part in 90" in page
    assert "What is not as it was sealed Nothing: all that was looked at is as it was sealed." in page
    assert "Records compared with their seals 12,345" in page
    assert "Gridport, daily" in page


def test_each_finding_is_told_and_the_rest_counted(desk: Desk) -> None:
    row = checked("The event 7 is gone.", "The event 8 is gone.", found=1202, share=None)
    page = desk.page(row)
    assert "1,202 findings" in page
    assert "How much Everything" in page
    assert "The event 7 is gone. The event 8 is gone. And 1,200 more." in page
    assert "1,202 findings" in desk.list(SealCheck)


def test_the_last_seals_are_shown_with_where_they_were_published(desk: Desk) -> None:
    assert "No day was closed yet." in desk.list(SealCheck)
    record_event("order:7", "told", "Something.")
    sealing.close(HERE, now=True)
    publishing.publish_to_file(settings.PUBLISHED_ROOTS)
    record_event("order:7", "told", "Something.")
    sealing.close(HERE, now=True)
    record_event("order:7", "told", "Something.")
    sealing.seal(HERE)
    page = desk.list(SealCheck)
    first, second = SealRoot.objects.order_by("tree")
    day = f"{first.day.day} {first.day:%b %Y}"
    assert f"{day} 1 {first.closed_at:%-d %b %Y %H:%M} UTC Yes File" in page
    # What was published is a record too, sealed with the day after.
    assert f"{day} {second.name} 2 {second.closed_at:%-d %b %Y %H:%M} UTC Yes Not yet" in page
    assert "Sealed since the last day was closed: 1." in page


def test_only_those_who_decide_may_ask_for_one(desk: Desk, decider: Client) -> None:
    address = reverse("admin:archive_sealcheck_ask")
    assert "Check the archive now" not in desk.list(SealCheck)
    assert desk.client.get(address).status_code == 403
    assert "Check the archive now…" in decider.get(list_url(SealCheck)).content.decode()
    assert decider.post(address, {"reason": " "}).status_code == 200
    answer = decider.post(address, {"reason": "Before the audit."})
    row = SealCheck.objects.get()
    assert answer["Location"] == reverse("admin:archive_sealcheck_change", args=[row.pk])
    assert Work.objects.get(step="check_archive").subject == str(row.pk)
    assert "is being checked. Open this page again" in decider.get(answer["Location"]).content.decode()
    check_archive(str(row.pk), HERE)
    assert "As it was sealed" in decider.get(answer["Location"]).content.decode()


def test_what_is_too_much_for_a_step_is_refused_in_words(
    decider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_event("order:7", "told", "Something.")
    sealing.seal(HERE)
    monkeypatch.setattr("integration.flows.check_archive.MOST_AT_ONCE", 0)
    address = reverse("admin:archive_sealcheck_ask")
    page = decider.post(address, {"reason": "Before the audit."}, follow=True).content.decode()
    assert "all of it is checked by the command" in page
    assert not SealCheck.objects.exists()
