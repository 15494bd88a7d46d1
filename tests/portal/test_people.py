"""Staff: invited by mail, locked out, timed out, given a zone, and gone."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from archive.models import AuditEntry
from integration import tasks
from integration.flows import account_mails
from integration.flows.rights import Refused
from integration.models import ExceptionCase, MailServer, OutgoingMail, Work
from portal.admin.show import page_url
from portal.groups import CUSTOMER_SERVICE
from portal.logs import JsonLines
from portal.models import Access, FailedLogin, SavedSearch
from portal.people import locking
from portal.people.leaving import leave
from portal.people.locking import MOST_OF_A_NAME, MOST_OF_AN_ADDRESS, WINDOW, WRONG
from tests import factories
from tests.mail_server import MailCatcher, open_mail_server, taken

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery"
PUBLIC = "https://desk.fern.example"


@pytest.fixture(autouse=True)
def public(db: None) -> Iterator[None]:
    with (
        override_settings(PUBLIC_URL=PUBLIC),
        patch.object(tasks, "async_task", lambda *args, **options: None),
    ):
        yield


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailCatcher]:
    with open_mail_server(tmp_path / "taken") as opened:
        MailServer.objects.create(
            pk=1, host="127.0.0.1", port=opened.port, security="none", from_address="desk@fern.example",
            is_active=True,
        )  # fmt: skip
        yield opened


@pytest.fixture
def root() -> User:
    return factories.user("root", superuser=True)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def log_in(name: str, password: str, address: str = "192.0.2.7") -> HttpResponse:
    given = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post(LOGIN, given)  # type: ignore[return-value]


def gets_in(name: str, password: str = PASSWORD, address: str = "192.0.2.7") -> bool:
    return log_in(name, password, address).status_code == 302


def link_in(server: MailCatcher) -> str:
    text = taken(server.folder)[-1].get_content()
    [link] = re.findall(rf"{PUBLIC}(\S+)", text)
    return str(link)


def said(answer: HttpResponse) -> list[str]:
    return [str(each) for each in get_messages(answer.wsgi_request)]  # type: ignore[attr-defined]


def set_password(link: str, password: str) -> HttpResponse:
    client = Client()
    form = client.get(link, follow=True)
    if not form.context["validlink"]:
        return form  # type: ignore[return-value]
    address = form.redirect_chain[-1][0]
    return client.post(address, {"new_password1": password, "new_password2": password})  # type: ignore[return-value]


def test_somebody_new_is_invited_and_sets_a_password_once(root: User, mails: MailCatcher) -> None:
    client = client_of(root)
    given = {"username": "nina", "first_name": "Nina", "last_name": "Orr", "email": "nina@fern.example"}
    assert client.post("/admin/auth/user/add/", given).status_code == 302
    nina = User.objects.get(username="nina")
    assert (nina.is_staff, nina.has_usable_password(), nina.email) == (True, False, "nina@fern.example")
    question = client.get(f"/admin/auth/user/{nina.pk}/invite/").content.decode()
    assert "A mail goes to nina@fern.example, with a link that sets a password." in question
    assert client.post(f"/admin/auth/user/{nina.pk}/invite/").headers["Location"] == page_url(nina)
    tasks.drain_everything()
    [mail] = taken(mails.folder)
    assert (mail["To"], mail["Subject"]) == ("nina@fern.example", "You are invited to Gridport")
    link = link_in(mails)
    refused = set_password(link, "short")
    assert refused.status_code == 200
    assert set_password(link, PASSWORD).headers["Location"] == LOGIN
    assert gets_in("nina")
    assert (
        "This link was used already, or is too old."
        in set_password(link, "another long one").content.decode()
    )
    assert gets_in("nina")
    assert AuditEntry.objects.get().verb == "invite user"


def test_the_link_stands_in_no_row_and_in_no_log(root: User, mails: MailCatcher) -> None:
    nina = factories.user("nina")
    User.objects.filter(pk=nina.pk).update(email="nina@fern.example")
    nina.refresh_from_db()
    account_mails.invite(root, nina)
    assert list(Work.objects.values_list("step", "subject")) == [
        ("send_account_mail", f"invitation:{nina.pk}")
    ]
    tasks.drain_everything()
    link = link_in(mails)
    assert link.startswith("/account/password/")
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not found: %s", (link,), None)
    assert json.loads(JsonLines().format(record))["message"] == "Not found: /account/password/***/"
    assert OutgoingMail.objects.count() == Work.objects.count() == 0


def test_only_administrators_invite_and_only_whom_mail_reaches(root: User, mails: MailCatcher) -> None:
    nina = factories.user("nina")
    with pytest.raises(Refused, match=r"^nina has no e-mail address"):
        account_mails.invite(root, nina)
    nina.email = "nina@fern.example"
    with pytest.raises(Refused, match=r"^You may not invite people: ask an administrator"):
        account_mails.invite(factories.user("dora", "decide"), nina)
    with (
        override_settings(PUBLIC_URL=""),
        pytest.raises(Refused, match=r"^The portal does not know its own address"),
    ):
        account_mails.invite(root, nina)
    MailServer.objects.update(is_active=False)
    with pytest.raises(Refused, match=r"^No mail server is switched on"):
        account_mails.invite(root, nina)
    assert Work.objects.count() == AuditEntry.objects.count() == 0


def test_a_reset_answers_the_same_whoever_asks_and_mails_those_who_have_a_password(
    mails: MailCatcher,
) -> None:
    people = {name: factories.user(name, "view", password=PASSWORD) for name in ("vera", "gone", "invited")}
    User.objects.update(email="vera@fern.example")
    people["gone"].is_active = False
    people["gone"].save()
    people["invited"].set_unusable_password()
    people["invited"].save()
    User.objects.filter(username="gone").update(email="vera@fern.example")
    User.objects.filter(username="invited").update(email="vera@fern.example")
    answers = [
        Client(REMOTE_ADDR="192.0.2.8").post(reverse("admin_password_reset"), {"email": each})
        for each in ("VERA@fern.example", "nobody@fern.example")
    ]
    assert {(each.status_code, each.headers["Location"], *said(each)) for each in answers} == {
        (302, LOGIN, "If there is an account with this address, a mail with a link is on its way to it. If none comes,"
         " ask an administrator."),
    }  # fmt: skip
    assert list(Work.objects.values_list("subject", flat=True)) == [f"reset:{people['vera'].pk}"]
    tasks.drain_everything()
    assert set_password(link_in(mails), "quite another password").status_code == 302
    assert not gets_in("vera")
    assert gets_in("vera", "quite another password")


def test_who_asks_for_resets_too_often_is_answered_and_not_served(mails: MailCatcher) -> None:
    vera = factories.user("vera", "view", password=PASSWORD)
    User.objects.filter(pk=vera.pk).update(email="vera@fern.example")
    client = Client(REMOTE_ADDR="192.0.2.8")
    for _ in range(MOST_OF_A_NAME):
        client.post(reverse("admin_password_reset"), {"email": "nobody@fern.example"})
    answer = client.post(reverse("admin_password_reset"), {"email": "vera@fern.example"})
    assert (answer.status_code, Work.objects.count()) == (302, 0)


def test_the_login_page_leads_to_the_reset() -> None:
    assert reverse("admin_password_reset") in Client().get(LOGIN).content.decode()


def test_five_wrong_passwords_lock_the_name_out_from_there_with_the_same_words() -> None:
    factories.user("vera", "view", password=PASSWORD)
    answers = [log_in("vera", "wrong") for _ in range(MOST_OF_A_NAME)]
    answers += [log_in("vera", PASSWORD), log_in("nobody", "wrong")]
    for answer in answers:
        assert answer.status_code == 200
        assert WRONG.replace("'", "&#x27;") in answer.content.decode()
    assert FailedLogin.objects.get(name=locking._digest("vera")).count == MOST_OF_A_NAME
    assert gets_in("vera", address="192.0.2.9")


def test_the_lock_opens_by_itself() -> None:
    factories.user("vera", "view", password=PASSWORD)
    for _ in range(MOST_OF_A_NAME + 1):
        log_in("VERA", "wrong")
    assert not gets_in("vera")
    FailedLogin.objects.update(last_at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert gets_in("vera")
    assert FailedLogin.objects.count() == 0


def test_an_address_that_tries_many_names_is_locked_out() -> None:
    factories.user("vera", "view", password=PASSWORD)
    for number in range(MOST_OF_AN_ADDRESS):
        assert locking.attempt(f"name {number}", "192.0.2.7")
    assert not gets_in("vera")
    assert gets_in("vera", address="192.0.2.9")


def test_a_password_that_was_typed_as_a_name_is_not_kept() -> None:
    log_in("my secret password", "vera")
    assert [len(row.name) for row in FailedLogin.objects.all()] == [64]
    assert "secret" not in str(FailedLogin.objects.values())


@pytest.mark.parametrize(
    ("behind", "address"), [(False, "192.0.2.7"), (True, "203.0.113.5")], ids=["direct", "behind a proxy"]
)
def test_a_forwarded_address_is_believed_behind_a_proxy_alone(behind: bool, address: str) -> None:
    told = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.5"}
    with override_settings(BEHIND_PROXY=behind):
        Client(REMOTE_ADDR="192.0.2.7", **told).post(LOGIN, {"username": "vera", "password": "wrong"})  # type: ignore[arg-type]
    assert FailedLogin.objects.get().address == address


def moved(client: Client, **by: timedelta) -> None:
    session = client.session
    for name, passed in by.items():
        session[name] = session[name] - int(passed.total_seconds())
    session.save()


def test_a_session_ends_without_use_and_after_a_working_day() -> None:
    client = client_of(factories.user("vera", "view"))
    assert client.get("/admin/").status_code == 200
    moved(client, used_at=timedelta(minutes=59))
    assert client.get("/admin/").status_code == 200
    moved(client, used_at=timedelta(minutes=59))
    assert client.get("/admin/").status_code == 200
    moved(client, used_at=timedelta(minutes=60))
    answer = client.get("/admin/integration/order/", follow=True)
    assert answer.redirect_chain == [("/admin/login/?next=/admin/integration/order/", 302)]
    assert "You were logged out after 60 minutes without use. Log in to go on." in answer.content.decode()
    late = client_of(factories.user("otto", "view"))
    late.get("/admin/")
    moved(late, began_at=timedelta(hours=12))
    assert "You were logged in for 12 hours." in late.get("/admin/", follow=True).content.decode()


def test_a_page_that_looks_by_itself_keeps_no_session_alive() -> None:
    client = client_of(factories.user("vera", "view"))
    client.get("/admin/")
    moved(client, used_at=timedelta(minutes=30))
    before = client.session["used_at"]
    assert client.get("/admin/", headers={"X-By-Itself": "1"}).status_code == 200
    assert client.session["used_at"] == before
    client.get("/admin/")
    assert client.session["used_at"] > before


def test_times_stand_in_the_zone_that_somebody_chose_with_its_name() -> None:
    order = factories.order(placed_at=timezone.datetime.fromisoformat("2026-07-01T18:30:00+00:00"))
    client = client_of(factories.user("vera", "view"))
    assert "1 Jul 2026 18:30 UTC" in client.get(page_url(order)).content.decode()
    page = client.post(reverse("my_settings"), {"time_zone": "America/Chicago"}, follow=True)
    assert "Saved." in page.content.decode()
    assert re.search(r"It is <time [^>]+>[^<]+ C[SD]T</time> for you\.", page.content.decode())
    assert "1 Jul 2026 13:30 CDT" in client.get(page_url(order)).content.decode()
    assert (
        "1 Jul 2026 18:30 UTC"
        in client_of(factories.user("otto", "view")).get(page_url(order)).content.decode()
    )
    refused = client.post(reverse("my_settings"), {"time_zone": "Mars/Olympus"})
    assert (refused.status_code, Access.objects.get().time_zone) == (200, "America/Chicago")
    Access.objects.update(time_zone="Gone/Place")
    assert "1 Jul 2026 18:30 UTC" in client.get(page_url(order)).content.decode()


def test_my_settings_say_what_somebody_may() -> None:
    vera, larch = factories.user("vera", CUSTOMER_SERVICE), factories.partner("Larch Hall")
    access = Access.objects.create(user=vera, limits_partners=True, limits_sets=True, sets=["855"])
    access.partners.add(larch)
    told = client_of(vera).get(reverse("my_settings")).context
    assert told["roles"] == "Customer service"
    assert told["reach"] == [
        ("Partners", "Larch Hall"), ("Stores", "All"), ("Documents", "Purchase order acknowledgment (855)"),
    ]  # fmt: skip


def test_a_limit_with_nothing_chosen_is_nothing_and_a_partner_that_goes_widens_nothing() -> None:
    vera, larch = factories.user("vera", "view"), factories.partner()
    access = Access.objects.create(user=vera, limits_partners=True)
    access.partners.add(larch)
    larch.identifiers.all().delete()
    larch.delete()
    assert Access.objects.get().reach.partners == frozenset()


def test_whoever_leaves_is_out_at_once_and_their_cases_go_on(root: User) -> None:
    lea, otto = factories.user("lea", "decide", password=PASSWORD), factories.user("otto", "decide")
    open_case, closed = factories.case(), factories.case()
    ExceptionCase.objects.update(owner=lea)
    ExceptionCase.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    hers, admin = client_of(lea), client_of(root)
    assert hers.get("/admin/").status_code == 200
    page = admin.get(f"/admin/auth/user/{lea.pk}/leave/").content.decode()
    assert "Their sessions end at once" in page
    answer = admin.post(f"/admin/auth/user/{lea.pk}/leave/", {"heir": otto.pk, "reason": "Left the company."})
    assert said(answer) == ["lea is switched off, everywhere and at once."]
    assert hers.get("/admin/").status_code == 302
    assert not gets_in("lea")
    assert ExceptionCase.objects.get(pk=open_case.pk).owner == otto
    assert ExceptionCase.objects.get(pk=closed.pk).owner == lea
    User.objects.filter(pk=lea.pk).update(is_active=True)
    assert hers.get("/admin/").status_code == 302
    entry = AuditEntry.objects.get(verb="switch user off")
    assert (entry.reason, entry.detail) == ("Left the company.", {"cases": 1, "to": "otto"})


def test_shared_searches_go_on_and_ones_own_go(root: User) -> None:
    lea, otto = factories.user("lea", "decide"), factories.user("otto", "decide")
    for user, name, is_shared in (
        (lea, "Overdue", True), (lea, "Larch", True), (lea, "Mine", False), (otto, "Larch", False),
    ):  # fmt: skip
        SavedSearch.objects.create(user=user, name=name, query="q=1", is_shared=is_shared)
    leave(root, lea, "Left.", otto)
    kept = SavedSearch.objects.values_list("user__username", "name", "is_shared")
    assert sorted(kept) == [("otto", "Larch", False), ("otto", "Overdue", True)]


def test_leaving_is_refused_to_oneself_to_others_without_reason_and_twice(root: User) -> None:
    lea, dora = factories.user("lea", "decide"), factories.user("dora", "decide")
    for by, whom, reason, heir, words in (
        (dora, lea, "Left.", None, "You may not switch people off"),
        (root, root, "Left.", None, "You cannot switch yourself off"),
        (root, lea, " ", None, "Say why in a few words"),
        (root, lea, "Left.", lea, "Their cases can go to somebody else"),
    ):
        with pytest.raises(Refused, match=rf"^{words}"):
            leave(by, whom, reason, heir)
    assert leave(root, lea, "Left.") == 0
    with pytest.raises(Refused, match=r"^lea is switched off already\.$"):
        leave(root, lea, "Left.")
    assert AuditEntry.objects.count() == 1


def test_an_administrator_limits_what_somebody_sees(root: User) -> None:
    vera, larch = factories.user("vera", "view"), factories.partner()
    client = client_of(root)
    form = client.get(page_url(vera)).context["adminform"].form
    given = {
        **{name: form[name].value() or "" for name in ("username", "first_name", "last_name", "email")},
        "is_active": "on", "is_staff": "on", "groups": [Group.objects.get(name="Auditor").pk],
        "access-TOTAL_FORMS": "1", "access-INITIAL_FORMS": "0", "access-MIN_NUM_FORMS": "0",
        "access-MAX_NUM_FORMS": "1", "access-0-user": vera.pk, "access-0-limits_partners": "on",
        "access-0-partners": [larch.pk], "access-0-limits_sets": "on", "access-0-sets": ["850", "855"],
    }  # fmt: skip
    answer = client.post(page_url(vera), given)
    assert answer.status_code == 302, answer.context["errors"]
    access = Access.objects.get(user=vera)
    assert (access.reach.partners, access.reach.stores) == (frozenset([larch.pk]), None)
    assert access.reach.sets == frozenset(["850", "855"])
    assert "Auditor, limited" in client.get("/admin/auth/user/").content.decode()
