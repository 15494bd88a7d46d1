"""Labels come in the language of who asks, and in that of the house where they go into the record."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from archive.house import house_language
from archive.leaves import sources
from archive.models import AuditEntry, Delivery
from integration.flows.notice_settings import change
from integration.flows.rights import DECIDE, lacking
from integration.models import NoticeRule
from portal.groups import OPERATOR
from tests import factories

GERMAN = {
    "Being sent": "Wird gesendet",
    "Case opened": "Fall geöffnet",
    "of what": "wovon",
    "document": "Beleg",
    "You may look at this, and not decide it: ask customer service or an operator.": "Das entscheiden andere.",
}


def catalogue(texts: dict[str, str]) -> bytes:
    """Return ``texts`` as gettext's compiled file."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **texts}.items())
    halves = [[each.encode() for each in column] for column in zip(*pairs, strict=True)]
    start = 28 + 16 * len(pairs)
    tables, data = b"", b""
    for half in halves:
        for each in half:
            tables += struct.pack("<2I", len(each), start + len(data))
            data += each + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + tables + data


@pytest.fixture
def german(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The portal translated into German, for whoever has switched to it."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(catalogue(GERMAN))
    settings.USE_I18N = True
    settings.LOCALE_PATHS = [tmp_path]
    # Which of its two halves Django uses is settled by the first text that it is asked for.
    for name in ("gettext", "ngettext", "activate", "deactivate", "deactivate_all", "get_language"):
        monkeypatch.setattr(translation._trans, name, getattr(trans_real, name), raising=False)
    with translation.override("de"):
        yield


def test_a_label_is_in_the_language_of_who_asks_and_in_the_record_in_that_of_the_house(german: None) -> None:
    @house_language()
    def recorded() -> str:
        return str(Delivery.SENDING.label)

    assert str(Delivery.SENDING.label) == "Wird gesendet"
    assert recorded() == "Being sent"
    with house_language():
        assert f"It is {Delivery.SENDING.label.lower()}." == "It is being sent."
    assert str(Delivery.SENDING.label) == "Wird gesendet"


def test_the_kinds_of_sealed_facts_are_named_alike_for_everybody(german: None) -> None:
    sources.cache_clear()
    assert {each.words for each in sources().values()} >= {"document", "access record", "audit entry"}


@pytest.mark.django_db
def test_who_lacks_a_right_is_told_in_their_language_and_what_was_done_is_kept_in_that_of_the_house(
    german: None,
) -> None:
    assert lacking(DECIDE) == "Das entscheiden andere."
    rule = NoticeRule(
        kind=NoticeRule.Kind.CASE, role=factories.user("olga", OPERATOR).groups.get(), in_app=True
    )
    assert rule.get_kind_display() == "Fall geöffnet"
    change(factories.user("adele", superuser=True), "Nobody was told.", [rule], [])
    kept = AuditEntry.objects.get()
    assert kept.detail["is"].startswith("of what Case opened, ")
