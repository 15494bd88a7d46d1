"""The verbs of staff, as posted by the pages: who may, what they do, what they leave behind, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import AuditEntry, Event
from integration import channels
from integration import work as queue
from integration.flows.cases import channel_cause, work_cause
from integration.flows.receive import fetch_step
from integration.models import Channel, ExceptionCase, Order, Pause, PurchaseOrder, Store, Work
from partners.models import Agreement, Mailbox, Mode, TradingPartner
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pages import Desk

NO_REASON = "Say why in a few words: the reason is kept with the decision."


def decide_url(case: ExceptionCase) -> str:
    return reverse("admin:integration_exceptioncase_decide", args=[case.pk])


def release_url(work: Work) -> str:
    return reverse("admin:integration_work_release", args=[work.pk])


def mode_url(subject: Model, verb: str) -> str:
    return page_url(subject).replace("/change/", f"/{verb}/")


def said(answer: HttpResponse) -> str:
    """Return what the page says to the person who posted it."""
    return str(list(get_messages(answer.wsgi_request))[-1])


def audited() -> list[tuple[str, str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "verb", "subject", "reason"))


def told(subject: str) -> list[tuple[str, str]]:
    return list(Event.objects.filter(subject=subject).order_by("pk").values_list("sentence", "actor"))


def state_of_everything() -> tuple[object, ...]:
    models: list[type[Model]] = [ExceptionCase, Work, Store, Mailbox, Agreement, AuditEntry, Event]
    hidden = {"changed_xid"}
    return tuple(
        [
            {k: v for k, v in row.items() if k not in hidden}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in models
    )


@pytest.fixture
def order(db: None) -> Order:
    return factories.order(1042, state=Order.State.HELD)


@pytest.fixture
def case(order: Order) -> ExceptionCase:
    return factories.case("No partner lists SKU FS-9.", order=order, store=order.store)


def test_somebody_in_view_posts_no_verb_and_sees_no_button(viewer: Client, case: ExceptionCase) -> None:
    work = factories.work("match", 999, "It failed.", stopped=True)
    made = factories.everything()
    watching = factories.mailbox()
    live: list[Model] = [made.order.store, made.agreement, made.agreement.mailbox]
    before = state_of_everything()
    for verb in ("settle", "retry", "take", "give_back"):
        assert viewer.post(decide_url(case), {"verb": verb, "reason": "I may not"}).status_code == 403
    assert viewer.post(release_url(work), {"reason": "I may not"}).status_code == 403
    for subject in live:
        assert viewer.post(mode_url(subject, "back-to-watch"), {"reason": "I may not"}).status_code == 403
        assert viewer.get(mode_url(subject, "back-to-watch")).status_code == 403
        assert "back-to-watch" not in viewer.get(page_url(subject)).content.decode()
    assert viewer.post(mode_url(watching, "go-live"), {"reason": "I may not"}).status_code == 403
    assert "go-live" not in viewer.get(page_url(watching)).content.decode()
    for row in (case, work):
        text = viewer.get(page_url(row)).content.decode()
        assert "<textarea" not in text
        assert 'name="verb"' not in text
        assert "You may look at this " in text
        assert "ask customer service or an operator." in text or "ask an operator." in text
    assert state_of_everything() == before


@pytest.mark.parametrize("verb", ["settle", "retry"])
@pytest.mark.parametrize("reason", ["", "  \n "])
def test_a_case_is_not_decided_without_a_reason(
    decider: Client, case: ExceptionCase, verb: str, reason: str
) -> None:
    before = state_of_everything()
    answer = decider.post(decide_url(case), {"verb": verb, "reason": reason})
    assert answer.headers["Location"] == page_url(case)
    assert said(answer) == NO_REASON
    assert state_of_everything() == before


def test_settling_closes_the_case_and_is_kept_with_its_reason(decider: Client, case: ExceptionCase) -> None:
    answer = decider.post(decide_url(case), {"verb": "settle", "reason": " Shipped by ourselves. "})
    assert said(answer) == "The case is settled."
    case.refresh_from_db()
    assert (case.decision, case.decision_reason, case.closed_by) == (
        "settled",
        "Shipped by ourselves.",
        "dora",
    )
    assert case.closed_at is not None
    assert audited() == [("dora", "settle case", case.subject, "Shipped by ourselves.")]
    assert told(case.subject)[-1] == ("Closed: Shipped by ourselves.", "dora")
    assert told(f"order:{case.order_id}")[-1] == ("Case closed: Shipped by ourselves.", "dora")
    assert not Work.objects.exists()
    words = Desk(decider).page(case)
    assert "How it was closed Decision Settled outside; nothing more to do By dora" in words
    assert 'value="settle"' not in decider.get(page_url(case)).content.decode()


def test_a_case_that_somebody_closed_meanwhile_is_not_decided_again(
    decider: Client, case: ExceptionCase
) -> None:
    decider.post(decide_url(case), {"verb": "settle", "reason": "First."})
    before = state_of_everything()
    answer = decider.post(decide_url(case), {"verb": "settle", "reason": "Second."})
    assert said(answer) == "Somebody else has closed this case already."
    assert state_of_everything() == before


def test_trying_again_closes_the_case_and_looks_at_the_order_once_more(
    decider: Client, case: ExceptionCase
) -> None:
    page = Desk(decider).page(case)
    assert "Try again Closes the case and does this at once: read an order from the store." in page
    answer = decider.post(decide_url(case), {"verb": "retry", "reason": "The SKU is listed now."})
    assert said(answer) == "It is tried again now."
    case.refresh_from_db()
    assert (case.decision, case.closed_by) == ("retry", "dora")
    assert audited() == [("dora", "retry case", case.subject, "The SKU is listed now.")]
    assert told(case.subject)[-1] == ("Closed: The SKU is listed now.", "dora")
    assert list(Work.objects.values_list("step", "subject")) == [("import_order", f"{case.store_id}:1042")]


def test_trying_again_lets_the_stopped_work_behind_the_case_go_on(decider: Client) -> None:
    work = factories.work("match", 7, "The worker died.", stopped=True)
    case = factories.case("Work stopped.", kind="parked", cause=work_cause("match", "7"))
    words = Desk(decider).page(case)
    assert "The work behind it Match a received document" in words
    assert "stopped since" in words
    decider.post(decide_url(case), {"verb": "retry", "reason": "Mended."})
    work.refresh_from_db()
    assert (work.parked_at, work.attempts) == (None, 0)
    case.refresh_from_db()
    assert case.decision == "retry"


def test_there_is_no_button_where_nothing_can_be_tried_again(decider: Client) -> None:
    case = factories.case("Answered differently.", kind="acknowledgment_differs")
    assert "Try again" not in Desk(decider).page(case)
    answer = decider.post(decide_url(case), {"verb": "retry", "reason": "Please."})
    assert said(answer) == "There is nothing to try again for this case: settle it with a reason instead."
    case.refresh_from_db()
    assert case.closed_at is None


def test_a_case_is_taken_and_given_back(decider: Client, case: ExceptionCase) -> None:
    assert "Nobody looks after this case." in Desk(decider).page(case)
    assert said(decider.post(decide_url(case), {"verb": "take"})) == "The case is yours."
    case.refresh_from_db()
    assert case.owner == User.objects.get(username="dora")
    assert "You look after this case." in Desk(decider).page(case)
    assert said(decider.post(decide_url(case), {"verb": "give_back"})) == "The case is nobody's again."
    case.refresh_from_db()
    assert case.owner is None
    entries = AuditEntry.objects.order_by("pk").values_list("actor", "verb", "detail")
    assert list(entries) == [
        ("dora", "assign case", {"owner": "dora"}),
        ("dora", "assign case", {"owner": "nobody"}),
    ]
    assert [actor for _, actor in told(case.subject)[-2:]] == ["dora", "dora"]


def test_cases_are_mine_nobodys_closed_or_all(decider: Client, case: ExceptionCase) -> None:
    other = factories.case("Nobody's.")
    closed = factories.case("Closed.")
    decider.post(decide_url(case), {"verb": "take"})
    decider.post(decide_url(closed), {"verb": "settle", "reason": "Done."})

    def listed(query: str) -> set[int]:
        rows = decider.get(list_url(ExceptionCase, query)).context["cl"].result_list
        return {row.pk for row in rows}

    assert listed("") == {case.pk, other.pk}
    assert listed("cases=mine") == {case.pk}
    assert listed("cases=unassigned") == {other.pk}
    assert listed("cases=closed") == {closed.pk}
    assert listed("cases=all") == {case.pk, other.pk, closed.pk}


def test_the_case_due_soonest_stands_first(viewer: Client) -> None:
    never = factories.case("Without a date.")
    late = factories.case("Late.", due_at=datetime(2020, 1, 2, tzinfo=UTC))
    later = factories.case("Later.", due_at=datetime(2999, 1, 2, 15, 4, tzinfo=UTC))
    rows = viewer.get(list_url(ExceptionCase)).context["cl"].result_list
    assert [row.pk for row in rows] == [late.pk, later.pk, never.pk]
    words = Desk(viewer).list(ExceptionCase)
    assert "Late. Past its due time due 2 Jan 2020 00:00 UTC" in words
    assert "Later. Open due 2 Jan 2999 15:04 UTC" in words


def test_a_verb_that_is_none_is_refused(decider: Client, case: ExceptionCase) -> None:
    before = state_of_everything()
    assert decider.post(decide_url(case), {"verb": "delete", "reason": "x"}).status_code == 400
    assert decider.get(decide_url(case)).status_code == 405
    assert state_of_everything() == before


def test_a_verb_needs_its_form(case: ExceptionCase) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.user(group="decide"))
    assert strict.post(decide_url(case), {"verb": "settle", "reason": "x"}).status_code == 403
    case.refresh_from_db()
    assert case.closed_at is None


def test_evidence_is_a_table_in_the_order_of_the_question(viewer: Client) -> None:
    case = factories.case(
        "Answered differently.",
        evidence=[
            {"line": 1, "sku": "FS-1", "what": "quantity", "asked": "2 each", "answered": "1 each"},
            {"line": None, "sku": "", "what": "answer", "asked": "5 each", "answered": None},
        ],
    )
    words = Desk(viewer).page(case)
    assert "What was asked, and what was said Line SKU What We asked They answered" in words
    assert "1 FS-1 Quantity 2 each 1 each Answer 5 each" in words


def test_stopped_work_goes_on_with_a_reason(decider: Client) -> None:
    work = factories.work("match", 7, "The worker died.", stopped=True)
    assert "Work stopped" in Desk(decider).dashboard()
    answer = decider.post(release_url(work), {"reason": " "})
    assert said(answer) == NO_REASON
    assert answer.headers["Location"] == page_url(work)
    work.refresh_from_db()
    assert work.parked_at is not None
    answer = decider.post(release_url(work), {"reason": "Mended."})
    assert said(answer) == "The work goes on."
    work.refresh_from_db()
    assert work.parked_at is None
    assert audited() == [("dora", "release work", "work:match:7", "Mended.")]


def test_work_that_is_not_stopped_needs_nobody(decider: Client) -> None:
    work = factories.work("match", 7)
    assert "Nothing: it goes on by itself." in Desk(decider).page(work)
    assert (
        said(decider.post(release_url(work), {"reason": "Faster."}))
        == "This work is not stopped: it goes on by itself."
    )
    assert audited() == []


def test_work_says_what_it_does_for_what_and_why_it_has_not_happened(viewer: Client) -> None:
    document = factories.sent()
    factories.work("match", document.pk, "The store answered nothing.")
    factories.work("import_order", "1:1042")
    words = Desk(viewer).list(Work)
    name = f"Purchase order (850) {document.orders.get().purchase_order.number}"
    assert (
        f"Match a received document Waiting to be tried again {name} The store answered nothing. 3" in words
    )
    assert "Read an order from the store Waiting Order 1042 None" in words


def test_trying_a_silent_mailboxs_case_again_probes_it_at_once(decider: Client) -> None:
    box = factories.mailbox("Grid")
    name = f"mailbox:{box.pk}"
    queue.put("mailboxes", fetch_step(box.pk, timedelta(minutes=9)))
    for _ in range(3):
        channels.failed(name)
    Channel.objects.update(probe_at=timezone.now() + timedelta(minutes=5))
    case = factories.case("Grid is silent.", kind="mailbox", cause=channel_cause(name), mailbox=box)
    assert "Try again now Closes the case and does this at once: fetch files from a mailbox." in Desk(
        decider
    ).page(case)
    assert queue.claim("mailboxes") == []
    decider.post(decide_url(case), {"verb": "retry", "reason": "They say it is up."})
    [probe] = queue.claim("mailboxes")
    assert (probe.step, Channel.objects.get().probes) == ("fetch_mailbox", 1)


def test_work_that_waits_for_a_mailbox_shows_the_case_of_the_mailbox(viewer: Client) -> None:
    box = factories.mailbox("Grid")
    work = factories.work("transmit", 7, "Grid does not answer.")
    Work.objects.update(channel=f"mailbox:{box.pk}")
    factories.case(
        "Grid does not answer.", kind="mailbox", cause=channel_cause(f"mailbox:{box.pk}"), mailbox=box
    )
    assert "Open case: Grid does not answer." in Desk(viewer).page(work)


SUBJECTS = ["store", "mailbox", "agreement"]


def subject(kind: str, mode: str) -> Store | Mailbox | Agreement:
    if kind == "store":
        return factories.store("Fern & Stone", mode=mode)
    if kind == "mailbox":
        return factories.mailbox("Grid", mode=mode)
    return factories.agreement("Larch, drop shipment", mode=mode)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_going_live_needs_a_reason_and_is_kept_with_it(decider: Client, kind: str) -> None:
    row = subject(kind, Mode.WATCH)
    address, moment = mode_url(row, "go-live"), {"live_from": "2026-11-01T08:00"}
    assert f"Let {row} go live?" in Desk(decider).read(address)
    empty = decider.post(address, {**moment, "reason": "  "})
    assert empty.status_code == 200
    assert NO_REASON in empty.content.decode()
    row.refresh_from_db()
    assert row.mode == Mode.WATCH
    assert audited() == []
    before = timezone.now()
    answer = decider.post(address, {**moment, "reason": "The contract begins."})
    assert said(answer) == f"{row} is live."
    row.refresh_from_db()
    assert row.mode == Mode.LIVE
    if isinstance(row, Store):
        assert row.live_from == datetime(2026, 11, 1, 8, tzinfo=UTC)
    if isinstance(row, Agreement):
        assert row.live_from is not None
        assert row.live_from >= before
    assert audited() == [("dora", "go live", f"{kind}:{row.pk}", "The contract begins.")]
    assert told(f"{kind}:{row.pk}") == [("Go live: The contract begins.", "dora")]
    words = Desk(decider).page(row)
    assert "Timeline Go live: The contract begins." in words
    assert "Back to watch…" in words
    assert "Go live…" not in words


@pytest.mark.parametrize("kind", SUBJECTS)
def test_going_back_to_watch_needs_a_reason_and_is_kept_with_it(decider: Client, kind: str) -> None:
    row = subject(kind, Mode.LIVE)
    address = mode_url(row, "back-to-watch")
    assert f"Take {row} back to watch?" in Desk(decider).read(address)
    assert NO_REASON in decider.post(address, {"reason": ""}).content.decode()
    answer = decider.post(address, {"reason": "Their system is moved."})
    assert said(answer) == f"{row} is in watch."
    row.refresh_from_db()
    assert row.mode == Mode.WATCH
    assert audited() == [("dora", "back to watch", f"{kind}:{row.pk}", "Their system is moved.")]
    assert told(f"{kind}:{row.pk}") == [("Back to watch: Their system is moved.", "dora")]


@pytest.mark.parametrize(("mode", "verb", "sentence"), [
    (Mode.LIVE, "go-live", "Grid is live already."), (Mode.WATCH, "back-to-watch", "Grid is in watch already."),
])  # fmt: skip
def test_a_mode_that_is_there_already_is_said_and_left(
    decider: Client, mode: str, verb: str, sentence: str
) -> None:
    box = factories.mailbox("Grid", mode=mode)
    shown = decider.get(mode_url(box, verb))
    assert shown.status_code == 302
    assert said(decider.post(mode_url(box, verb), {"reason": "Again."})) == sentence
    assert audited() == []


def test_going_live_says_what_waits_and_what_else_is_in_watch(decider: Client) -> None:
    made = factories.purchase_order(factories.order(1042))
    PurchaseOrder.objects.update(state=PurchaseOrder.State.COMPOSED)
    words = Desk(decider).read(mode_url(made.agreement, "go-live"))
    assert "One order that is composed and waits is looked at again at once." in words
    assert f"Mailbox {made.agreement.mailbox} is in watch." in words
    decider.post(mode_url(made.agreement, "go-live"), {"reason": "Agreed."})
    assert list(Work.objects.values_list("step", "subject")) == [
        ("import_order", f"{made.order.store_id}:1042")
    ]


def test_a_store_does_not_go_live_without_a_moment(decider: Client) -> None:
    store = factories.store()
    answer = decider.post(mode_url(store, "go-live"), {"reason": "Agreed.", "live_from": "soon"})
    assert "Enter a valid date/time." in answer.content.decode()
    store.refresh_from_db()
    assert store.mode == Mode.WATCH


PAUSED = ["store", "mailbox", "partner"]


def pausable(kind: str) -> Store | Mailbox | TradingPartner:
    if kind == "partner":
        return factories.partner("Larch Supply")
    return factories.store("Fern & Stone") if kind == "store" else factories.mailbox("Grid")


@pytest.mark.parametrize("kind", PAUSED)
def test_what_is_paused_says_by_whom_and_why_until_it_is_resumed(decider: Client, kind: str) -> None:
    row = pausable(kind)
    assert "Pause…" in Desk(decider).page(row)
    assert f"Pause {row}?" in Desk(decider).read(mode_url(row, "pause"))
    assert NO_REASON in decider.post(mode_url(row, "pause"), {"reason": " "}).content.decode()
    assert not Pause.objects.exists()
    assert said(decider.post(mode_url(row, "pause"), {"reason": "They take stock."})) == f"{row} is paused."
    assert Pause.objects.get().subject == f"{kind}:{row.pk}"
    words = Desk(decider).page(row)
    assert "Paused by dora since" in words
    assert "UTC : They take stock." in words
    assert "Resume…" in words
    assert "Pause…" not in words
    assert f"{kind.capitalize()} {row} They take stock. dora" in Desk(decider).list(Pause)
    held = factories.work("match", 999, "Paused.")
    Work.objects.filter(pk=held.pk).update(channel=f"pause:{kind}:{row.pk}", due_at="2999-01-01T00:00Z")
    assert "Match a received document Paused" in Desk(decider).list(Work)
    assert said(decider.post(mode_url(row, "resume"), {"reason": "Counted."})) == f"{row} goes on."
    held.refresh_from_db()
    assert held.due_at <= timezone.now()
    assert not Pause.objects.exists()
    assert audited() == [
        ("dora", "pause", f"{kind}:{row.pk}", "They take stock."),
        ("dora", "resume", f"{kind}:{row.pk}", "Counted."),
    ]
    assert "Timeline Paused: They take stock." in Desk(decider).page(row)
    assert f"Resume {row} dora Counted." in Desk(decider).list(AuditEntry)


@pytest.mark.parametrize(
    ("name", "subject", "words"),
    [
        ("everything", Pause.EVERYTHING, "Everything"),
        ("receiving", Pause.RECEIVING, "Receiving from partners"),
        ("sending", Pause.SENDING, "Sending to partners"),
    ],
)
def test_a_general_switch_is_turned_from_the_first_page(
    decider: Client, name: str, subject: str, words: str
) -> None:
    address = reverse("admin:integration_pause_switch", args=[name])
    assert f"{address}?turn=on" in decider.get(reverse("admin:index")).content.decode()
    assert f"Pause {words[:1].lower()}{words[1:]}?" in Desk(decider).read(f"{address}?turn=on")
    assert NO_REASON in decider.post(f"{address}?turn=on", {"reason": ""}).content.decode()
    assert said(decider.post(f"{address}?turn=on", {"reason": "Power cut."})) == f"{words} is paused."
    assert list(Pause.objects.values_list("subject", "reason")) == [(subject, "Power cut.")]
    page = Desk(decider).dashboard()
    assert f"Paused: {words}, by dora since" in page
    assert "UTC : Power cut." in page
    assert f"{address}?turn=off" in decider.get(reverse("admin:index")).content.decode()
    assert said(decider.post(f"{address}?turn=on", {"reason": "Twice."})) == "This is paused already."
    assert said(decider.post(f"{address}?turn=off", {"reason": "Power is back."})) == f"{words} goes on."
    assert not Pause.objects.exists()
    assert [verb for _, verb, _, _ in audited()] == ["pause", "resume"]
    assert f"Resume {words} dora Power is back." in Desk(decider).list(AuditEntry)


def test_somebody_in_view_pauses_nothing(viewer: Client) -> None:
    for kind in PAUSED:
        row = pausable(kind)
        assert "Pause…" not in Desk(viewer).page(row)
        for verb in ("pause", "resume"):
            assert viewer.get(mode_url(row, verb)).status_code == 403
            assert viewer.post(mode_url(row, verb), {"reason": "I may not"}).status_code == 403
    switch = reverse("admin:integration_pause_switch", args=["everything"])
    assert viewer.post(f"{switch}?turn=on", {"reason": "I may not"}).status_code == 403
    assert switch not in viewer.get(reverse("admin:index")).content.decode()
    assert not Pause.objects.exists()


def test_there_is_no_fourth_general_switch(decider: Client) -> None:
    address = reverse("admin:integration_pause_switch", args=["weather"])
    assert decider.post(f"{address}?turn=on", {"reason": "Rain."}).status_code == 404


def test_decisions_are_listed_with_what_they_were_about(decider: Client, case: ExceptionCase) -> None:
    decider.post(decide_url(case), {"verb": "take"})
    decider.post(decide_url(case), {"verb": "settle", "reason": "Shipped by ourselves."})
    words = Desk(decider).list(AuditEntry)
    about = f"Case {case.pk}: no partner for an item"
    assert f"Settle case {about} dora Shipped by ourselves." in words
    assert f"Assign case {about} dora" in words
    entry = AuditEntry.objects.get(verb="assign case")
    assert "Detail Owner: dora" in Desk(decider).page(entry)
