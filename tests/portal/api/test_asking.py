"""Who may ask: tokens as they are given, checked, limited, and taken away."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from archive.models import AuditEntry
from integration.flows.rights import Refused
from integration.models import PurchaseOrder
from portal.api.tokens import Wanted, issue, revoke
from portal.models import ApiToken
from tests import factories
from tests.portal.api.conftest import client_with, token_of
from tests.portal.api.test_reading import ROOT, data, refusal


@pytest.fixture(scope="module")
def owner(world: PurchaseOrder) -> User:
    """Somebody who sees everything."""
    return factories.user("olga", superuser=True)


def test_a_token_is_shown_once_and_kept_as_a_digest(owner: User) -> None:
    text = token_of(owner)
    token = ApiToken.objects.latest("pk")
    assert text.startswith(f"gridport_{token.prefix}_")
    assert len(text) == 61
    secret = text.rpartition("_")[2]
    assert not any(secret in str(value) for value in vars(token).values())
    entry = AuditEntry.objects.filter(verb="issue token").latest("pk")
    assert (entry.actor, entry.subject, entry.reason) == ("maker", f"token:{token.pk}", "For the tests.")
    assert secret not in str(entry.detail)


def test_it_is_given_in_one_of_three_headers(owner: User) -> None:
    text = token_of(owner)
    basic = base64.b64encode(f"powerbi:{text}".encode()).decode()
    for headers in (
        {"Authorization": f"Bearer {text}"},
        {"X-API-Key": text},
        {"Authorization": f"Basic {basic}"},
    ):
        assert Client().get(f"{ROOT}/stores/", headers=headers).status_code == 200, headers
    for headers, code in (
        ({}, "token_missing"),
        ({"Authorization": f"Bearer {text}", "X-API-Key": text}, "token_invalid"),
        ({"Authorization": f"Bearer {text[:-1]}"}, "token_invalid"),
        ({"Authorization": text}, "token_invalid"),
        ({"Authorization": "Basic !!"}, "token_invalid"),
        ({"Authorization": "Bearer "}, "token_invalid"),
    ):
        response = Client().get(f"{ROOT}/stores/", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, code), headers
        assert response["WWW-Authenticate"] == 'Bearer realm="Gridport", Basic realm="Gridport"'


def test_a_token_in_the_address_is_refused_whatever_it_is_called(owner: User) -> None:
    text = token_of(owner)
    for name in ("token", "access_token", "limit"):
        assert refusal(client_with(text), "stores", **{name: text}) == (400, "token_in_address")
        assert Client().get(f"{ROOT}/stores/", {name: text}).status_code == 400
    assert data(client_with(text), "purchase-orders", number="gridport_app")["data"] == []


def test_what_is_over_is_refused_at_once(owner: User) -> None:
    text = token_of(owner)
    token = ApiToken.objects.latest("pk")
    assert data(client_with(text), "stores")["data"]

    revoke(owner, token, "It was in a mail.")
    assert refusal(client_with(text), "stores") == (401, "token_revoked")
    with pytest.raises(Refused, match="revoked already"):
        revoke(owner, token, "Again.")

    text = token_of(owner)
    ApiToken.objects.filter(pk=ApiToken.objects.latest("pk").pk).update(expires_at=timezone.now())
    assert refusal(client_with(text), "stores") == (401, "token_expired")

    gone = factories.user("gone", superuser=True)
    text = token_of(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert refusal(client_with(text), "stores") == (401, "token_revoked")


def test_it_may_be_bound_to_addresses(owner: User) -> None:
    asks = client_with(token_of(owner, addresses=("203.0.113.0/24", "2001:db8::1")))
    for address, status in (("203.0.113.9", 200), ("2001:db8::1", 200), ("203.0.114.9", 403), ("", 403)):
        assert asks.get(f"{ROOT}/stores/", REMOTE_ADDR=address).status_code == status, address
    token = ApiToken.objects.latest("pk")
    assert (token.last_address, token.last_used_at is not None) == ("203.0.113.9", True)


def test_it_reads_what_it_was_made_for_and_no_more(owner: User, world: PurchaseOrder) -> None:
    document = world.documents.all()[0].document_id
    asks = client_with(token_of(owner, resources=["documents"], reads_content=False))
    assert data(asks, "documents")["data"]
    assert refusal(asks, "orders") == (403, "scope_missing")
    assert refusal(asks, f"documents/{document}/content") == (403, "scope_missing")
    assert refusal(asks, f"documents/{document}/raw") == (403, "scope_missing")


def test_it_never_sees_more_than_its_user_or_its_own_limits(owner: User, world: PurchaseOrder) -> None:
    other = PurchaseOrder.objects.exclude(pk=world.pk).latest("pk")
    asks = client_with(token_of(owner, partners=[world.agreement.partner_id]))
    assert [each["id"] for each in data(asks, "purchase-orders")["data"]] == [world.pk]
    assert refusal(asks, f"purchase-orders/{other.pk}") == (404, "not_found")
    assert {each["partner_id"] for each in data(asks, "purchase-order-lines")["data"]} == {
        world.agreement.partner_id
    }
    assert [each["id"] for each in data(asks, "partners")["data"]] == [world.agreement.partner_id]

    viewer = factories.user("vic", "view")
    nobody = factories.user("nob")
    assert data(client_with(token_of(viewer)), "orders")["data"]
    assert refusal(client_with(token_of(nobody)), "orders") == (403, "right_missing")


def test_a_nobody_s_name_gives_nobody_more(owner: User) -> None:
    operator = factories.user("otto", "Operator")
    wanted: dict[str, Any] = {
        "name": "Mine",
        "resources": ["orders"],
        "expires_at": timezone.now() + timedelta(days=1),
    }
    issue(operator, Wanted(user=operator, **wanted), "For my sheet.")
    with pytest.raises(Refused, match="somebody else has to be made by an administrator"):
        issue(operator, Wanted(user=owner, **wanted), "For my sheet.")
    with pytest.raises(Refused, match="ask a partner administrator or an operator"):
        issue(factories.user("vero", "view"), Wanted(user=owner, **wanted), "Please.")
    with pytest.raises(Refused, match="Say why"):
        issue(operator, Wanted(user=operator, **wanted), " ")
    with pytest.raises(Refused, match="within a year"):
        issue(
            operator,
            Wanted(user=operator, **{**wanted, "expires_at": timezone.now() + timedelta(days=400)}),
            "Long.",
        )


def test_too_many_requests_are_told_to_wait(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_REQUESTS_A_MINUTE", 3)
    asks = client_with(token_of(owner))
    answers = [asks.get(f"{ROOT}/stores/") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert {each["RateLimit-Limit"] for each in answers} == {"3"}
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "too_many_requests"
    other = client_with(token_of(owner))
    assert other.get(f"{ROOT}/stores/").status_code == 200


def test_without_encryption_nothing_is_answered_and_nobody_is_led_on(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECURE_SSL_REDIRECT", True)
    asks = client_with(token_of(owner))
    assert refusal(asks, "stores") == (403, "https_required")
    assert asks.get(f"{ROOT}/stores/", secure=True).status_code == 200
