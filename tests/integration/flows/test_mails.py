"""Mail that leaves, over a real line to a real server: once, refused, deferred, unknown, come back, and decided upon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from archive.models import AuditEntry, Event
from integration import tasks, work
from integration.flows import mail_decisions
from integration.flows.bounces import fetch_bounces
from integration.flows.decide import pause, resume
from integration.flows.mails import GIVEN_UP_AFTER, NoAddress, put_mail
from integration.flows.rights import Refused
from integration.flows.steps import STEPS
from integration.models import Channel, ExceptionCase, MailServer, OutgoingMail, Work
from integration.transports.bounces import Failure, Report, read_report
from integration.transports.smtp import framed
from integration.work import Step, Unclaimed
from tests import factories
from tests.mail_server import CUT, MailCatcher, certificate, open_mail_server, taken

State = OutgoingMail.State


@pytest.fixture(autouse=True)
def no_knocks() -> Iterator[None]:
    with patch.object(tasks, "async_task", lambda *args, **options: None):
        yield


@pytest.fixture
def server(db: None, tmp_path: Path) -> Iterator[MailCatcher]:
    """A mail server that takes everything, and our settings of it."""
    with open_mail_server(tmp_path / "taken") as opened:
        settings(opened)
        yield opened


def settings(opened: MailCatcher, **fields: Any) -> MailServer:
    given = {
        "host": "127.0.0.1", "port": opened.port, "security": "none", "from_address": "orders@fern.example",
        "is_active": True, **fields,
    }  # fmt: skip
    MailServer.objects.update_or_create(pk=1, defaults=given)
    return MailServer.objects.get()


def put(marker: str = "test:1", **fields: Any) -> OutgoingMail:
    given = {"to": ["ada@larch.example"], "subject": "Order 1042", "body": "Please answer.\n", **fields}
    mail, steps = put_mail(marker, **given)
    for step in steps:
        work.put(STEPS[step.name].lane, step)
    return mail


def go_on() -> None:
    """Let every wait be over, and do what is due."""
    Work.objects.filter(parked_at=None).exclude(channel__startswith="pause:").update(
        due_at="2020-01-01T00:00Z"
    )
    Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
    tasks.drain("mail")


def state(mail: OutgoingMail) -> str:
    mail.refresh_from_db()
    return mail.state


def open_cases() -> list[str]:
    return list(
        ExceptionCase.objects.filter(closed_at=None).order_by("pk").values_list("sentence", flat=True)
    )


def test_a_mail_arrives_as_it_was_written(server: MailCatcher) -> None:
    settings(server, reply_to="desk@fern.example")
    mail = put(to=["ada@larch.example", "bo@larch.example"], subject="Größe", body="Grüße\n.\n..und mehr\n")
    go_on()
    (arrived,) = taken(server.folder)
    headers = {
        name: str(arrived[name])
        for name in ("From", "To", "Reply-To", "Subject", "Message-ID", "Auto-Submitted")
    }
    assert headers == {
        "From": "orders@fern.example",
        "To": "ada@larch.example, bo@larch.example",
        "Reply-To": "desk@fern.example",
        "Subject": "Größe",
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
    }
    assert (arrived.get_content_type(), arrived.get_content_charset()) == ("text/plain", "utf-8")
    assert arrived.get_content().replace("\r\n", "\n") == "Grüße\n.\n..und mehr\n"
    assert (state(mail), mail.attempts, Work.objects.count()) == (State.SENT, 1, 0)


def test_one_marker_is_one_mail_for_ever(server: MailCatcher) -> None:
    first = put()
    go_on()
    again = put(subject="Order 1042 once more")
    go_on()
    assert (again.pk, again.subject) == (first.pk, "Order 1042")
    assert len(taken(server.folder)) == 1


@pytest.mark.parametrize("address", [
    "ada@larch.example\nBcc: eve@evil.example", "ada@larch.example, eve@evil.example", "ada", "", "<ada@larch.example>",
    "ada@larch.example\x00",
])  # fmt: skip
def test_nothing_but_one_address_is_mailed_to(server: MailCatcher, address: str) -> None:
    with pytest.raises(NoAddress):
        put_mail("test:1", [address], "Order", "Text")
    assert not OutgoingMail.objects.exists()


def test_no_value_begins_a_header_or_ends_the_text(server: MailCatcher) -> None:
    put(
        subject="Order\r\nBcc: eve@evil.example\x00\u2028X: y",
        body="one\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n",
    )
    go_on()
    (arrived,) = taken(server.folder)
    assert str(arrived["Subject"]) == "Order Bcc: eve@evil.example X: y"
    assert (arrived["Bcc"], arrived["X"]) == (None, None)
    assert arrived.get_content().replace("\r\n", "\n") == "one\n.\nMAIL FROM:<eve@evil.example>\n"
    assert [line for line in server.heard if line.upper().startswith("MAIL")] == [
        "mail FROM:<orders@fern.example>"
    ]


def test_text_is_framed_as_the_protocol_wants_it() -> None:
    assert framed(b"a\n.b\r\n..\rc") == b"a\r\n..b\r\n...\r\nc\r\n.\r\n"


def test_a_temporary_refusal_is_tried_again_later_and_later(server: MailCatcher) -> None:
    server.says["RCPT"] = ["450 4.2.0 greylisted"] * 2
    server.says["."] = ["451 4.3.0 try later"]
    mail = put()
    waits = []
    for _ in range(3):
        go_on()
        assert state(mail) == State.WAITING
        row = Work.objects.get()
        waits.append(round((row.due_at - row.created_at).total_seconds() / 60))
        assert (row.attempts, row.error) == (0, "")
    assert waits == [1, 2, 4]
    assert (
        mail.error
        == f"The mail server 127.0.0.1:{server.port} does not take the mail now: 451 4.3.0 try later"
    )
    go_on()
    assert (state(mail), len(taken(server.folder)), open_cases()) == (State.SENT, 1, [])


def test_what_is_refused_for_two_days_fails(server: MailCatcher) -> None:
    server.says["RCPT"] = ["450 4.2.0 full"]
    mail = put()
    OutgoingMail.objects.update(waiting_since=mail.waiting_since - GIVEN_UP_AFTER)
    go_on()
    assert state(mail) == State.FAILED
    assert open_cases() == [
        f"The mail “Order 1042” was not sent. Nobody took it for 2 days. The mail server 127.0.0.1:{server.port} does not"
        " take an address now: 450 4.2.0 full. Look at the mail server, and send it again from its"
        " page."
    ]


@pytest.mark.parametrize(("verb", "what"), [("RCPT", "an address"), ("DATA", "the mail"), (".", "the mail")])
def test_a_refusal_for_good_is_told_in_the_servers_words_and_goes_to_nobody(
    server: MailCatcher, verb: str, what: str
) -> None:
    server.says[verb] = (
        ["250 fine", "550 5.1.1 no such user"] if verb == "RCPT" else ["550 5.1.1 no such user"]
    )
    mail = put(to=["ada@larch.example", "bo@larch.example"])
    go_on()
    assert state(mail) == State.BOUNCED
    assert open_cases() == [
        f"The mail “Order 1042” was not delivered. The mail server 127.0.0.1:{server.port} refused {what}: 550 5.1.1 no"
        " such user. Correct the address, or send it again from its page."
    ]
    assert (len(taken(server.folder)), Work.objects.count()) == (0, 0)


def test_an_answer_that_is_lost_is_unknown_and_a_person_decides(server: MailCatcher) -> None:
    server.says["."] = [CUT]
    dora = factories.user("dora", "decide")
    mail = put()
    go_on()
    go_on()
    assert (state(mail), len(taken(server.folder)), Work.objects.count()) == (State.UNKNOWN, 1, 0)
    (sentence,) = open_cases()
    assert sentence.startswith("The mail “Order 1042” may have been sent. The line to the mail server")
    with pytest.raises(Refused, match=r"^Say why in a few words"):
        mail_decisions.mail_arrived(dora, mail, " ")
    mail_decisions.mail_arrived(dora, mail, "They have it.")
    assert (state(mail), open_cases()) == (State.SENT, [])
    with pytest.raises(Refused, match="there is nothing to send again"):
        mail_decisions.send_mail_again(dora, mail, "Once more.")
    entries = AuditEntry.objects.values_list("verb", "subject", "reason")
    assert list(entries) == [("mail arrived", mail.name, "They have it.")]


def test_a_mail_is_sent_again_because_a_person_says_so(server: MailCatcher) -> None:
    server.says["."] = [CUT]
    mail = put()
    go_on()
    mail_decisions.send_mail_again(factories.user("dora", "decide"), mail, "They have not got it.")
    go_on()
    assert (state(mail), open_cases()) == (State.SENT, [])
    assert [str(each["Message-ID"]) for each in taken(server.folder)] == [mail.message_id] * 2
    with pytest.raises(Refused):
        mail_decisions.send_mail_again(factories.user("vera", "view"), mail, "Why not.")


def test_a_server_that_is_away_is_one_case_and_everything_goes_when_it_is_back(
    server: MailCatcher, tmp_path: Path
) -> None:
    settings(server, port=1)
    mails = [put(f"test:{number}") for number in range(3)]
    for _ in range(6):
        go_on()
    assert {state(mail) for mail in mails} == {State.WAITING}
    (case,) = ExceptionCase.objects.filter(closed_at=None)
    assert (case.kind, case.cause) == ("mail", "channel:mailserver:1")
    assert case.sentence.startswith("The mail server 127.0.0.1:1 cannot be reached (ConnectionRefusedError")
    mail_decisions.server_saved(settings(server))
    for _ in range(3):
        go_on()
    assert [state(mail) for mail in mails] == [State.SENT] * 3
    assert (len(taken(server.folder)), open_cases()) == (3, [])


def test_while_no_server_is_set_or_it_is_off_mails_wait(server: MailCatcher) -> None:
    row = settings(server, is_active=False)
    mail = put()
    go_on()
    assert (state(mail), Work.objects.count()) == (State.WAITING, 0)
    assert mail_decisions.server_saved(row) == 0
    assert mail_decisions.server_saved(settings(server)) == 1
    go_on()
    assert state(mail) == State.SENT


@pytest.mark.parametrize("whose", ["everything", "direction:out", "partner"])
def test_a_pause_holds_mail(server: MailCatcher, whose: str) -> None:
    dora, larch = factories.user("dora", "decide"), factories.partner("Larch Supply")
    subject = larch if whose == "partner" else whose
    pause(dora, subject, "They move.")
    mail = put(partner=larch)
    go_on()
    assert (state(mail), taken(server.folder)) == (State.WAITING, [])
    resume(dora, subject, "Moved.")
    go_on()
    assert state(mail) == State.SENT


@pytest.mark.parametrize("implicit", [True, False])
def test_lines_are_encrypted_and_logged_in_to(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, implicit: bool
) -> None:
    file, context = certificate(tmp_path)
    with open_mail_server(tmp_path / "taken", tls=context, implicit=implicit, login="fern:hush") as opened:
        row = settings(opened, security="tls" if implicit else "starttls", username="fern", password="hush")
        (refused,) = mail_decisions.try_server(row, "dora@fern.example")
        assert refused.problem.startswith(
            f"The certificate of the mail server 127.0.0.1:{opened.port} is not trusted"
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        tried = mail_decisions.try_server(row, "dora@fern.example")
        words = "TLS from the first byte" if implicit else "STARTTLS"
        assert [(each.words, each.problem) for each in tried] == [
            (f"Connect to 127.0.0.1:{opened.port}, encryption: {words}", ""),
            ("Log in as fern", ""),
            ("Agree with the server on a mail from orders@fern.example to dora@fern.example", ""),
            ("Hand the mail over; the server says: 2.0.0 taken", ""),
        ]
        (arrived,) = taken(opened.folder)
        assert (str(arrived["To"]), str(arrived["Subject"])) == (
            "dora@fern.example",
            "Gridport: test of the mail server",
        )
        wrong = settings(opened, security=row.security, username="fern", password="guess")
        assert [bool(each.problem) for each in mail_decisions.try_server(wrong, "dora@fern.example")] == [
            False,
            True,
        ]
        assert mail_decisions.try_server(wrong, "dora@fern.example")[-1].problem == (
            f"The mail server 127.0.0.1:{opened.port} refuses the login of fern (535 5.7.8 wrong name or password). Enter"
            " user and password anew."
        )


def test_a_server_without_starttls_is_refused(server: MailCatcher) -> None:
    (tried,) = mail_decisions.try_server(settings(server, security="starttls"), "dora@fern.example")
    assert tried.problem == (
        f"The mail server 127.0.0.1:{server.port} offers no STARTTLS. Choose how it is encrypted on the page of the mail"
        " server."
    )


def test_no_address_stands_in_a_timeline(server: MailCatcher) -> None:
    server.says["RCPT"] = ["550 no user <ada@larch.example>"]
    put(order=factories.order(1042))
    go_on()
    put("test:2", order=factories.order(1043))
    go_on()
    sentences = " ".join(Event.objects.values_list("sentence", flat=True))
    assert "refused an address: 550 no user an address." in sentences
    assert "Mail sent: Order 1042." in sentences
    assert "@" not in sentences


def returned(mail: OutgoingMail, action: str = "failed", *, whole: bool = True) -> bytes:
    """Return a delivery status notification about ``mail`` as mail servers write it."""
    lines = (
        "From: MAILER-DAEMON@mx.larch.example", "To: orders@fern.example", "Subject: Undelivered",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"', "MIME-Version: 1.0", "",
        "--=_b", "Content-Type: text/plain", "", "It could not be delivered.", "",
        "--=_b", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.larch.example", "",
        "Final-Recipient: rfc822; ada@larch.example", f"Action: {action}", "Status: 5.2.2",
        "Diagnostic-Code: smtp; 552 5.2.2 mailbox", "  full", "",
        "--=_b", f"Content-Type: {'message/rfc822' if whole else 'text/rfc822-headers'}", "",
        "From: orders@fern.example", f"Message-ID: {mail.message_id}", "Subject: Order 1042", "", "Please answer." * whole,
        "--=_b--", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_report_says_of_which_mail_whom_it_missed_and_why(whole: bool) -> None:
    mail = OutgoingMail(message_id="<1@fern.example>")
    assert read_report(returned(mail, whole=whole)) == Report(
        ("<1@fern.example>",), (Failure("ada@larch.example", "5.2.2", "552 5.2.2 mailbox full"),)
    )
    assert read_report(returned(mail, "delayed")) == Report(("<1@fern.example>",), ())


@pytest.mark.parametrize("data", [
    b"", b"\xff\x00", b"Subject: Hello\r\n\r\nText", b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nx",
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\n--b--",
])  # fmt: skip
def test_what_is_no_report_says_nothing(data: bytes) -> None:
    assert read_report(data) is None


def test_mail_that_comes_back_is_tied_to_the_mail_and_told_once(server: MailCatcher, tmp_path: Path) -> None:
    folder = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    settings(server, bounce_folder=str(folder))
    mail, late, other = put(), put("test:2", subject="Order 1043"), EmailMessage()
    go_on()
    other["Subject"] = "Out of office"
    for name, data in (
        ("1.a.host", returned(mail)), ("2.b.host", returned(mail, whole=False)), ("3.c.host", returned(late, "delayed")),
        ("4.d.host", other.as_bytes()),
    ):  # fmt: skip
        (folder / "new" / name).write_bytes(data)
    (step,) = fetch_bounces("1", Unclaimed())
    assert (step.name, step.delay) == ("fetch_bounces", timedelta(minutes=2))
    assert (state(mail), mail.error) == (State.BOUNCED, "ada@larch.example: 5.2.2 552 5.2.2 mailbox full")
    assert state(late) == State.SENT
    assert open_cases() == [
        "The mail “Order 1042” was not delivered. It came back: an address: 5.2.2 552 5.2.2 mailbox full. Correct the"
        " address, or send it again from its page."
    ]
    names = sorted(path.name for path in (folder / "cur").iterdir())
    assert names == ["1.a.host:2,S", "2.b.host:2,S", "3.c.host:2,S", "4.d.host:2,"]
    assert list((folder / "new").iterdir()) == []


def test_a_folder_that_is_no_maildir_is_told(server: MailCatcher, tmp_path: Path) -> None:
    settings(server, bounce_folder=str(tmp_path / "nowhere"))
    work.put("mail", Step("fetch_bounces", "1", "bounces"))
    go_on()
    (sentence,) = open_cases()
    assert sentence.startswith(f"The folder of returned mail {tmp_path / 'nowhere'} is no Maildir")
