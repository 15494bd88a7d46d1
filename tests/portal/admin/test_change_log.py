"""The change log: forms and verbs in one list by time, with before and after, in a bounded number of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive.record import record_audit
from portal.admin.change_log import SHOWN
from portal.admin.show import page_url
from portal.groups import AUDITOR
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    """Somebody who looks at everything."""
    client = Client()
    client.force_login(factories.user("ada", AUDITOR))
    return client


def rows(client: Client, query: str = "") -> Any:
    return client.get(reverse("change_log") + query).context


def test_what_forms_saved_and_what_verbs_changed_stand_in_one_list(auditor: Client) -> None:
    partner, lead = factories.partner(), factories.user("lea", "decide")
    changed = Client()
    changed.force_login(lead)
    forms = {f"{name}-{key}": count for name in ("identifiers", "contacts")
             for key, count in (("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"))}  # fmt: skip
    sent = changed.post(page_url(partner), {"name": "Renamed", "is_active": "on", "note": "", **forms})
    assert sent.status_code == 302
    agreement = factories.agreement()
    subject = f"agreement:{agreement.pk}"
    record_audit(lead, "change agreement", subject, reason="Agreed.", detail={"was": "5", "is": "7"})
    record_audit(lead, "settle case", "case:1", reason="No setting.")
    shown = rows(auditor)["changes"]
    assert [(each.actor, each.what, each.was, each.now, each.reason) for each in shown] == [
        ("lea", "Change agreement", "5", "7", "Agreed."),
        ("lea", "Changed", "", "Changed Name.", ""),
    ]
    assert str(agreement) in shown[0].about
    assert "Renamed" in shown[1].about


def test_it_goes_on_within_one_time_and_asks_no_more_for_many_than_for_few(auditor: Client) -> None:
    lead, agreement = factories.user("lea", "decide"), factories.agreement()
    record_audit(lead, "pause", f"agreement:{agreement.pk}", reason="0")
    rows(auditor)  # what is looked up once a process is looked up
    with CaptureQueriesContext(connection) as few:
        rows(auditor)
    for number in range(SHOWN):
        record_audit(lead, "pause", f"agreement:{agreement.pk}", reason=str(number + 1))
    with CaptureQueriesContext(connection) as many:
        first = rows(auditor)
    assert len(many) == len(few)
    assert [each.reason for each in first["changes"]] == [str(n) for n in range(SHOWN, 0, -1)]
    last = rows(auditor, first["next_url"])
    assert [each.reason for each in last["changes"]] == ["0"]
    assert last["next_url"] == ""


def test_a_key_that_is_none_shows_the_newest(auditor: Client) -> None:
    for text in ("yesterday", "²", "-"):
        assert rows(auditor, f"?forms={text}&verbs={text}")["first_url"] == ""
