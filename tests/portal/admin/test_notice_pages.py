"""The bell, My notices, notice rules and webhooks: what each shows to whom, and what saving them does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry
from integration.flows.cases import open_case
from integration.models import ExceptionCase, Notice, NoticeReceipt, NoticeRule, NoticeWebhook, WebhookCall
from portal.admin.my_notices import ON_A_PAGE
from portal.groups import CUSTOMER_SERVICE, OPERATOR
from portal.models import Access
from tests import factories
from tests.noticing import notice_rule, webhook
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db
Kind = NoticeRule.Kind
ADDRESS = "https://chat.example/hook/s3cret"


def told(user: User, *, kind: str = Kind.GAP, **fields: Any) -> Notice:
    """Have ``user`` be told of a case of his own under the bell."""
    case = open_case(ExceptionCase.Kind.GAP, f"gap:{Notice.objects.count()}", "Missing.", **fields)
    notice = Notice.objects.create(
        kind=kind,
        cause=case.cause,
        sentence=f"Found missing: case {case.pk}.",
        case=case,
        began_at=case.opened_at,
    )
    NoticeReceipt.objects.create(notice=notice, user=user, in_app=True, by_mail=False)
    return notice


def bell(client: Client) -> str:
    text = client.get(reverse("admin:index")).content.decode()
    (words,) = re.findall(r'class="gp-bell"[^>]*aria-label="([^"]*)"', text)
    return str(words)


def unread(user: User) -> int:
    return NoticeReceipt.objects.filter(user=user, read_at=None).count()


@pytest.fixture
def olga() -> User:
    made = factories.user("olga", OPERATOR)
    made.email = "olga@fern.example"
    made.save()
    return made


@pytest.fixture
def client(olga: User) -> Client:
    return client_of(olga)


def test_the_bell_says_how_many_are_unread(client: Client, olga: User) -> None:
    assert bell(client) == "My notices, none unread"
    told(olga)
    told(factories.user("otto", OPERATOR))
    assert bell(client) == "My notices, 1 unread"
    NoticeReceipt.objects.bulk_create(
        NoticeReceipt(notice=told(factories.user()), user=olga, in_app=True, by_mail=False) for _ in range(99)
    )
    assert bell(client) == "My notices, 99+ unread"


def test_the_list_shows_what_stands_and_what_is_over_and_leads_there(client: Client, olga: User) -> None:
    over, stands = told(olga), told(olga)
    Notice.objects.filter(pk=over.pk).update(ended_at=over.told_at)
    text = client.get(reverse("notices")).content.decode()
    found = re.findall(r"</span>(Stands|Over)</span>.*?href=\"([^\"]+)\">([^<]+)</a>", text, re.DOTALL)
    assert found == [
        ("Stands", f"/admin/notices/{stands.pk}/", stands.sentence),
        ("Over", f"/admin/notices/{over.pk}/", over.sentence),
    ]
    answer = client.get(found[0][1])
    assert answer.headers["Location"] == f"/admin/integration/exceptioncase/{stands.case_id}/change/"
    assert list(NoticeReceipt.objects.filter(read_at=None).values_list("notice", flat=True)) == [over.pk]


def test_one_is_marked_as_read_or_all_that_the_page_showed(client: Client, olga: User) -> None:
    first, *_ = [told(olga) for _ in range(3)]
    others = told(factories.user("otto", OPERATOR))
    client.post(reverse("notices_read"), {"notice": str(first.pk)})
    assert unread(olga) == 2
    client.post(reverse("notices_read"), {"notice": str(others.pk)})
    newest = client.get(reverse("notices")).context["newest"]
    told(olga)
    client.post(reverse("notices_read"), {"newest": str(newest)})
    assert (unread(olga), NoticeReceipt.objects.filter(read_at=None).count()) == (1, 2)
    for nonsense in ({}, {"notice": "x"}, {"notice": "9" * 30}, {"newest": "²"}):
        assert client.post(reverse("notices_read"), nonsense).status_code == 302
    assert unread(olga) == 1
    assert client.get(reverse("notices_read")).status_code == 405


def test_older_ones_stand_on_further_pages_and_read_ones_can_be_left_out(client: Client, olga: User) -> None:
    for _ in range(ON_A_PAGE + 1):
        told(olga)
    NoticeReceipt.objects.filter(pk=NoticeReceipt.objects.latest("pk").pk).update(read_at="2026-01-01T00:00Z")
    page = client.get(reverse("notices")).context
    assert len(page["rows"]) == ON_A_PAGE
    assert [row.is_new for row in page["rows"][:2]] == [False, True]
    assert len(client.get(page["older_url"]).context["rows"]) == 1
    only = client.get(reverse("notices") + "?unread=1").context
    assert (len(only["rows"]), only["older_url"]) == (ON_A_PAGE, "")


def test_what_lies_outside_of_somebodys_sight_is_absent_everywhere() -> None:
    ours, theirs = factories.agreement().partner, factories.agreement().partner
    lee = factories.user("lee", CUSTOMER_SERVICE)
    Access.objects.create(user=lee, limits_partners=True).partners.set([ours])
    mine, other = told(lee, partner=ours), told(lee, partner=theirs)
    client = client_of(lee)
    assert bell(client) == "My notices, 1 unread"
    assert [row.pk for row in client.get(reverse("notices")).context["rows"]] == [mine.pk]
    assert client.get(reverse("notice", args=[other.pk])).status_code == 404
    assert client.get(reverse("notice", args=[mine.pk])).status_code == 302


def test_who_has_no_role_has_an_empty_list_and_reads_nobody_elses(olga: User) -> None:
    nobody = client_of(factories.user("nobody"))
    notice = told(olga)
    assert "You were told nothing yet." in nobody.get(reverse("notices")).content.decode()
    assert "Your roles show you nothing" in nobody.get(reverse("notices_choices")).content.decode()
    assert nobody.get(reverse("notice", args=[notice.pk])).status_code == 404


@pytest.mark.parametrize("name", ["notices", "notices_choices"])
def test_pages_are_for_staff_alone(name: str) -> None:
    answer = Client().get(reverse(name))
    assert answer.headers["Location"].startswith("/admin/login/")


def test_somebody_chooses_for_himself_and_sees_what_his_roles_have(client: Client, olga: User) -> None:
    notice_rule(Kind.GAP, by_mail=True)
    form = client.get(reverse("notices_choices")).context["form"]
    first = {kind: str(form.fields[kind].choices[0][1]) for kind in form.kinds}
    assert first == {
        "case": "As my roles have it: not at all",
        "connection": "As it is for everybody: in the portal",
        "work": "As it is for everybody: in the portal",
        "feed": "As it is for everybody: in the portal",
        "gap": "As my roles have it: in the portal and by mail",
        "archive": "As it is for everybody: in the portal",
        "bulk": "As it is for everybody: my own jobs, in the portal",
    }
    chosen = {
        "case": "mail",
        "case_kinds": ["overdue", "rejected"],
        "money_from": "500",
        "gap": "none",
        "work": "",
    }
    assert client.post(reverse("notices_choices"), chosen).status_code == 302
    rules = NoticeRule.objects.filter(user=olga).order_by("kind")
    assert [(rule.kind, rule.in_app, rule.by_mail, rule.case_kinds, rule.money_from) for rule in rules] == [
        ("case", False, True, ["overdue", "rejected"], 500),
        ("gap", False, False, [], None),
    ]
    again = client.get(reverse("notices_choices")).context["form"]
    assert {kind: again[kind].value() for kind in ("case", "gap", "work")} == {
        "case": "mail", "gap": "none", "work": None,
    }  # fmt: skip
    assert AuditEntry.objects.get(verb="choose notices").actor == "olga"


def test_a_choice_that_makes_no_sense_is_refused(client: Client) -> None:
    answer = client.post(
        reverse("notices_choices"), {"gap": "pigeon", "money_from": "-1", "case_kinds": ["x"]}
    )
    assert sorted(answer.context["form"].errors) == ["case_kinds", "gap", "money_from"]
    assert NoticeRule.objects.count() == 0


def rule_form(**fields: Any) -> dict[str, Any]:
    role = Group.objects.get(name=OPERATOR).pk
    return {"kind": "gap", "role": role, "in_app": "on", "reason": "Agreed at the desk.", **fields}


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"role": ""}, "role", "Choose the role that is told, or a webhook."),
        (
            {"in_app": ""},
            "in_app",
            "Choose a way by which the role is told: in the portal, by mail, or a webhook.",
        ),
        ({"case_kinds": ["overdue"]}, "case_kinds", "Kinds of cases can be chosen of “Case opened” alone."),
        (
            {"money_from": "5"},
            "money_from",
            "An amount can be given of “Case opened” alone: leave this empty.",
        ),
        ({"reason": ""}, "reason", "Say why in a few words: the reason is kept with the change."),
    ],
)
def test_a_rule_that_would_tell_nobody_says_why(
    client: Client, fields: dict[str, Any], name: str, sentence: str
) -> None:
    answer = client.post("/admin/integration/noticerule/add/", rule_form(**fields))
    assert answer.context["adminform"].form.errors[name] == [sentence]
    assert NoticeRule.objects.count() == 0


def test_rules_are_changed_for_a_reason_and_hold_no_persons_own_choice(client: Client, olga: User) -> None:
    own = NoticeRule.objects.create(kind=Kind.GAP, user=olga)
    room = webhook("#desk")
    values = rule_form(kind="case", webhook=room.pk, case_kinds=["overdue", "rejected"], money_from="500")
    assert client.post("/admin/integration/noticerule/add/", values).status_code == 302
    made = NoticeRule.objects.exclude(pk=own.pk).get()
    assert (made.case_kinds, made.money_from, made.webhook, made.by_mail) == (
        ["overdue", "rejected"],
        500,
        room,
        False,
    )
    entry = AuditEntry.objects.get(verb="add notice rule")
    assert (entry.actor, entry.reason) == ("olga", "Agreed at the desk.")
    text = client.get("/admin/integration/noticerule/").content.decode()
    assert "Answer overdue, Partner rejected our document, 500.00 or more" in text
    assert "Operator, #desk" in text
    assert client.get(f"/admin/integration/noticerule/{own.pk}/change/").status_code == 302
    answer = client.post(f"/admin/integration/noticerule/{made.pk}/delete/", {"reason": "No more."})
    assert (answer.status_code, NoticeRule.objects.count()) == (302, 1)


def test_an_address_into_our_own_network_is_refused_when_it_is_saved(client: Client) -> None:
    values = {"name": "#desk", "shape": "slack", "is_active": "on", "url": "https://169.254.169.254/latest/"}
    answer = client.post("/admin/integration/noticewebhook/add/", values)
    (problem,) = answer.context["adminform"].form.errors["url"]
    assert "leads into a private network" in problem
    assert NoticeWebhook.objects.count() == 0


def test_an_address_is_kept_and_never_shown_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.admin.notice_webhooks.address_problem", lambda url: "")
    values = {"name": "#desk", "shape": "teams", "is_active": "on", "url": ADDRESS}
    assert client.post("/admin/integration/noticewebhook/add/", values).status_code == 302
    made = NoticeWebhook.objects.get()
    address = f"/admin/integration/noticewebhook/{made.pk}/change/"
    assert "s3cret" not in client.get(address).content.decode()
    assert client.post(address, {**values, "name": "#edi", "url": ""}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.url) == ("#edi", ADDRESS)
    assert "s3cret" not in str(list(LogEntry.objects.values())) + str(list(AuditEntry.objects.values()))


def test_the_test_button_posts_one_message_and_says_how_it_went(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = webhook("#desk", "https://10.0.0.7/hook")
    address = f"/admin/integration/noticewebhook/{room.pk}/test/"
    assert "Post a test message to #desk?" in client.get(address).content.decode()
    refused = client.post(address, follow=True)
    assert "leads into a private network" in refused.content.decode()
    posted: list[str] = []
    monkeypatch.setattr(
        "integration.flows.notice_settings.post", lambda url, body: posted.append(body["text"])
    )
    assert "The chat took the message." in client.post(address, follow=True).content.decode()
    assert (len(posted), WebhookCall.objects.count()) == (1, 0)
    assert [entry.detail for entry in AuditEntry.objects.filter(verb="test webhook").order_by("pk")] == [
        {"went well": False},
        {"went well": True},
    ]
    service = client_of(factories.user("sam", CUSTOMER_SERVICE))
    assert service.post(address).status_code == 403
