"""Exports as staff see them: which list, how far, for whom; stopped by whoever may, with a reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry
from archive.store import record_access
from portal.admin.show import list_url, page_url
from portal.models import Access, Export
from tests import factories


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olaf(db: None) -> User:
    return factories.user("olaf", "Operator")


@pytest.fixture
def export(olaf: User) -> Export:
    return factories.export_of(factories.api_token(olaf))


def test_the_list_and_the_page_say_what_is_asked_for_and_how_far_it_is(olaf: User, export: Export) -> None:
    listed = client_of(olaf).get(list_url(Export)).content.decode()
    for words in ("Documents (csv)", "Being written", "400 of about 1,200 rows", "olaf"):
        assert words in listed
    record_access(actor="olaf by token 1", purpose="API, csv of documents: 400 rows", subject=export.subject)
    page = client_of(olaf).get(page_url(export)).content.decode()
    for words in ("direction=in", "API, csv of documents: 400 rows", "Nothing yet.", page_url(export.token)):
        assert words in page


def test_whoever_may_stops_it_with_a_reason(olaf: User, export: Export) -> None:
    decide = reverse("admin:portal_export_decide", args=[export.pk])
    staff = client_of(olaf)
    said = staff.post(decide, {"verb": "stop", "reason": " "}, follow=True).content.decode()
    assert "Say why in a few words" in said
    done = staff.post(decide, {"verb": "stop", "reason": "Not needed."}, follow=True).content.decode()
    assert "Stopped: nothing of the file is kept." in done
    export.refresh_from_db()
    assert (export.state, export.sentence) == ("stopped", "olaf stopped it, or removed the file.")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.subject, entry.reason) == ("stop export", export.subject, "Not needed.")
    again = staff.post(decide, {"verb": "stop", "reason": "Again."}, follow=True).content.decode()
    assert "It ended already, and nothing of it is kept." in again
    assert 'value="stop"' not in staff.get(page_url(export)).content.decode()


def test_an_auditor_looks_and_does_not_stop(export: Export) -> None:
    auditor = client_of(factories.user("anna", "Auditor"))
    assert 'value="stop"' not in auditor.get(page_url(export)).content.decode()
    decide = reverse("admin:portal_export_decide", args=[export.pk])
    assert auditor.post(decide, {"verb": "stop", "reason": "No."}).status_code == 403
    export.refresh_from_db()
    assert export.state == "running"


def test_whoever_is_limited_sees_exports_in_their_own_name_alone(export: Export) -> None:
    paula = factories.user("paula", "Partner administrator")
    Access.objects.create(user=paula, limits_partners=True)
    own = factories.export_of(factories.api_token(paula))
    client = client_of(paula)
    assert page_url(export) not in client.get(list_url(Export)).content.decode()
    assert client.get(page_url(own)).status_code == 200
    assert client.get(page_url(export)).status_code == 302
