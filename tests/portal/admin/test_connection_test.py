"""Test connection of a mailbox: each step and how it went, nothing touched, and only for whom it is for."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry, Transmission
from integration.flows.receive import fetch_step
from integration.flows.steps import STEPS
from integration.models import Pause, Work
from integration.simulators.network.sftp_server import SftpDoor
from integration.work import put
from partners.models import HostKey, Mailbox
from portal.admin.show import list_url, moment
from tests import factories
from tests.integration.transports.sftp_peer import new_key, public_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """A mailbox of two folders, in which one file waits."""
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "one.edi").write_text("ISA")
    return factories.mailbox("Grid", inbound_path=str(tmp_path / "in"), outbound_path=str(tmp_path / "out"))


def address(mailbox: Mailbox) -> str:
    return reverse("admin:partners_mailbox_test_connection", args=[mailbox.pk])


def words(answer: Any) -> str:
    """Return what a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def tried(answer: Any) -> list[tuple[str, bool]]:
    """Return what was tried, and whether it went well."""
    return [(each["words"], not each["problem"]) for each in answer.context["tried"]]


def test_each_step_is_told_and_nothing_is_taken(decider: Client, mailbox: Mailbox) -> None:
    asked = decider.get(address(mailbox))
    assert "Nothing is taken, sent or changed." in words(asked)
    assert AuditEntry.objects.count() == 0
    answer = decider.post(address(mailbox))
    assert tried(answer) == [
        ("Open both folders", True),
        (
            f"List {mailbox.inbound_path}, where files are fetched from. One file waits there, and nothing was taken",
            True,
        ),
        (f"Look into {mailbox.outbound_path}, where our files go", True),
    ]
    assert "The mailbox answers: files can be fetched and left." in words(answer)
    assert [path.name for path in Path(mailbox.inbound_path).iterdir()] == ["one.edi"]
    assert list(Path(mailbox.outbound_path).iterdir()) == []
    assert Transmission.objects.count() == 0
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject, entry.detail) == (
        "test mailbox",
        f"mailbox:{mailbox.pk}",
        {"went well": True},
    )


def test_an_sftp_server_with_a_key_that_nobody_pinned_is_told_of_where_it_fails(
    decider: Client, tmp_path: Path
) -> None:
    for name in ("outbox", "inbox"):
        (tmp_path / name).mkdir()
    with SftpDoor(tmp_path) as door:
        made = factories.mailbox(
            "Grid", transport="sftp", host="127.0.0.1", port=door.port, username=door.username,
            password=door.password, inbound_path="/outbox", outbound_path="/inbox",
        )  # fmt: skip
        HostKey.objects.create(mailbox=made, key=public_line(new_key()))
        refused = decider.post(address(made))
        assert tried(refused) == [(f"Connect to 127.0.0.1:{door.port} and log in", False)]
        assert "files can be fetched" not in words(refused)
        assert AuditEntry.objects.get().detail == {"went well": False}
        HostKey.objects.update(key=door.host_key)
        assert [went_well for _, went_well in tried(decider.post(address(made)))] == [True, True, True]


def test_a_paused_mailbox_is_not_asked(decider: Client, mailbox: Mailbox) -> None:
    Pause.objects.create(subject=f"mailbox:{mailbox.pk}", reason="The network asked us to.", paused_by="olaf")
    answer = decider.post(address(mailbox), follow=True)
    assert "was paused by olaf: The network asked us to. Resume it first" in words(answer)
    assert AuditEntry.objects.count() == 0


def test_who_may_only_look_is_refused(viewer: Client, mailbox: Mailbox) -> None:
    assert viewer.get(address(mailbox)).status_code == 403
    assert viewer.post(address(mailbox)).status_code == 403
    assert AuditEntry.objects.count() == 0


def contact(client: Client) -> str:
    """Return what the list says of the last contact with its one mailbox."""
    page = client.get(list_url(Mailbox)).content.decode()
    found = re.search(r'field-shown_contact"?[^>]*>(.*?)</td>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[1]))).strip()


def test_the_list_says_when_a_poll_last_ended_well(viewer: Client, mailbox: Mailbox) -> None:
    assert contact(viewer) == "None yet"
    put(STEPS["fetch_mailbox"].lane, fetch_step(mailbox.pk))
    assert contact(viewer) == "Being asked now"
    Work.objects.all().delete()
    put(STEPS["fetch_mailbox"].lane, fetch_step(mailbox.pk, timedelta(minutes=1)))
    poll = Work.objects.get()
    assert contact(viewer) == re.sub(r"<[^>]+>", "", str(moment(poll.created_at)))
    Work.objects.update(error="The server refused the login.")
    assert contact(viewer).endswith("No answer")
