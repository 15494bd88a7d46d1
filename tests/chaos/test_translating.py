"""P1 of missing translations: what waited for an entry is read and matched once, wherever workers die."""

from __future__ import annotations

import pytest

from archive.models import Reprocessing
from integration.flows.translations import change
from integration.models import ExceptionCase, WaitingDocument
from partners.models import Agreement, CodeList, CodeListEntry
from tests import factories
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("read_translated.done",)


def test_deaths_while_waiting_documents_are_read_lose_and_double_nothing(
    installation: Installation, books: Books
) -> None:
    installation.place(KILLS)
    installation.ask("poll_store")
    installation.bring_to("fetch_mailbox")
    entries = []
    for agreement in Agreement.objects.all():
        units = CodeList.objects.create(agreement=agreement, name="units")
        entries.append(CodeListEntry.objects.create(code_list=units, ours="each", theirs="Q1"))
    installation.network.take_all()
    installation.ask("fetch_mailbox")
    installation.finish()
    assert WaitingDocument.objects.filter(released_at=None).count() == KILLS
    assert ExceptionCase.objects.filter(kind="missing_translation").count() <= len(entries)
    for entry in entries:
        entry.theirs = "EA"
    assert change(factories.user("lea", "decide"), "They write EA.", entries).documents == KILLS
    for _ in range(KILLS):
        installation.kill_at(PLACES[0], "documents")
        installation.go_on()
    installation.finish()
    assert books.balance() == Reckoning(orders=KILLS)
    assert installation.kills == dict.fromkeys(PLACES, KILLS)
    assert Reprocessing.objects.count() == KILLS
    assert not WaitingDocument.objects.filter(released_at=None).exists()
