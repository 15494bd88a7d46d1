"""Host keys on a mailbox's pages: pinned by people, compared with what the server shows, and nothing added by itself."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integration.simulators.network.sftp_server import SftpDoor
from integration.transports.hostkeys import fingerprint
from partners.models import HostKey, Mailbox
from portal.admin.show import page_url
from tests import factories
from tests.integration.transports.sftp_peer import new_key, public_line
from tests.portal.admin.test_settings import problems, save


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SftpDoor]:
    with SftpDoor(tmp_path) as door:
        yield door


def mailbox_at(door: SftpDoor, *keys: HostKey) -> Mailbox:
    made = factories.mailbox(
        "Grid",
        transport="sftp",
        host="127.0.0.1",
        port=door.port,
        username=door.username,
        password=door.password,
    )
    for key in keys:
        key.mailbox = made
        key.save()
    return made


def text(answer: object) -> str:
    """Return what a page says, without its markup."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", html.unescape(plain))


def comparison(client: Client, mailbox: Mailbox) -> str:
    return text(client.get(reverse("admin:partners_mailbox_host_keys", args=[mailbox.pk])))


def test_abuse_32_the_shown_key_stands_beside_the_pinned_ones_and_is_not_added(
    decider: Client, door: SftpDoor
) -> None:
    pinned = public_line(new_key())
    mailbox = mailbox_at(door, HostKey(key=pinned, note="told by telephone"))
    page = comparison(decider, mailbox)
    assert f"Fingerprint {fingerprint(door.host_key)} Public key {door.host_key}" in page
    assert "This key is not pinned: nothing is fetched or sent." in page
    assert (
        f"{fingerprint(pinned)} ssh-ed25519 Always Valid No told by telephone".split()
        == [word for word in page[page.index(fingerprint(pinned)) :].split() if word != "check_circle"][:8]
    )
    assert [each.key for each in HostKey.objects.all()] == [pinned]


@pytest.mark.parametrize(
    ("begins", "sentence"),
    [
        (None, "This key is pinned and valid."),
        (timedelta(days=1), "This key is pinned and not valid now: nothing is fetched or sent."),
    ],
)
def test_a_pinned_key_is_known_again(
    viewer: Client, door: SftpDoor, begins: timedelta | None, sentence: str
) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key, valid_from=begins and timezone.now() + begins))
    assert sentence in comparison(viewer, mailbox)


def test_where_nobody_answers_the_pinned_keys_are_shown_all_the_same(viewer: Client, door: SftpDoor) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key))
    Mailbox.objects.update(host="")
    page = comparison(viewer, mailbox)
    assert "The mailbox names no host. Enter it on the mailbox's page." in page
    assert fingerprint(door.host_key) in page
    assert "Not known" in page


def test_a_second_key_is_pinned_with_its_times_and_kept_to_the_minute(
    decider: Client, door: SftpDoor
) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key))
    second = public_line(new_key())
    rows = {
        "host_keys-TOTAL_FORMS": "2",
        "host_keys-0-valid_until": "2027-01-05T06:00",
        "host_keys-1-mailbox": mailbox.pk,
        "host_keys-1-key": f"  {second} grid@example.net\n",
        "host_keys-1-valid_from": "2027-01-04T06:00",
        "host_keys-1-note": "announced for January",
    }
    assert save(decider, mailbox, **rows).status_code == 302
    assert [(each.key, each.window) for each in mailbox.host_keys.all()] == [
        (door.host_key, "until 5 Jan 2027 06:00 UTC"),
        (second, "from 4 Jan 2027 06:00 UTC on"),
    ]
    # What the page gives back is what it showed.
    assert save(decider, mailbox).status_code == 302
    assert [each.window for each in mailbox.host_keys.all()] == [
        "until 5 Jan 2027 06:00 UTC",
        "from 4 Jan 2027 06:00 UTC on",
    ]


def test_the_last_key_of_a_server_is_not_taken_away_and_none_is_pinned_twice(
    decider: Client, door: SftpDoor
) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key))
    refused = save(decider, mailbox, **{"host_keys-0-DELETE": "on"})
    assert problems(refused)["host_keys"][0].startswith("Pin the server's public key")
    twice = {
        "host_keys-TOTAL_FORMS": "2",
        "host_keys-1-key": door.host_key,
        "host_keys-1-mailbox": mailbox.pk,
    }
    assert problems(save(decider, mailbox, **twice)) == {
        "host_keys": ["The same key is pinned twice. Change the times of the one that is there."]
    }
    assert mailbox.host_keys.count() == 1


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (None, None, "Valid"),
        (None, 40, "Valid"),
        (None, 9.5, "Ends in 9 days"),
        (None, 1.5, "Ends in 1 day"),
        (None, 0.5, "Ends today"),
        (None, -1, "Ended"),
        (2, None, "Not yet"),
    ],
)
def test_the_state_of_a_key_is_on_the_mailboxs_page(
    viewer: Client, door: SftpDoor, begins: float | None, ends: float | None, words: str
) -> None:
    first, last = (None if days is None else timezone.now() + timedelta(days=days) for days in (begins, ends))
    mailbox = mailbox_at(door, HostKey(key=door.host_key, valid_from=first, valid_until=last))
    page = viewer.get(page_url(mailbox)).content.decode()
    assert f"</span>{words}</span>" in page
    assert fingerprint(door.host_key) in page


def test_files_that_lie_unfinished_are_on_the_mailboxs_page(viewer: Client, door: SftpDoor) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key))
    assert "Lying there" not in text(viewer.get(page_url(mailbox)))
    mailbox.sightings.create(name="855.edi", size=1204, modified_at=timezone.now(), fingerprint="0" * 64)
    assert re.search(
        r"Lying there 855\.edi, 1,204 bytes, unchanged since \d+ \w+ \d{4} \d\d:\d\d UTC",
        text(viewer.get(page_url(mailbox))),
    )
