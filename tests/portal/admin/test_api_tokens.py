"""Tokens as pages: made once, shown once, looked at by those who may, revoked with a reason; and the page that tells of the API."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from archive.models import AccessRecord, AuditEntry
from portal.admin.api_page import curl_lines
from portal.admin.api_token_form import GROUPS, networks, resource_choices
from portal.api.asking import actor_of, digest_of
from portal.api.resources import READABLE
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR
from portal.models import Access, ApiToken
from tests import factories
from tests.pages import words_of
from tests.portal.admin.conftest import client_of

LIST = "/admin/portal/apitoken/"
ISSUE = f"{LIST}issue/"
WHY = "For the monthly report."


@pytest.fixture
def otto(db: None) -> User:
    return factories.user("otto", OPERATOR)


def mark(client: Client) -> str:
    """Open the form; return what lets it be sent once."""
    found = re.search(r'name="once" value="(\w+)"', client.get(ISSUE).content.decode())
    assert found is not None
    return found[1]


def form(client: Client, **said: Any) -> dict[str, Any]:
    until = timezone.localdate() + timedelta(days=30)
    usual = {"name": "Power BI", "resources": ["orders", "documents"], "good_until": until.isoformat()}
    return {**usual, "reason": WHY, "once": mark(client), **said}


def shown(answer: Any) -> list[str]:
    return list(dict.fromkeys(re.findall(r"gridport_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())))


def test_a_token_is_shown_in_one_answer_and_kept_nowhere(
    otto: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(otto)
    said = form(client, reads_content="on", addresses="203.0.113.9/24\n2001:db8::1", everything="")
    answer = client.post(ISSUE, said)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [text] = shown(answer)
    token = ApiToken.objects.get(digest=digest_of(text))
    assert (token.user, token.name, token.resources) == (otto, "Power BI", ["documents", "orders"])
    assert (token.reads_content, token.may_write, token.limits_partners) == (True, False, False)
    assert token.addresses == ["203.0.113.0/24", "2001:db8::1/128"]
    assert timedelta(days=30) < token.expires_at - timezone.now() <= timedelta(days=31)
    page = unescape(answer.content.decode())
    asks = f"curl -sS -H 'Authorization: Bearer {text}' 'http://testserver/api/v1/documents/?"
    assert [page.count(f"{asks}{rest}") for rest in ("limit=5'", "cursor=CURSOR'", "format=csv' -o")] == [
        1,
        1,
        1,
    ]
    assert (
        Client().get("/api/v1/orders/", headers={"X-API-Key": text}, REMOTE_ADDR="203.0.113.7").status_code
        == 200
    )

    secret = text.split("_", 2)[2]
    kept = [str(each.get_decoded()) for each in Session.objects.all()]
    assert kept
    assert not any(secret in each for each in [*kept, caplog.text, str(client.cookies)])
    for address in (ISSUE, LIST, f"{LIST}{token.pk}/change/"):
        assert secret not in client.get(address).content.decode()

    again = client.post(ISSUE, said, follow=True)
    assert (shown(again), ApiToken.objects.count()) == ([], 1)
    assert "This form was sent before: no second token was made" in words_of(again)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"resources": []}, "Tick what it reads, or “Everything”."),
        ({"addresses": "203.0.113.0/24\n10.0.0.300"}, "“10.0.0.300” is no address and no network"),
        ({"good_until": "2020-01-01"}, "Name a day within a year from today."),
        ({"good_until": "2099-01-01"}, "Name a day within a year from today."),
        ({"limits_partners": "on"}, "Tick at least one partner, or switch the limit off."),
        ({"reason": " "}, "Say why in a few words"),
        ({"resources": ["passwords"]}, "passwords is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(otto: User, said: dict[str, Any], told: str) -> None:
    client = client_of(otto)
    first = form(client, **said)
    assert told in words_of(client.post(ISSUE, first))
    assert ApiToken.objects.count() == 0
    right = form(client)
    assert len(shown(client.post(ISSUE, {**right, "once": first["once"]}))) == 1


def test_limits_leave_the_partners_and_stores_that_are_ticked(otto: User) -> None:
    made = factories.purchase_order()
    client, partner, store = client_of(otto), made.agreement.partner, made.order.store
    unclear = client.post(ISSUE, form(client, partners=[partner.pk]))
    assert "You ticked a partner and did not switch the limit on" in words_of(unclear)
    said = form(client, limits_partners="on", partners=[partner.pk], limits_stores="on", stores=[store.pk])
    [text] = shown(client.post(ISSUE, {**said, "everything": "on"}))
    token = ApiToken.objects.get(digest=digest_of(text))
    assert (token.reach.partners, token.reach.stores) == ({partner.pk}, {store.pk})
    assert set(token.resources) == set(READABLE)
    page = words_of(client.get(f"{LIST}{token.pk}/change/"))
    assert f"Partners {partner}" in page
    assert f"Stores {store}" in page


def test_only_administrators_make_them_in_the_name_of_others(otto: User, administrator: Client) -> None:
    cora = factories.user("cora", CUSTOMER_SERVICE)
    client = client_of(otto)
    assert 'name="user"' not in client.get(ISSUE).content.decode()
    [own] = shown(client.post(ISSUE, form(client, user=cora.pk)))
    assert ApiToken.objects.get(digest=digest_of(own)).user == otto

    refused = administrator.post(ISSUE, form(administrator, user=cora.pk, resources=["orders", "stores"]))
    assert "cora may not look at: Stores. Leave it out" in words_of(refused)
    [text] = shown(administrator.post(ISSUE, form(administrator, user=cora.pk, resources=["orders"])))
    token = ApiToken.objects.get(digest=digest_of(text))
    assert (token.user, token.created_by) == (cora, "root")
    for role in (CUSTOMER_SERVICE, AUDITOR):
        assert client_of(factories.user(f"x{role[:3]}", role)).get(ISSUE).status_code == 403


def test_a_token_s_page_says_all_but_the_token_and_revokes(otto: User) -> None:
    client = client_of(otto)
    [text] = shown(client.post(ISSUE, form(client)))
    token = ApiToken.objects.get()
    assert Client().get("/api/v1/orders/", headers={"X-API-Key": text}).status_code == 200
    page = client.get(f"{LIST}{token.pk}/change/")
    words = words_of(page)
    assert f"Begins with gridport_{token.prefix}_…" in words
    assert "Reads Documents, Orders" in words
    assert f"Issue token otto {words.partition('Issue token otto ')[2][:5]}" in words
    assert WHY in words
    read = client.get("/admin/archive/accessrecord/", {"q": f'"{actor_of(token)}"'})
    assert [each.actor for each in read.context_data["cl"].result_list] == [f"otto by token {token.prefix}"]
    assert re.search(r"accessrecord/\?q=%22otto\+by\+token\+\w{8}%22", page.content.decode())

    auditor = client_of(factories.user("aud", AUDITOR))
    assert "What to do" not in words_of(auditor.get(f"{LIST}{token.pk}/change/"))
    decide = reverse("admin:portal_apitoken_decide", args=[token.pk])
    assert auditor.post(decide, {"verb": "revoke", "reason": WHY}).status_code == 403
    assert client.post(decide, {"verb": "other", "reason": WHY}).status_code == 400
    assert "Say why" in words_of(client.post(decide, {"verb": "revoke", "reason": " "}, follow=True))
    done = words_of(client.post(decide, {"verb": "revoke", "reason": "It was in a mail."}, follow=True))
    assert "Revoked: whoever asks with it is refused from now on." in done
    assert "What to do" not in done
    assert [
        (each.verb, each.actor, each.reason)
        for each in AuditEntry.objects.filter(subject=token.subject).order_by("pk")
    ] == [("issue token", "otto", WHY), ("revoke token", "otto", "It was in a mail.")]
    assert Client().get("/api/v1/orders/", headers={"X-API-Key": text}).status_code == 401


def test_the_list_says_how_each_stands_and_is_narrowed_by_it(otto: User, administrator: Client) -> None:
    assert "No program asks yet" in words_of(administrator.get(LIST))
    now, gone = timezone.now(), factories.user("gone")
    stands = {
        "good": {"expires_at": now + timedelta(days=30)},
        "soon": {"expires_at": now + timedelta(days=14)},
        "over": {"expires_at": now - timedelta(minutes=1)},
        "revoked": {"revoked_at": now, "revoked_by": "otto"},
        "off": {"user": gone},
    }
    for name, fields in stands.items():
        token = factories.api_token(otto)
        ApiToken.objects.filter(pk=token.pk).update(name=name, **fields)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for name in stands:
        found = administrator.get(LIST, {"state": name}).context_data["cl"].result_list
        assert [each.name for each in found] == [name]
    words = words_of(administrator.get(LIST))
    for said in ("Good", "Ends within 14 days", "Over", "Revoked", "Its user is switched off", "Never"):
        assert said in words
    Access.objects.create(user=otto, limits_partners=True)
    factories.api_token(gone)
    assert {each.user for each in client_of(otto).get(LIST).context_data["cl"].result_list} == {otto}


def test_every_resource_stands_under_a_heading_with_a_title() -> None:
    titles = [pair for _, group in resource_choices() for pair in group]
    assert sorted(name for name, _ in titles) == sorted(READABLE)
    assert all(title[0].isupper() for _, title in titles)
    assert {name for _, names in GROUPS for name in names} == set(READABLE)


def test_networks_are_read_one_a_line() -> None:
    assert networks(" 10.1.2.3 \n\n10.0.0.7/8\n10.1.2.3") == ("10.1.2.3/32", "10.0.0.0/8")
    assert networks("") == ()


def test_the_page_of_the_api_tells_how_to_ask_this_portal(otto: User) -> None:
    page = client_of(otto).get("/admin/api/", headers={"host": "testserver"})
    words = words_of(page)
    assert words.count("Written, not run") == 2
    text = unescape(page.content.decode())
    for said in (
        """curl -sS -H "Authorization: Bearer $GRIDPORT_TOKEN" 'http://testserver/api/v1/orders/?limit=5'""",
        'Base = "http://testserver/api/v1/"',
        "url_base: http://testserver/api/v1/",
        "cursor_value: \"{{ response['next_cursor'] }}\"",
        f'href="{ISSUE}"',
    ):
        assert said in text
    assert "BASE" not in text
    visitor = client_of(factories.user("cora", CUSTOMER_SERVICE)).get("/admin/api/")
    assert "Tokens are made by a partner administrator or an operator" in words_of(visitor)
    assert ISSUE not in visitor.content.decode()


def test_the_description_is_given_to_staff_and_to_tokens_alone(otto: User) -> None:
    client = client_of(otto)
    schema = client.get("/api/v1/schema/")
    assert (schema.status_code, schema["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
    told = schema.json()
    assert told["openapi"] == "3.1.0"
    assert "/api/v1/orders/" in told["paths"]
    assert not {"/api/v1/schema/", "/api/v1/docs/"} & set(told["paths"])
    [text] = shown(client.post(ISSUE, form(client)))
    assert Client().get("/api/v1/schema/", headers={"X-API-Key": text}).json() == told
    for asks, headers in ((Client(), {}), (client, {"X-API-Key": text[:-1]})):
        assert asks.get("/api/v1/schema/", headers=headers).status_code == 401
    assert (
        client.get("/api/v1/orders/").status_code == 401
    )  # a session opens the description and nothing else
    assert "Back to the page “API”" in words_of(client.get("/api/v1/docs/"))
    assert Client().get("/api/v1/docs/")["Location"] == "/admin/login/?next=/api/v1/docs/"
    assert AccessRecord.objects.count() == 0


def test_what_a_token_may_ask_is_shown_by_a_list_that_goes_on_where_it_has_one(rf: RequestFactory) -> None:
    lines = [
        [line.partition("/api/v1/")[2] for _, line in curl_lines(rf.get("/"), "gridport_x", names)]
        for names in (["scorecards"], ["scorecards", "orders"])
    ]
    assert lines == [
        ["scorecards/?limit=5'", "scorecards/?period=2026-Q3'", "scorecards/?format=csv' -o scorecards.csv"],
        ["orders/?limit=5'", "orders/?cursor=CURSOR'", "orders/?format=csv' -o orders.csv", "exports/'"],
    ]
