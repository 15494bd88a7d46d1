"""Notices: who is told of what and how, once a cause and once when it is over; nothing of customers in what leaves."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.urls import resolve

from integration.flows.cases import channel_cause, close_cause, open_case, reopen, work_cause
from integration.flows.notice_causes import DEBOUNCE
from integration.flows.notice_settings import Choice, choose, read
from integration.flows.notices import KEPT, PATH, tell_notices
from integration.models import (
    BulkItem,
    BulkJob,
    Channel,
    ExceptionCase,
    Notice,
    NoticeReceipt,
    NoticeRule,
    NoticeWebhook,
    OutgoingMail,
    WebhookCall,
)
from integration.work import Step, Unclaimed
from portal.groups import CUSTOMER_SERVICE, OPERATOR
from portal.models import Access
from tests import factories

pytestmark = pytest.mark.django_db

Kind, Case = NoticeRule.Kind, ExceptionCase.Kind


def look() -> list[Step]:
    return tell_notices("all", Unclaimed())


def age(by: timedelta = DEBOUNCE) -> None:
    """Have everything that stands have stood so much longer."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integration_exceptioncase SET opened_at = opened_at - %s", [by])
        cursor.execute("UPDATE integration_channel SET opened_at = opened_at - %s", [by])


def person(name: str, role: str = OPERATOR) -> User:
    made = factories.user(name, role)
    made.email = f"{name}@fern.example"
    made.save()
    return made


def rule(kind: str, role: str = OPERATOR, **fields: Any) -> NoticeRule:
    return NoticeRule.objects.create(kind=kind, role=Group.objects.get(name=role), **fields)


def told() -> list[tuple[str, str, bool, bool]]:
    """Return who was told of what, under the bell, and by mail."""
    rows = NoticeReceipt.objects.order_by("notice_id", "user__username")
    return [(row.user.username, row.notice.kind, row.in_app, row.by_mail) for row in rows]


def mails() -> list[tuple[str, str]]:
    return [(",".join(mail.to), mail.subject) for mail in OutgoingMail.objects.order_by("pk")]


def test_a_cause_is_told_after_fifteen_minutes_and_once() -> None:
    person("olga")
    open_case(Case.GAP, "gap:1", "The order is missing.")
    age(DEBOUNCE - timedelta(seconds=5))
    look()
    assert told() == []
    age(timedelta(seconds=6))
    look()
    look()
    assert told() == [("olga", "gap", True, False)]


def test_what_is_gone_before_tells_nobody() -> None:
    person("olga")
    open_case(Case.GAP, "gap:1", "The order is missing.")
    age(DEBOUNCE - timedelta(minutes=1))
    look()
    close_cause("gap:1", "It is there.")
    age()
    look()
    assert (Notice.objects.count(), told(), mails()) == (0, [], [])


def test_who_was_told_is_told_that_it_is_over() -> None:
    olga = person("olga")
    rule(Kind.GAP, by_mail=True)
    open_case(Case.GAP, "gap:1", "The order is missing.", order=factories.order())
    age()
    steps = look()
    number = Notice.objects.get().case.order.number  # type: ignore[union-attr]
    sentence = f"Found missing by reconciliation: order {number}."
    assert [step.name for step in steps] == ["send_mail", "tell_notices"]
    assert read(olga) == 1
    close_cause("gap:1", "It is there.")
    look()
    look()
    assert mails() == [
        ("olga@fern.example", f"Gridport: {sentence}"),
        ("olga@fern.example", f"Gridport: over: {sentence}"),
    ]
    receipt = NoticeReceipt.objects.get()
    assert receipt.read_at is None  # new once more: that it is over was not read yet
    assert receipt.notice.ended_at is not None


def test_a_cause_that_comes_back_is_told_again() -> None:
    person("olga")
    for _ in range(2):
        reopen(Case.GAP, "gap:1", "The order is missing.")
        age()
        look()
        close_cause("gap:1", "It is there.")
        look()
    assert told() == [("olga", "gap", True, False)] * 2
    assert ExceptionCase.objects.count() == 1


def test_cases_are_told_by_kind_and_money() -> None:
    person("olga")
    rule(Kind.CASE, case_kinds=[Case.OVERDUE, Case.INVOICE_DIFFERS], money_from=Decimal(500))
    order = factories.order()
    for kind, money in (
        (Case.OVERDUE, Decimal("499.99")),
        (Case.OVERDUE, Decimal(500)),
        (Case.OVERDUE, None),
        (Case.REJECTED, Decimal(9000)),
        (Case.INVOICE_DIFFERS, Decimal("1240.5")),
    ):
        open_case(kind, f"c:{kind}:{money}", "…", order=order, money=money, currency="USD")
    age()
    look()
    assert list(NoticeReceipt.objects.order_by("pk").values_list("notice__sentence", flat=True)) == [
        f"Answer overdue: order {order.number}, 500.00 USD at stake.",
        f"Supplier's invoice differs: order {order.number}, 1,240.50 USD at stake.",
    ]
    assert Notice.objects.count() == 5  # of the others nobody is told later either


def test_each_sort_of_cause_is_one_kind_and_cases_are_told_to_those_alone_who_ask() -> None:
    person("olga")
    mailbox = factories.mailbox("Grid")
    open_case(Case.MAILBOX, channel_cause(f"mailbox:{mailbox.pk}"), "No answer.", mailbox=mailbox)
    Channel.objects.create(
        name=f"mailbox:{mailbox.pk}", opened_at="2026-01-01T00:00Z", probe_at="2026-01-01T00:00Z"
    )
    Channel.objects.create(name="mailserver:1", opened_at="2026-01-01T00:00Z", probe_at="2026-01-01T00:00Z")
    open_case(Case.PARKED, work_cause("match", "7"), "A fault stopped it.")
    open_case(Case.STOCK_HELD, "stock:1", "Held.")
    open_case(Case.REJECTED, "rejected:1", "No.")
    age()
    look()
    found = dict(Notice.objects.values_list("sentence", "kind"))
    case = {each.kind: each.pk for each in ExceptionCase.objects.all()}
    assert found == {
        f"Mailbox “Grid” stands still: case {case['mailbox']}.": "connection",
        "The mail server stands still: nothing is asked of it until it answers.": "connection",
        f"Work stopped at “match”: case {case['parked']}.": "work",
        f"Stock feed held: case {case['stock_held']}.": "feed",
        f"Partner rejected our document: case {case['rejected']}.": "case",
    }
    assert [kind for _, kind, *_ in told()] == ["connection", "work", "feed", "connection"]


def test_a_connection_is_over_once_neither_its_case_nor_its_breaker_is_open() -> None:
    person("olga")
    mailbox = factories.mailbox()
    name = f"mailbox:{mailbox.pk}"
    Channel.objects.create(name=name, opened_at="2026-01-01T00:00Z", probe_at="2026-01-01T00:00Z")
    look()
    open_case(Case.MAILBOX, channel_cause(name), "No answer.", mailbox=mailbox)
    Channel.objects.update(opened_at=None, probe_at=None)
    look()
    assert Notice.objects.get().ended_at is None
    close_cause(channel_cause(name), "It works again.")
    look()
    assert Notice.objects.get().ended_at is not None


def test_a_persons_own_choice_takes_the_place_of_what_the_roles_say() -> None:
    olga, otto = person("olga"), person("otto")
    person("oda")
    rule(Kind.GAP, by_mail=True, in_app=False)
    choose(olga, {Kind.GAP: Choice(in_app=False, by_mail=False)})
    choose(otto, {Kind.GAP: Choice(in_app=True, by_mail=False)})
    open_case(Case.GAP, "gap:1", "…")
    age()
    look()
    assert told() == [("oda", "gap", False, True), ("otto", "gap", True, False)]
    choose(olga, {})
    assert NoticeRule.objects.filter(user=olga).count() == 0


def test_those_without_the_right_or_the_sight_and_those_who_left_are_told_nothing() -> None:
    ours, theirs = factories.agreement().partner, factories.agreement().partner
    seeing = person("sam", CUSTOMER_SERVICE)
    limited = person("lee", CUSTOMER_SERVICE)
    access = Access.objects.create(user=limited, limits_partners=True)
    access.partners.set([ours])
    User.objects.filter(pk=person("gone").pk).update(is_active=False)
    factories.user("nobody")
    for partner in (ours, theirs):
        open_case(Case.GAP, f"gap:{partner.pk}", "…", partner=partner)
    age()
    look()
    assert told() == [("lee", "gap", True, False), ("sam", "gap", True, False), ("sam", "gap", True, False)]
    assert NoticeReceipt.objects.get(user=limited).notice.case.partner == ours  # type: ignore[union-attr]
    assert seeing.notices.count() == 2


def test_sight_that_shrank_meanwhile_is_told_of_no_end() -> None:
    partner = factories.agreement().partner
    lee = person("lee", CUSTOMER_SERVICE)
    rule(Kind.GAP, CUSTOMER_SERVICE, by_mail=True)
    open_case(Case.GAP, "gap:1", "…", partner=partner)
    age()
    look()
    assert len(mails()) == 1
    Access.objects.create(user=lee, limits_partners=True)
    close_cause("gap:1", "…")
    look()
    assert len(mails()) == 1


def test_several_causes_of_one_look_are_one_mail_and_one_message() -> None:
    person("olga")
    room = NoticeWebhook.objects.create(name="#desk", url="https://chat.example/hook")
    rule(Kind.GAP, by_mail=True, webhook=room)
    for number in range(3):
        open_case(Case.GAP, f"gap:{number}", "…")
    age()
    steps = look()
    assert mails() == [("olga@fern.example", "Gridport: 3 notices")]
    assert [step.name for step in steps] == ["send_mail", "post_webhook", "tell_notices"]
    text = WebhookCall.objects.get().text
    assert text.count("Found missing by reconciliation: case ") == 3
    ExceptionCase.objects.update(closed_at="2026-01-01T00:00Z")
    look()
    assert WebhookCall.objects.latest("pk").text.count("Over: Found missing by reconciliation: case ") == 3


def test_what_leaves_holds_no_name_no_address_and_no_partners_words(settings: Any) -> None:
    settings.PUBLIC_URL = "https://edi.fern.example/"
    made = factories.everything()
    partner = made.agreement.partner
    person("olga")
    room = NoticeWebhook.objects.create(name="#desk", url="https://chat.example/hook")
    mailbox = factories.mailbox("Ada Lovelace's mailbox", kind="private", partner=partner)
    for kind in Kind:
        rule(kind, by_mail=True, webhook=room)
    secret = "Ada Lovelace, 7 Elm Row, ada@customer.example"
    links = {"order": made.order, "purchase_order": made, "partner": partner, "store": made.order.store}
    for kind in Case:
        open_case(kind, f"c:{kind}", secret, **links, evidence=[{"said": secret}])
    open_case(Case.MAILBOX, channel_cause(f"mailbox:{mailbox.pk}"), secret, mailbox=mailbox)
    open_case(Case.PARKED, work_cause("match", "1"), secret, **links)
    age()
    look()
    ExceptionCase.objects.update(closed_at="2026-01-01T00:00Z")
    look()
    texts = [
        f"{mail.subject}\n{mail.body}" for mail in OutgoingMail.objects.filter(marker__startswith="notice:")
    ]
    texts += list(room.calls.values_list("text", flat=True))
    assert len(texts) == 4
    for text in texts:
        assert f"order {made.order.number}, purchase order {made.number}" in text
        for word in ("Ada", "Elm", "@", partner.name):
            assert word not in text, text
    (address,) = set(re.findall(r"https://\S+", texts[0])) & {
        f"https://edi.fern.example{PATH.format(pk=Notice.objects.order_by('pk')[0].pk)}"
    }
    assert resolve(address.removeprefix("https://edi.fern.example")).url_name == "notice"


def test_trouble_of_mail_is_told_by_no_mail_and_who_has_no_address_finds_it_under_the_bell() -> None:
    person("olga")
    factories.user("ned", OPERATOR)
    rule(Kind.CASE, in_app=False, by_mail=True)
    rule(Kind.CONNECTION, in_app=False, by_mail=True)
    open_case(Case.MAIL, "mail:1", "It came back.")
    open_case(Case.REJECTED, "r:1", "No.")
    Channel.objects.create(name="mailserver:1", opened_at="2026-01-01T00:00Z", probe_at="2026-01-01T00:00Z")
    age()
    look()
    assert told() == [
        ("ned", "case", True, False), ("olga", "case", True, False),
        ("ned", "case", True, False), ("olga", "case", False, True),
        ("ned", "connection", True, False), ("olga", "connection", True, False),
    ]  # fmt: skip


def test_trouble_of_a_room_is_told_to_no_room() -> None:
    person("olga")
    room = NoticeWebhook.objects.create(name="#desk", url="https://chat.example/hook")
    for kind in (Kind.CONNECTION, Kind.WORK):
        rule(kind, webhook=room)
    Channel.objects.create(
        name=f"webhook:{room.pk}", opened_at="2026-01-01T00:00Z", probe_at="2026-01-01T00:00Z"
    )
    open_case(Case.PARKED, work_cause("post_webhook", "3"), "A fault.")
    age()
    look()
    assert (len(told()), WebhookCall.objects.count()) == (2, 0)


def test_a_room_is_told_by_a_rule_of_its_own_and_one_switched_off_is_not() -> None:
    room = NoticeWebhook.objects.create(name="#desk", url="https://chat.example/hook")
    NoticeRule.objects.create(kind=Kind.GAP, webhook=room)
    NoticeRule.objects.create(kind=Kind.GAP, webhook=room)
    open_case(Case.GAP, "gap:1", "…")
    age()
    look()
    assert WebhookCall.objects.count() == 1
    NoticeWebhook.objects.update(is_active=False)
    open_case(Case.GAP, "gap:2", "…")
    age()
    look()
    assert WebhookCall.objects.count() == 1


def test_a_finished_job_is_told_at_once_to_whose_it_is_and_never_said_to_be_over() -> None:
    person("oda")
    olga = person("olga")
    job = BulkJob.objects.create(
        key="k", state=BulkJob.State.RUNNING, scope="…", reason="…", user=olga, started_by="olga"
    )
    documents = [factories.document() for _ in range(3)]
    State = BulkItem.State
    items = [
        BulkItem.objects.create(job=job, document=document, state=state)
        for document, state in zip(documents, (State.DONE, State.REFUSED, State.WAITING), strict=True)
    ]
    look()
    assert told() == []
    BulkItem.objects.filter(pk=items[2].pk).update(state=State.DONE)
    look()
    look()
    assert told() == [("olga", "bulk", True, False)]
    assert Notice.objects.get().sentence == f"Bulk job {job.pk} is finished: 2 sent again, 1 not sent."


def test_more_causes_than_one_turn_takes_are_told_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.flows.notices.MOST", 2)
    person("olga")
    for number in range(5):
        open_case(Case.GAP, f"gap:{number}", "…")
    age()
    delays = [look()[-1].delay.total_seconds() for _ in range(3)]
    assert (len(told()), delays) == (5, [0, 0, 60])


def test_notices_of_long_ago_are_forgotten_and_those_that_stand_are_not() -> None:
    person("olga")
    for number in range(2):
        open_case(Case.GAP, f"gap:{number}", "…")
    age()
    look()
    Notice.objects.update(began_at="2020-01-01T00:00Z", told_at="2020-01-01T00:00Z")
    close_cause("gap:0", "…")
    look()
    assert Notice.objects.count() == 2
    gone = Notice.objects.get(cause="gap:0")
    assert gone.ended_at is not None
    Notice.objects.filter(pk=gone.pk).update(ended_at=gone.ended_at - KEPT)
    look()
    assert list(Notice.objects.values_list("cause", flat=True)) == ["gap:1"]
