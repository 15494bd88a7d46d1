"""Keys that were lines of text become rows, in a database that holds some already."""

from __future__ import annotations

from typing import Any

from portal.copies import DatabaseCopies
from tests.migrating import built_up

LINES = "  ssh-rsa AAAA the old one\n\nssh-ed25519 AAAB\n"


def test_pinned_lines_become_rows(copies: DatabaseCopies, django_db_blocker: Any) -> None:
    with built_up(copies, django_db_blocker) as migrate:
        mailboxes = migrate("partners", "0001_initial").get_model("partners", "Mailbox").objects
        mailboxes.using("owner").create(name="Grid", host_keys=LINES)
        keys = migrate("partners", "0002_host_keys").get_model("partners", "HostKey").objects.using("owner")
        assert list(
            keys.order_by("pk").values_list("mailbox__name", "key", "note", "valid_from", "valid_until")
        ) == [
            ("Grid", "ssh-rsa AAAA", "the old one", None, None),
            ("Grid", "ssh-ed25519 AAAB", "", None, None),
        ]
