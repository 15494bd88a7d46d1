"""Host keys of mailboxes: one that is changed, two whose times overlap, and a word before the last one ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from archive.models import Transmission
from integration.errors import ConfigurationError
from integration.flows.host_keys import tell_ending_keys
from integration.flows.receive import fetch_mailbox
from integration.models import ExceptionCase, Work
from integration.simulators.network.sftp_server import SftpDoor
from integration.tasks import drain, tick
from integration.transports.hostkeys import fingerprint
from integration.work import Unclaimed
from partners.models import HostKey, Mailbox, Mode
from partners.models.host_key import first_without_key
from tests import factories
from tests.integration.transports.sftp_peer import new_key, public_line

NOW = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def door(tmp_path: Path) -> Iterator[SftpDoor]:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "inbox").mkdir()
    with SftpDoor(tmp_path) as door:
        yield door


def mailbox_at(door: SftpDoor, *keys: HostKey) -> Mailbox:
    """Return a live mailbox behind ``door`` with ``keys`` pinned."""
    made = factories.mailbox(
        "Grid", transport="sftp", host="127.0.0.1", port=door.port, username=door.username, password=door.password,
        inbound_path="outbox", outbound_path="inbox", mode=Mode.LIVE,
    )  # fmt: skip
    for key in keys:
        key.mailbox = made
        key.save()
    return made


def fetch(mailbox: Mailbox) -> None:
    fetch_mailbox(str(mailbox.pk), Unclaimed())


def test_abuse_32_a_changed_host_key_is_refused_as_one_case_while_the_work_of_the_mailbox_waits(
    door: SftpDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.tasks.async_task", lambda *args, **options: None)
    pinned = public_line(new_key())
    mailbox = mailbox_at(door, HostKey(key=pinned))
    (door.root / "outbox" / "855.edi").write_bytes(b"never read")
    agreement = factories.agreement(on=mailbox)
    document = factories.sent(factories.purchase_order(under=agreement), delivered=False)
    factories.work("transmit", document.interchange_id)
    for _ in range(2):
        tick()
        Work.objects.filter(parked_at=None).update(due_at="2020-01-01T00:00Z")
        drain("mailboxes")
    case = ExceptionCase.objects.get()
    assert case.mailbox == mailbox
    assert (
        f"showed the host key {fingerprint(door.host_key)}; pinned is {fingerprint(pinned)}" in case.sentence
    )
    assert "Nothing was sent or fetched." in case.sentence
    waiting = Work.objects.filter(step="transmit").values_list("channel", "subject")
    assert list(waiting) == [(f"mailbox:{mailbox.pk}", str(document.interchange_id))]
    assert [each.key for each in mailbox.host_keys.all()] == [pinned]
    assert Transmission.objects.filter(direction="in").count() == 0
    assert [path.name for path in door.root.rglob("*") if path.is_file()] == ["855.edi"]


@pytest.mark.parametrize(
    ("old_ends", "new_begins", "works"),
    [
        (None, None, True),
        (timedelta(hours=1), timedelta(hours=-1), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=-1), timedelta(hours=-2), True),
    ],
    ids=["always", "both valid", "too early", "the old one is over"],
)
def test_a_server_changes_over_within_the_times_of_its_second_key(
    door: SftpDoor, old_ends: timedelta | None, new_begins: timedelta | None, works: bool
) -> None:
    now = timezone.now()
    old = HostKey(key=public_line(new_key()), valid_until=old_ends and now + old_ends)
    new = HostKey(key=door.host_key, valid_from=new_begins and now + new_begins)
    mailbox = mailbox_at(door, old, new)
    if works:
        fetch(mailbox)
        return
    with pytest.raises(ConfigurationError) as caught:
        fetch(mailbox)
    assert (
        f"{fingerprint(door.host_key)}, which is pinned as valid {new.window} and is not accepted now"
        in str(caught.value)
    )


def test_the_old_key_is_accepted_until_its_end_and_not_after(door: SftpDoor) -> None:
    mailbox = mailbox_at(door, HostKey(key=door.host_key, valid_until=timezone.now() + timedelta(hours=1)))
    fetch(mailbox)
    mailbox.host_keys.update(valid_until=timezone.now())
    with pytest.raises(
        ConfigurationError, match=r"pinned as valid until .* and is not accepted now; no other key"
    ):
        fetch(mailbox)


def key(begins: float | None, ends: float | None) -> HostKey:
    """Return a key with its times in days from now."""
    first, last = (None if days is None else NOW + timedelta(days=days) for days in (begins, ends))
    return HostKey(key="ssh-ed25519 AAAA", valid_from=first, valid_until=last)


@pytest.mark.parametrize(
    ("keys", "days"),
    [
        ([], 0),
        ([key(None, None)], None),
        ([key(None, 3)], 3),
        ([key(None, 3), key(2, 9)], 9),
        ([key(None, 3), key(3, None)], None),
        ([key(None, 3), key(4, None)], 3),
        ([key(1, None)], 0),
        ([key(None, 0)], 0),
        ([key(5, 7), key(None, 3), key(2, 6)], 7),
    ],
)
def test_the_first_moment_without_a_valid_key(keys: list[HostKey], days: float | None) -> None:
    found = first_without_key(keys, NOW)
    assert found == (None if days is None else NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (None, None, "always"),
        (NOW, None, "from 28 Nov 2026 06:00 UTC on"),
        (None, NOW, "until 28 Nov 2026 06:00 UTC"),
        (NOW, NOW + timedelta(days=7), "from 28 Nov 2026 06:00 UTC until 5 Dec 2026 06:00 UTC"),
    ],
)
def test_the_times_of_a_key_in_words(begins: datetime | None, ends: datetime | None, words: str) -> None:
    assert HostKey(valid_from=begins, valid_until=ends).window == words


def test_two_weeks_before_the_last_key_ends_there_is_one_case_until_another_is_pinned(door: SftpDoor) -> None:
    ends = timezone.now() + timedelta(days=15)
    mailbox = mailbox_at(door, HostKey(key=door.host_key, valid_until=ends))
    tell_ending_keys()
    assert ExceptionCase.objects.count() == 0
    ends -= timedelta(days=2)
    mailbox.host_keys.update(valid_until=ends)
    tell_ending_keys()
    tell_ending_keys()
    case = ExceptionCase.objects.get()
    assert case.sentence == (
        f"Grid has no valid host key from {ends:%-d %b %Y %H:%M} UTC on: files are then neither fetched nor sent. Ask its"
        " operator for the next key, and pin it on the mailbox's page before that."
    )
    mailbox.host_keys.create(key=public_line(new_key()), valid_from=ends - timedelta(days=1))
    tell_ending_keys()
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("Gridport", "The mailbox's host keys were changed.")
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_a_warning_that_somebody_settled_does_not_come_again(door: SftpDoor) -> None:
    mailbox_at(door, HostKey(key=door.host_key, valid_until=timezone.now() + timedelta(days=3)))
    tell_ending_keys()
    ExceptionCase.objects.update(closed_at=timezone.now(), closed_by="dora")
    tell_ending_keys()
    assert ExceptionCase.objects.count() == 1
