"""The first page: its counts are those of the lists behind them, and it says what is wrong with whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import DocumentState, TransmissionOutcome
from integration import channels, work
from integration.flows.cases import channel_cause
from integration.models import Channel, ExceptionCase, Expectation, Order, Store, Work
from integration.work import Step
from partners.models import Agreement, Mailbox, Mode
from tests import factories
from tests.pages import Desk


def tiles(client: Client) -> dict[str, tuple[str, str, str]]:
    found = client.get(reverse("admin:index")).context["tiles"]
    return {tile.words: (tile.count, tile.url, tile.tone) for tile in found}


@pytest.fixture
def busy(db: None) -> None:
    """Different numbers of everything that a tile counts, and more that none counts."""
    for _ in range(2):
        factories.case()
    closed = factories.case()
    ExceptionCase.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    for _ in range(3):
        factories.order(state=Order.State.HELD)
    for _ in range(4):
        factories.sent(delivered=False)
    for result in (TransmissionOutcome.Result.FAILED, TransmissionOutcome.Result.UNKNOWN) * 2:
        factories.attempted(factories.sent(delivered=False), result)
    factories.attempted(factories.sent(delivered=False), TransmissionOutcome.Result.FAILED)
    states = ["overdue"] * 6 + ["rejected"] * 7 + ["accepted"] * 2
    for state in states:
        DocumentState.objects.filter(document=factories.sent()).update(acknowledgment=state)
    some = Expectation.objects.values_list("pk", flat=True)[:10]
    Expectation.objects.filter(pk__in=list(some)).update(state="overdue")
    for _ in range(8):
        DocumentState.objects.filter(document=factories.document()).update(validation="invalid")
    for subject in range(9):
        factories.work("match", subject, "It failed.", stopped=True)
    factories.work("match", "9")


def test_each_tile_counts_what_the_list_behind_it_shows(viewer: Client, busy: None) -> None:
    found = tiles(viewer)
    assert {words: count for words, (count, _, _) in found.items()} == {
        "Open cases": "2",
        "Orders held by a case": "3",
        "Documents waiting to be sent": "4",
        "Documents failed or unknown": "5",
        "Acknowledgments overdue": "6",
        "Documents rejected by partners": "7",
        "Documents received invalid": "8",
        "Work stopped": "9",
        "Answers overdue": "10",
    }
    for words, (count, address, tone) in found.items():
        listed = viewer.get(address)
        assert listed.context["cl"].result_count == int(count), words
        assert tone != "quiet", words


def test_a_tile_counts_no_further_than_a_thousand(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.admin.dashboard.MOST", 2)
    for _ in range(3):
        factories.case()
    assert tiles(viewer)["Open cases"][0] == "2+"


def test_open_cases_are_counted_by_kind_and_lead_to_their_list(viewer: Client) -> None:
    for kind in ("no_partner", "no_partner", "overdue"):
        factories.case(kind=kind)
    kinds = viewer.get(reverse("admin:index")).context["case_kinds"]
    assert [(each.words, each.told) for each in kinds] == [
        ("No partner for an item", "2"),
        ("Answer overdue", "1"),
    ]
    for each in kinds:
        assert viewer.get(each.url).context["cl"].result_count == int(each.told)


def test_the_five_oldest_cases_stand_there_with_their_age(viewer: Client) -> None:
    for days in range(7):
        case = factories.case(f"Case of {days} days.")
        ExceptionCase.objects.filter(pk=case.pk).update(
            opened_at=timezone.now() - timedelta(days=days, minutes=1)
        )
    shown = viewer.get(reverse("admin:index")).context["oldest_cases"]
    assert [(each["row"].sentence, each["age"]) for each in shown] == [
        ("Case of 6 days.", "6 days"),
        ("Case of 5 days.", "5 days"),
        ("Case of 4 days.", "4 days"),
        ("Case of 3 days.", "3 days"),
        ("Case of 2 days.", "2 days"),
    ]


def test_a_poll_that_fails_says_so_at_its_store_or_mailbox(viewer: Client) -> None:
    store, box = factories.store("Fern & Stone", mode=Mode.LIVE), factories.mailbox("Grid")
    factories.work("poll_store", store.pk, "The store refused the token.")
    factories.work("fetch_mailbox", box.pk)
    words = Desk(viewer).dashboard()
    assert "Fern & Stone Live Store The store refused the token." in words
    assert "Grid Watch Mailbox" in words


def test_the_steps_of_setting_up_are_ticked_off_one_by_one(viewer: Client) -> None:
    def done() -> list[str]:
        steps = viewer.get(reverse("admin:index")).context["first_steps"]
        return [step["words"] for step in steps if step["done"]]

    assert done() == []
    made = factories.purchase_order()
    assert done() == ["Add a mailbox", "Add a trading partner", "Add an agreement", "Add the store"]
    Mailbox.objects.update(mode=Mode.LIVE)
    assert done()[-1] == "Let the mailbox go live"
    Agreement.objects.update(mode=Mode.LIVE)
    assert done()[-1] == "Let the agreement go live"
    Store.objects.filter(pk=made.order.store_id).update(mode=Mode.LIVE)
    assert viewer.get(reverse("admin:index")).context["first_steps"] == []


def test_a_mailbox_that_work_stands_still_for_says_since_when_how_much_waits_and_until_when(
    viewer: Client,
) -> None:
    box = factories.mailbox("Grid")
    name = f"mailbox:{box.pk}"
    for number in range(3):
        work.put("mailboxes", Step("transmit", str(number), f"i:{number}", talks_to=name))
    channels.failed(name, at_once=True)
    since = timezone.now() - timedelta(hours=2)
    until = timezone.now() + timedelta(minutes=4)
    Channel.objects.update(opened_at=since, probe_at=until)
    sentence = (
        f"Work for it stands still since {since.day} {since:%b %Y %H:%M} UTC ; 3 pieces of work wait. It is tried again"
        f" by itself at {until:%H:%M:%S} UTC ."
    )
    assert sentence in Desk(viewer).dashboard()
    assert sentence in Desk(viewer).page(box)
    case = factories.case("Grid does not answer.", kind="mailbox", cause=channel_cause(name), mailbox=box)
    assert sentence in Desk(viewer).page(case)
    channels.succeeded(name)
    assert "stands still" not in Desk(viewer).dashboard()


def test_the_oldest_work_that_is_due_shows_its_age(viewer: Client) -> None:
    assert "Nothing that is due waits." in Desk(viewer).dashboard()
    for number in range(2):
        work.put("documents", Step("match", str(number), f"d:{number}"))
    Work.objects.filter(subject="0").update(due_at=timezone.now() - timedelta(minutes=7, seconds=5))
    found = viewer.get(reverse("admin:index")).context["queue"]
    assert (found["age"], found["depth"], found["tone"]) == ("7 min", "2", "bad")
    assert "The oldest work that is due waits for 7 min ; 2 due in all." in Desk(viewer).dashboard()
