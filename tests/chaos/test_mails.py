"""Nothing is mailed twice, wherever workers are killed around the dialogue with a real mail server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import connection
from django.utils.http import urlsafe_base64_encode

from integration import tasks, work
from integration.flows import account_mails
from integration.flows.bounces import bounce_step
from integration.flows.mails import put_mail
from integration.flows.steps import STEPS
from integration.models import ExceptionCase, MailServer, OutgoingMail
from integration.work import Step
from tests.chaos.forking import Forked, die_at, scaled
from tests.mail_server import open_mail_server, taken

pytestmark = pytest.mark.chaos

KILLS = scaled(30)
SENDING = ("mail.agreed", "mail.sending", "mail.given", "send_mail.done")
PLACES = (*SENDING, "send_account_mail.done", "fetch_bounces.done")
State = OutgoingMail.State


@pytest.fixture
def post(committed: str, forked: Forked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what a mail server took, which runs in a process of its own."""
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    folder = tmp_path / "taken"

    @contextmanager
    def opened() -> Iterator[dict[str, Any]]:
        with open_mail_server(folder) as server:
            yield {"port": server.port}

    port = forked.serve(opened)["port"]
    MailServer.objects.create(
        pk=1, host="127.0.0.1", port=port, security="none", from_address="orders@fern.example", is_active=True
    )
    return folder


def die_and_go_on(forked: Forked, place: str, healed: Callable[[], object] = lambda: None) -> None:
    """Have a worker die at ``place``; once its lease is over and ``healed`` was done, have another do what is due."""

    def dying() -> None:
        die_at(place)
        tasks.drain("mail")

    forked.dies(dying)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integration_work SET lease_until = now(), due_at = now() WHERE lane = 'mail'")
    healed()
    forked.run([lambda: tasks.drain("mail") and None])


def put(number: int, place: str) -> str:
    """Write a mail and have it be sent; return its Message-ID."""
    mail, steps = put_mail(f"{place}:{number}", ["ada@larch.example"], f"{place} {number}", "Text\n")
    for step in steps:
        work.put(STEPS[step.name].lane, step)
    return mail.message_id


def copies(folder: Path) -> Counter[str]:
    """Return how often each mail was mailed."""
    return Counter(str(mail["Message-ID"]) for mail in taken(folder))


def test_deaths_around_the_dialogue_mail_nothing_twice(post: Path, forked: Forked) -> None:
    written = {}
    for place in SENDING:
        for number in range(KILLS):
            written[put(number, place)] = place
            die_and_go_on(forked, place)
    mailed = copies(post)
    assert Counter(written[each] for each in mailed) == {
        "mail.agreed": KILLS, "mail.given": KILLS, "send_mail.done": KILLS,
    }  # fmt: skip
    assert set(mailed.values()) == {1}
    states = Counter((written[mail.message_id], mail.state) for mail in OutgoingMail.objects.all())
    assert states == {
        ("mail.agreed", State.SENT): KILLS,
        ("mail.sending", State.UNKNOWN): KILLS,
        ("mail.given", State.UNKNOWN): KILLS,
        ("send_mail.done", State.SENT): KILLS,
    }
    assert ExceptionCase.objects.filter(kind="mail", closed_at=None).count() == 2 * KILLS


def test_whoever_tries_again_what_was_begun_mails_twice(post: Path, forked: Forked) -> None:
    """The variant: a mail whose sending was begun waits again, as most outboxes have it."""

    def naive() -> None:
        OutgoingMail.objects.filter(state=State.SENDING).update(state=State.WAITING)

    for number in range(KILLS):
        put(number, "mail.given")
        die_and_go_on(forked, "mail.given", naive)
    assert list(copies(post).values()) == [2] * KILLS


def test_a_link_whose_worker_died_comes_again_and_each_of_its_links_works(
    post: Path, forked: Forked, settings: Any
) -> None:
    """Of links a second one does no harm, and none would leave somebody outside."""
    settings.PUBLIC_URL = "https://desk.fern.example"
    for number in range(KILLS):
        user = User.objects.create_user(
            f"nina{number}", f"nina{number}@fern.example", "a password", is_staff=True
        )
        account_mails.ask_for_reset(user.email)
        die_and_go_on(forked, "send_account_mail.done")
    mailed = Counter(str(mail["To"]) for mail in taken(post))
    assert mailed == {f"nina{number}@fern.example": 2 for number in range(KILLS)}
    uids = {urlsafe_base64_encode(str(user.pk).encode()): user for user in User.objects.all()}
    tokens = re.findall(
        r"/account/password/([^/]+)/([^/\s]+)/", "".join(mail.get_content() for mail in taken(post))
    )
    assert [default_token_generator.check_token(uids[uid], token) for uid, token in tokens] == [
        True
    ] * 2 * KILLS


def test_a_mail_whose_writer_died_before_handing_it_over_is_sent_all_the_same(
    post: Path, forked: Forked
) -> None:
    for number in range(KILLS):
        put_mail(f"lost:{number}", ["ada@larch.example"], f"Lost {number}", "Text\n")
    work.put("documents", Step("reconcile", "all", "reconcile"))
    forked.run([lambda: tasks.drain("documents") and None])
    forked.run([lambda: tasks.drain("mail") and None])
    assert list(copies(post).values()) == [1] * KILLS
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_deaths_while_reading_what_came_back_tell_of_it_once(
    post: Path, forked: Forked, tmp_path: Path
) -> None:
    folder = tmp_path / "Maildir"
    for name in ("new", "cur"):
        (folder / name).mkdir(parents=True)
    MailServer.objects.update(bounce_folder=str(folder))
    for number in range(KILLS):
        message_id = put(number, "back")
        forked.run([lambda: tasks.drain("mail") and None])
        report = (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
            "Content-Type: message/delivery-status\n\n"
            "Final-Recipient: rfc822; ada@larch.example\nAction: failed\nStatus: 5.1.1\n\n"
            f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
        )
        (folder / "new" / f"{number}.host").write_text(report)
        work.put("mail", bounce_step())
        die_and_go_on(forked, "fetch_bounces.done")
    assert Counter(OutgoingMail.objects.values_list("state", flat=True)) == {State.BOUNCED: KILLS}
    assert ExceptionCase.objects.filter(kind="mail").count() == KILLS
    assert len(list((folder / "cur").glob("*:2,S"))) == KILLS
