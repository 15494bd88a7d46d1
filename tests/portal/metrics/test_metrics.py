"""Figures for Prometheus, read back by its own parser; the token; the alerts that name them; the deep health check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from archive.models import PayloadCopy, SealCheck, SealPublication, SealRoot
from archive.record import record_event
from archive.storages import StorageAway
from archive.verify import NO_CHAIN
from integration import channels
from integration.flows import seal_archive
from integration.flows.steps import STEPS
from integration.models import (
    ExceptionCase,
    Expectation,
    HookCall,
    Reconciliation,
    RestoreDrill,
    Store,
    StoreBudget,
    StoreHook,
    Work,
)
from integration.work import Unclaimed
from partners.models import HostKey
from portal.metrics import pages
from portal.metrics.exposition import Metric, Sample, render
from portal.metrics.working import LANES
from tests import factories
from tests.conftest import ROOT

TOKEN = "a-token-of-a-scraper"
ALERTS = ROOT / "portal" / "metrics" / "alerts.yml"
Figures = dict[tuple[str, str], float]


@pytest.fixture(autouse=True)
def with_token(settings: Any, tmp_path: Path) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.BACKUP_FOLDER = tmp_path / "backups"


def get(path: str = "/metrics", token: str = TOKEN) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


def scraped() -> Figures:
    """Return every figure by the metric's name, without the prefix, and the values of its labels."""
    answer = get()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: Figures = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        assert family.documentation.endswith((".", "…"))
        for sample in family.samples:
            assert sample.name.startswith("gridport_")
            key = (sample.name.removeprefix("gridport_"), ",".join(sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found


def names() -> set[str]:
    with patch("portal.metrics.kept.latest_backup", lambda folder: ROOT / "manage.py"):
        return {f"gridport_{metric.name}" for metric in pages.figures()}


def test_without_the_setting_there_is_no_such_page(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for path in ("/metrics", "/health/deep"):
        assert get(path, "").status_code == get(path).status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN])
@pytest.mark.parametrize("path", ["/metrics", "/health/deep"])
def test_without_the_token_nothing_is_told(header: str, path: str) -> None:
    answer = Client().get(path, headers={"Authorization": header})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="gridport"')
    assert b"gridport_" not in answer.content
    assert get(f"{path}?token={TOKEN}", "x").status_code == 401


def test_a_database_that_is_away_is_said_in_words(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    def away() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(pages, "figures", away)
    answer = get()
    assert (answer.status_code, answer.content.decode()) == (503, pages.AWAY)
    monkeypatch.setattr(pages, "_looked_through", away)
    assert get("/health/deep").json() == {"healthy": False, "problems": [pages.AWAY.strip()]}


@pytest.mark.django_db
def test_an_empty_portal_tells_noughts_and_leaves_out_what_is_not_known() -> None:
    found = scraped()
    assert found.pop(("info", "0.1.0")) == 1
    assert abs(found.pop(("clock_skew_seconds", ""))) < 5
    assert set(found.values()) == {0}
    assert {labels for name, labels in found if name == "work_depth"} == set(LANES)
    assert {labels for name, labels in found if name == "cases_open"} == set(ExceptionCase.Kind.values)
    told = {name for name, _ in found}
    assert not told & {
        "restore_drill_age_days", "restore_drill_passed", "anchor_age_seconds", "backup_age_seconds", "reconcile_age_seconds",
        "fixity_age_seconds", "hook_active", "bc_quota_left", "breaker_state", "cert_days_left",
    }  # fmt: skip


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=20)


@pytest.mark.django_db
def test_the_work_and_what_people_and_partners_owe() -> None:
    ago = timezone.now() - timedelta(minutes=10)
    document = factories.sent(delivered=False)
    factories.attempted(document, "unknown")
    before = scraped()
    for subject in ("901", "902", "903"):
        factories.work("match", subject)
    Work.objects.filter(subject="902").update(due_at=ago)
    factories.work("match", "904", "It broke.", stopped=True)
    factories.work("send_mail", "1")
    factories.case(kind="mailbox", partner=factories.partner("Wexford Lamps"))
    ExceptionCase.objects.update(opened_at=ago)
    Expectation.objects.filter(what="997").update(counted_from=ago)
    overdue = Expectation.objects.create(
        what="997", subject="document:1", agreement=document.agreement, document=document, counted_from=ago - timedelta(hours=1),
        due_at=ago, state="overdue",
    )  # fmt: skip
    found = scraped()
    lane = STEPS["match"].lane
    assert found["work_oldest_age_seconds", lane] == about(600)
    assert found["work_depth", lane] - before["work_depth", lane] == 3
    assert found["work_parked", "match"] == 1
    assert found["mails_waiting", ""] == before["mails_waiting", ""] + 1
    assert found["sends", "unknown"] == 1
    assert found["cases_open", "mailbox"] == 1
    assert found["cases_oldest_age_seconds", ""] == about(600)
    assert found["ack997_pending_age_seconds", ""] == about(4200)
    assert found["answers_overdue", "997"] == 1
    overdue.delete()
    assert "Wexford" not in get().content.decode()


@pytest.mark.django_db
def test_stores_mailboxes_and_what_reconciliation_found() -> None:
    store, now = factories.store(), timezone.now()
    StoreHook.objects.create(store=store, key="k", secret="s", number=1, is_active=True, refused=4)
    for place, minutes in enumerate((1, 2, 90)):
        HookCall.objects.create(
            store=store, webhook_id=str(place), digest=str(place), body=b"{}", stamped_at=now, is_stale=False,
            received_at=now - timedelta(minutes=minutes),
        )  # fmt: skip
    StoreBudget.objects.create(store=store, quota=150, requests_left=17)
    channels.failed(f"store:{store.pk}", at_once=True)
    channels.ensure("mailbox:9")
    box = factories.mailbox(transport="sftp")
    HostKey.objects.create(mailbox=box, key="ssh-ed25519 AAAA", valid_until=now + timedelta(days=10))
    HostKey.objects.create(mailbox=factories.mailbox(transport="sftp"), key="ssh-ed25519 BBBB")
    look = Reconciliation.objects.create(started_at=now, finished_at=now - timedelta(hours=2))
    look.gaps.create(check_name="order", sentence="Order 7 was missing.")
    found = scraped()
    own = str(store.pk)
    assert found["hook_active", own] == 1
    assert found["hook_last_call_age_seconds", own] == about(60)
    assert found["hook_calls_taken_10m", own] == 2
    assert found["hook_calls_refused_total", own] == 4
    assert (found["bc_quota_left", own], found["bc_quota", own]) == (17, 150)
    assert (found["breaker_state", f"store:{own}"], found["breaker_state", "mailbox:9"]) == (1, 0)
    assert found["breaker_open_seconds", f"store:{own}"] == about(0)
    assert {labels: value for (name, labels), value in found.items() if name == "cert_days_left"} == {
        str(box.pk): pytest.approx(10, abs=0.01)
    }
    assert (found["reconcile_found_total", "order"], found["reconcile_found_total", "receipt"]) == (1, 0)
    assert found["reconcile_age_seconds", ""] == about(7200)


@pytest.mark.django_db
def test_the_archive_its_copies_and_backups(settings: Any) -> None:
    now = timezone.now()
    record_event("order:7", "told", "Something.")
    document = factories.sent()
    assert scraped()["seal_lag_seconds", ""] < 60
    later = now + timedelta(hours=3)
    with patch("portal.metrics.pages.database_now", lambda: later):
        assert scraped()["seal_lag_seconds", ""] == about(10800)
    seal_archive.seal_archive("all", Unclaimed())
    with patch("portal.metrics.pages.database_now", lambda: later):
        assert scraped()["seal_lag_seconds", ""] == 0
    root = SealRoot.objects.create(
        tree=1,
        name="2026-11-28",
        day=date(2026, 11, 28),
        closed_at=now,
        size=1,
        root="0" * 64,
        previous=NO_CHAIN,
        chain="1" * 64,
    )
    SealPublication.objects.create(root=root, place="file", reference="roots.txt")
    for rows, found in ((40, 0), (60, 3)):
        SealCheck.objects.create(share=0, finished_at=now, counts={"rows": rows}, found=found)
    copy = PayloadCopy.objects.get(payload=document.interchange.payload)
    PayloadCopy.objects.filter(pk=copy.pk).update(state="damaged")
    PayloadCopy.objects.exclude(pk=copy.pk).update(made_at=now - timedelta(hours=1))
    RestoreDrill.objects.create(
        file="a",
        seconds=Decimal(1),
        passed=True,
        detail="",
        backup_made_at=now,
        began_at=now - timedelta(days=8),
    )
    RestoreDrill.objects.create(file="b", seconds=Decimal(1), passed=False, detail="Torn.")
    settings.BACKUP_FOLDER.mkdir()
    for name in ("g.backup", "g.backup.keys"):
        (settings.BACKUP_FOLDER / name).write_text("x")
    told = scraped()
    assert told["anchor_age_seconds", ""] == about(0)
    assert (told["fixity_checked_total", ""], told["fixity_bad_total", ""]) == (100, 3)
    assert told["fixity_age_seconds", ""] == about(0)
    assert told["copies_damaged", ""] == 1
    assert told["copies_waiting", ""] == PayloadCopy.objects.filter(state="waiting").count()
    assert told["restore_drill_age_days", ""] == pytest.approx(8, abs=0.01)
    assert told["restore_drill_passed", ""] == 0
    assert told["backup_age_seconds", ""] == about(0)


@pytest.mark.django_db
def test_a_scrape_asks_no_more_of_many_rows_than_of_few() -> None:
    factories.everything()
    scraped()
    with CaptureQueriesContext(connection) as few:
        scraped()
    for _ in range(3):
        factories.work("match", ExceptionCase.objects.count() + Work.objects.count())
        factories.case()
        factories.sent()
    stores, boxes = Store.objects.count(), 0
    with CaptureQueriesContext(connection) as many:
        scraped()
    assert stores
    assert len(many) <= len(few) + 2 * 3 + boxes  # two short looks a store
    assert len(few) < 60


def test_what_stands_in_labels_and_texts_cannot_break_the_lines() -> None:
    hostile = 'a"b\\c\nd{e="f"} 7'
    text = render(
        [Metric("odd", "First\nsecond \\ line.", [Sample(1.5, {"name": hostile}), Sample(2, {"name": "é"})])]
    )
    [family] = text_string_to_metric_families(text)
    assert family.documentation == "First\nsecond \\ line."
    assert [(each.labels, each.value) for each in family.samples] == [
        ({"name": hostile}, 1.5),
        ({"name": "é"}, 2),
    ]


def rules() -> Iterator[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    yield from group["rules"]


@pytest.mark.django_db
def test_every_alert_names_figures_that_there_are_and_says_what_to_do() -> None:
    there = names()
    meant: set[str] = set()
    seen = [each["alert"] for each in rules()]
    assert len(seen) == len(set(seen)) == 23
    for rule in rules():
        used = set(re.findall(r"gridport_\w+", rule["expr"]))
        assert used, rule
        assert used <= there, rule
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "what_to_do"}
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert label in ("stage", "step", "channel", "store", "mailbox")
        meant |= used
    assert {
        "gridport_seal_lag_seconds",
        "gridport_anchor_age_seconds",
        "gridport_backup_age_seconds",
    } <= meant


@pytest.mark.django_db
def test_the_deep_check_tells_what_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = get("/health/deep")
    assert (fine.status_code, fine.json()["healthy"], fine.json()["problems"]) == (200, True, [])
    channels.ensure("mailbox:9")
    channels.failed("store:1", at_once=True)
    record_event("order:7", "told", "Something.")
    monkeypatch.setattr(pages.kept, "clock_skew", lambda: -42.0)
    monkeypatch.setattr(pages, "database_now", lambda: datetime.now(UTC) + timedelta(hours=3))

    def away() -> None:
        raise StorageAway("It does not answer.")

    monkeypatch.setattr(pages.storages, "place", away)
    told = get("/health/deep")
    assert told.status_code == 503
    assert told.json()["channels"] == {"mailbox:9": "answers", "store:1": "away"}
    assert told.json()["oldest_unsealed_seconds"] == about(10800)
    assert told.json()["problems"] == [
        "store:1 does not answer: nothing is asked of it but a probe.",
        "This machine's clock is 42 s behind the database's: set both by NTP.",
        "Records of the archive wait for 3 h to be sealed: look whether manage.py worker runs, and whether the step that seals"
        " stopped.",
        "The archive's storage: It does not answer.",
    ]
