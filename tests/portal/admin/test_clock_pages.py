"""Business calendars, what is due, contacts, mails and the mail server as staff see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from archive.models import AuditEntry
from integration.models import ExceptionCase, Expectation, MailServer, OutgoingMail, Work
from partners.models import Agreement, BusinessCalendar, TradingPartner
from portal.admin import calendars
from portal.admin.show import page_url
from tests import factories
from tests.mail_server import MailCatcher, open_mail_server, taken
from tests.pages import Desk
from tests.portal.admin.test_settings import add, problems, said, save

FRIDAY = datetime(2026, 11, 20, 22, tzinfo=UTC)  # 16:00 in Chicago
OFFICE = {
    f"{day}_{end}": at
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    for end, at in (("from", "08:00"), ("until", "17:00"))
}


@pytest.mark.parametrize(("change", "field", "sentence"), [
    (dict.fromkeys(OFFICE, ""), "monday_from", "Open at least one weekday: in a calendar without open hours nothing is ever"
     " due."),
    ({"friday_until": "08:00"}, "friday_until", "Friday would end before it begins. Write 00:00 for the end of the day."),
    ({"tuesday_from": ""}, "tuesday_from", "Enter both times of Tuesday, or none where it is closed."),
    ({"time_zone": "Chicago"}, "time_zone", "Chicago is no time zone; write it as in America/Chicago."),
    ({"reason": ""}, "reason", "Say why in a few words: the reason is kept with the change."),
])  # fmt: skip
def test_a_calendar_that_could_not_be_counted_by_is_refused(
    decider: Client, change: dict[str, str], field: str, sentence: str
) -> None:
    given = {"name": "Larch", "time_zone": "America/Chicago", **OFFICE, **change}
    assert problems(add(decider, BusinessCalendar, **given)) == {field: [sentence]}
    assert not BusinessCalendar.objects.exists()


def test_a_calendar_is_saved_with_its_holidays_and_the_reason(decider: Client) -> None:
    given = {
        "name": "Larch", "time_zone": "America/Chicago", **OFFICE, "saturday_from": "20:00", "saturday_until": "00:00",
        "holidays-TOTAL_FORMS": "1", "holidays-0-date": "2026-11-26", "holidays-0-name": "Thanksgiving",
    }  # fmt: skip
    assert add(decider, BusinessCalendar, **given).status_code == 302
    made = BusinessCalendar.objects.get()
    assert made.open_hours().week == {
        **dict.fromkeys(range(5), (time(8), time(17))), 5: (time(20), time(0))
    }  # fmt: skip
    assert made.open_hours().holidays == {date(2026, 11, 26)}
    assert calendars.hours_words(made) == "Mon to Fri 08:00 to 17:00, Sat 20:00 to 24:00"
    entries = AuditEntry.objects.order_by("pk").values_list("verb", "subject", "reason")
    subject = f"calendar:{made.pk}"
    assert list(entries) == [
        ("add business calendar", subject, "Agreed by telephone."),
        ("add holiday", subject, "Agreed by telephone."),
    ]


def test_a_calendar_shows_what_it_makes_of_promises(
    viewer: Client, decider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "database_now", lambda: FRIDAY - timedelta(hours=5))
    made = factories.business_calendar("Larch")
    words = Desk(viewer).page(made)
    assert decider.get(page_url(made)).content.decode().count('value="17:00"') == 5
    for line in (
        "Promised within 8 hours, sent now Monday 23 Nov 2026 10:00 CST 23 Nov 2026 16:00 UTC",
        "Promised within 8 hours, sent on Friday at 16:00 Monday 23 Nov 2026 15:00 CST 23 Nov 2026 21:00 UTC",
        "Promised within 24 hours, sent on Friday at 16:00 Wednesday 25 Nov 2026 13:00 CST 25 Nov 2026 19:00 UTC",
    ):
        assert line in words


def test_a_calendar_that_an_agreement_names_is_not_removed(decider: Client) -> None:
    made = factories.business_calendar()
    under = factories.agreement()
    assert save(decider, under, calendar=str(made.pk)).status_code == 302
    under.refresh_from_db()
    assert under.calendar == made
    assert decider.post(page_url(made).replace("change/", "delete/"), {"reason": "x"}).status_code == 403


def test_a_changed_holiday_counts_anew_what_is_due(decider: Client) -> None:
    made = factories.business_calendar()
    order = factories.purchase_order()
    Agreement.objects.update(calendar=made)
    factories.sent(order)
    row = Expectation.objects.get(what="997")
    Expectation.objects.filter(pk=row.pk).update(counted_from=FRIDAY)
    given = {"holidays-TOTAL_FORMS": "1", "holidays-0-date": "2026-11-23", "holidays-0-name": "Closed"}
    assert save(decider, made, **given).status_code == 302
    row.refresh_from_db()
    # One hour on Friday, none on Monday, nine on Tuesday and Wednesday, five on Thursday.
    assert row.due_at == datetime(2026, 11, 26, 19, tzinfo=UTC)


def test_what_is_due_stands_by_time_on_both_clocks(viewer: Client) -> None:
    made = factories.purchase_order(
        factories.order(1042), factories.agreement(of=factories.partner("Larch Supply"))
    )
    Agreement.objects.update(time_zone="America/Chicago")
    factories.sent(made)
    Expectation.objects.filter(what="997").update(due_at=FRIDAY, state="overdue")
    Expectation.objects.filter(what="855").update(due_at=FRIDAY + timedelta(hours=1))
    desk = Desk(viewer)
    words = desk.list(Expectation)
    first = "Functional acknowledgment (997) 1042-1 Larch Supply Overdue Fri 20 Nov 2026 16:00 CST 20 Nov 2026 22:00 UTC"
    second = "Purchase order acknowledgment (855) 1042-1 Larch Supply Waiting Fri 20 Nov 2026 17:00 CST 20 Nov 2026 23:00 UTC"
    assert -1 < words.index(first) < words.index(second)
    assert second not in desk.list(Expectation, "due=overdue")
    tiles = {tile.words: (tile.count, tile.url) for tile in viewer.get("/admin/").context["tiles"]}
    assert tiles["Answers overdue"] == ("1", "/admin/integration/expectation/?due=overdue")
    Expectation.objects.update(state="given_up")
    assert "Nothing is due" in desk.list(Expectation)


def test_contacts_stand_on_the_partners_page(decider: Client) -> None:
    larch = factories.partner("Larch Supply")
    given = {"contacts-TOTAL_FORMS": "1", "contacts-0-name": "Ada", "contacts-0-role": "orders"}
    refused = save(
        decider, larch, **given, **{"contacts-0-email": "ada@larch.example\nBcc: eve@evil.example"}
    )
    assert problems(refused) == {"email": ["Enter a valid email address."]}
    assert save(decider, larch, **given, **{"contacts-0-email": "ada@larch.example"}).status_code == 302
    contact = TradingPartner.objects.get().contacts.get()
    assert (contact.name, contact.email, contact.role) == ("Ada", "ada@larch.example", "orders")


def failed_mail(state: str, error: str) -> OutgoingMail:
    mail = factories.mail(factories.purchase_order(factories.order(1042)))
    OutgoingMail.objects.filter(pk=mail.pk).update(state=state, error=error, attempts=2)
    mail.refresh_from_db()
    factories.case("It came back.", kind="mail", cause=f"mail:{mail.pk}")
    return mail


def test_a_mail_that_came_back_says_why_and_is_sent_again_for_a_reason(
    decider: Client, viewer: Client
) -> None:
    mail = failed_mail("bounced", "ada@larch.example: 5.1.1 no such user")
    words = Desk(decider).page(mail)
    assert "Came back ada@larch.example: 5.1.1 no such user To ada@larch.example" in words
    assert "Send again…" in words
    assert "It arrived…" not in words
    assert "Send again…" not in Desk(viewer).page(mail)
    again = f"/admin/integration/outgoingmail/{mail.pk}/again/"
    assert viewer.post(again, {"reason": "x"}).status_code == 403
    assert "Say why in a few words" in decider.post(again, {"reason": ""}).content.decode()
    assert said(decider.post(again, {"reason": "Address corrected there."})) == ["The mail is sent again."]
    mail.refresh_from_db()
    assert (mail.state, Work.objects.get().subject) == ("waiting", str(mail.pk))
    assert ExceptionCase.objects.get().closed_by == "dora"


def test_of_a_mail_whose_end_is_unknown_somebody_says_that_it_arrived(decider: Client) -> None:
    mail = failed_mail("unknown", "The line broke.")
    assert f'href="{page_url(mail)}"' in decider.get(page_url(ExceptionCase.objects.get())).content.decode()
    arrived = f"/admin/integration/outgoingmail/{mail.pk}/arrived/"
    assert said(decider.post(arrived, {"reason": "Ada called."})) == ["The mail counts as sent."]
    mail.refresh_from_db()
    assert (mail.state, Work.objects.count()) == ("sent", 0)
    assert said(decider.post(arrived, {"reason": "Ada called."}))[-1:] == [
        "Only of a mail whose end is unknown can it be said that it arrived."
    ]


@pytest.fixture
def catcher(db: None, tmp_path: Path) -> Iterator[MailCatcher]:
    with open_mail_server(tmp_path / "taken", login="fern:hush") as opened:
        yield opened


def settings(catcher: MailCatcher, **changes: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "port": str(catcher.port), "security": "none", "username": "fern", "password": "hush",
        "from_address": "orders@fern.example", "is_active": "on", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(("change", "field", "sentence"), [
    ({"host": "mail.example.net"}, "security", "User and password would travel in clear: choose STARTTLS or TLS."),
    ({"username": ""}, "username", "Enter the user that the password belongs to, or remove the password."),
    ({"bounce_folder": "Maildir"}, "bounce_folder", "Write the whole path of the Maildir, from “/” on."),
    ({"from_address": "orders"}, "from_address", "Enter a valid email address."),
])  # fmt: skip
def test_a_mail_server_that_could_not_work_is_refused(
    decider: Client, catcher: MailCatcher, change: dict[str, str], field: str, sentence: str
) -> None:
    assert problems(add(decider, MailServer, **settings(catcher, **change))) == {field: [sentence]}


def test_there_is_one_mail_server_whose_password_is_never_shown(
    decider: Client, catcher: MailCatcher
) -> None:
    assert add(decider, MailServer, **settings(catcher)).status_code == 302
    server = MailServer.objects.get()
    assert (server.pk, server.password) == (1, "hush")
    page = decider.get(page_url(server)).content.decode()
    assert "hush" not in page
    assert save(decider, server, port="2525").status_code == 302
    server.refresh_from_db()
    assert (server.port, server.password) == (2525, "hush")
    assert decider.get("/admin/integration/mailserver/add/").status_code == 403


def test_saving_the_server_lets_waiting_mail_go(decider: Client, catcher: MailCatcher) -> None:
    factories.mail(factories.purchase_order())
    answer = save(decider, MailServer.objects.get(), **settings(catcher))
    assert "One mail that waited can go on now." in said(answer)
    assert list(Work.objects.values_list("step", flat=True)) == ["send_mail"]


def test_the_test_button_sends_a_mail_to_whoever_asks_and_says_how_each_step_went(
    decider: Client, viewer: Client, catcher: MailCatcher
) -> None:
    add(decider, MailServer, **settings(catcher))
    address = "/admin/integration/mailserver/1/test/"
    assert viewer.post(address).status_code == 403
    assert said(decider.post(address))[-1:] == [
        "Your account has no e-mail address: an administrator can enter it under “Users”."
    ]
    User.objects.filter(username="dora").update(email="dora@fern.example")
    assert decider.get(address).status_code == 200
    assert taken(catcher.folder) == []
    answer = decider.post(address)
    assert [(each["words"], each["problem"]) for each in answer.context["tried"]][1:] == [
        ("Log in as fern", ""),
        ("Agree with the server on a mail from orders@fern.example to dora@fern.example", ""),
        ("Hand the mail over; the server says: 2.0.0 taken", ""),
    ]
    assert [str(mail["To"]) for mail in taken(catcher.folder)] == ["dora@fern.example"]
    assert AuditEntry.objects.filter(verb="test mail server", actor="dora").count() == 1
    MailServer.objects.update(host="127.0.0.1", port=1)
    (tried,) = decider.post(address).context["tried"]
    assert tried["problem"].startswith(
        "The mail server 127.0.0.1:1 cannot be reached (ConnectionRefusedError"
    )
