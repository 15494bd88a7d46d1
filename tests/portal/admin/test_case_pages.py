"""The list of cases with its tabs and what is done to many at once; the case's page with its verbs and who looks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import AuditEntry, Document
from integration.flows import case_work, decide
from integration.models import CaseLook, Comment, ExceptionCase, ReturnCase
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pages import Desk

HOUR = timedelta(hours=1)


def dora() -> User:
    return User.objects.get(username="dora")


def verb(client: Client, case: ExceptionCase, name: str, **given: str) -> HttpResponse:
    address = reverse("admin:integration_exceptioncase_decide", args=[case.pk])
    return client.post(address, {"verb": name, **given})


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_the_tabs_count_what_stands_under_them_and_keep_what_is_put_off_apart(decider: Client) -> None:
    mine, free, later, done = (factories.case(f"Case {name}.") for name in ("mine", "free", "later", "done"))
    case_work.assign(dora(), [mine, later], dora())
    case_work.snooze(dora(), [later], timezone.now() + HOUR, "Later.")
    decide.settle_case(dora(), done, "Done.")

    def listed(query: str) -> tuple[list[tuple[str, str]], set[int]]:
        context = decider.get(list_url(ExceptionCase, query)).context
        tabs = [(each["words"], each["count"]) for each in context["case_tabs"] if each["chosen"]]
        return tabs, {row.pk for row in context["cl"].result_list}

    assert listed("cases=mine") == ([("Mine", "1")], {mine.pk})
    assert listed("cases=unassigned") == ([("Unassigned", "1")], {free.pk})
    assert listed("cases=waiting") == ([("Waiting", "1")], {later.pk})
    assert listed("") == ([("All open", "3")], {mine.pk, free.pk, later.pk})
    assert listed("cases=closed") == ([("Resolved", "")], {done.pk})
    assert "Mine 1 Unassigned 1 Waiting 1 All open 3 Resolved Everything" in Desk(decider).list(ExceptionCase)
    ExceptionCase.objects.update(snoozed_until=timezone.now() - HOUR)
    assert listed("cases=mine") == ([("Mine", "2")], {mine.pk, later.pk})


def test_of_what_is_due_together_the_most_money_stands_first(decider: Client) -> None:
    little, much, unknown = (factories.case(money=amount) for amount in (5, 900, None))
    rows = decider.get(list_url(ExceptionCase)).context["cl"].result_list
    assert [row.pk for row in rows] == [much.pk, little.pk, unknown.pk]
    rows = decider.get(list_url(ExceptionCase, "at_stake=100")).context["cl"].result_list
    assert [row.pk for row in rows] == [much.pk]


def test_chosen_cases_are_taken_given_and_put_off_together(decider: Client) -> None:
    cases = [factories.case() for _ in range(3)]
    maria = factories.user("maria", "decide")
    chosen = {"_selected_action": [each.pk for each in cases[:2]], "index": "0"}
    here = list_url(ExceptionCase, "cases=unassigned")
    answer = decider.post(here, {**chosen, "action": "take_chosen"})
    assert (answer.status_code, answer["Location"], said(answer)) == (302, here, "Yours: 2 cases.")
    assert set(ExceptionCase.objects.filter(owner=dora())) == set(cases[:2])

    here = list_url(ExceptionCase, "kind__exact=no_partner")
    page = decider.post(here, {**chosen, "action": "assign_chosen"})["Location"]
    assert "Assign cases? Whoever you choose finds them under Mine." in Desk(decider).read(page)
    answer = decider.post(page, {"owner": maria.pk})
    assert (answer["Location"], said(answer)) == (here, "Assigned: 2 cases.")
    assert set(ExceptionCase.objects.filter(owner=maria)) == set(cases[:2])

    page = decider.post(here, {**chosen, "action": "snooze_chosen"})["Location"]
    without_reason = decider.post(page, {"until": "2999-01-02T15:04", "reason": ""})
    assert "Say why in a few words" in without_reason.content.decode()
    answer = decider.post(page, {"until": "2999-01-02T15:04", "reason": "Stocktaking."})
    assert said(answer) == "Put off: 2 cases."
    assert ExceptionCase.objects.filter(waiting_for="day").count() == 2


def test_nobody_does_to_many_what_he_may_not_do_to_one(viewer: Client) -> None:
    case = factories.case()
    for what in ("assign", "snooze"):
        address = f"{reverse('admin:integration_exceptioncase_many', args=[what])}?ids={case.pk}"
        assert viewer.get(address).status_code == 403
        assert viewer.post(address, {"until": "2999-01-02T15:04", "reason": "x"}).status_code == 403
    posted = {"_selected_action": [case.pk], "action": "take_chosen", "index": "0"}
    assert viewer.post(list_url(ExceptionCase), posted).status_code == 403
    for name in ("comment", "looking", "decide"):
        address = reverse(f"admin:integration_exceptioncase_{name}", args=[case.pk])
        assert viewer.post(address, {"verb": "undo", "text": "x"}).status_code == 403
        assert viewer.get(address).status_code == 405
    assert not CaseLook.objects.exists()


def test_the_page_puts_off_wakes_gives_and_undoes(decider: Client) -> None:
    case = factories.case()
    maria = factories.user("maria", "decide")
    seen = decider.get(page_url(case)).context["version"]
    answer = verb(decider, case, "snooze", until="2999-01-02T15:04", reason="Later.", seen=seen)
    assert said(answer) == "The case is put off."
    assert "Put off until 2 Jan 2999 15:04 UTC" in Desk(decider).page(case)
    assert said(verb(decider, case, "snooze", until="soon", reason="Later.")) == (
        "Say until when to put it off, as a day and a time."
    )
    assert said(verb(decider, case, "wake", seen=seen)).startswith(
        "dora changed this case just now: “Put off until"
    )
    assert said(verb(decider, case, "wake")) == "The case waits no more."
    assert said(verb(decider, case, "assign", owner=str(maria.pk))) == "The case is assigned."
    assert said(verb(decider, case, "assign", owner="x")) == "Choose who is to look after the case."
    verb(decider, case, "settle", reason="By phone.")
    assert "Undo u Nothing of it has left" in Desk(decider).page(case)
    assert said(verb(decider, case, "undo")) == "Undone: the case is open again."
    case.refresh_from_db()
    assert (case.owner, case.closed_at) == (maria, None)
    assert [each.verb for each in AuditEntry.objects.order_by("pk")] == [
        "snooze case", "wake case", "assign case", "settle case", "undo decision",
    ]  # fmt: skip


def test_the_next_case_is_that_of_the_list_one_came_from(decider: Client) -> None:
    first, second, third = (
        factories.case(due_at=datetime(2999, 1, day, tzinfo=timezone.get_current_timezone()))
        for day in (1, 2, 3)
    )
    case_work.assign(dora(), [second], dora())

    def after(case: ExceptionCase, query: str = "") -> tuple[str, int] | None:
        found = decider.get(page_url(case), {"_changelist_filters": query}).context["next"]
        return found and (found["url"], found["count"])

    assert after(first) == (page_url(second), 2)
    assert after(first, "cases=unassigned") == (page_url(third), 1)
    assert after(third) == (page_url(first), 2)
    assert after(second, "cases=mine") is None


def test_comments_are_shown_as_they_were_written_on_each_of_four_pages(decider: Client) -> None:
    factories.everything()
    order = factories.order(1042)
    case = factories.case(order=order)
    returned = ReturnCase.objects.earliest("pk")
    document = Document.objects.earliest("pk")
    for row in (case, order, returned, document):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_comment"
        answer = decider.post(
            reverse(name, args=[row.pk]), {"text": f"On {row._meta.model_name}: <i>now</i>"}
        )
        assert answer["Location"] == f"{page_url(row)}#timeline"
    assert Comment.objects.count() == 4
    assert "On document: <i>now</i>" in Desk(decider).page(document)
    assert "On returncase: <i>now</i>" in Desk(decider).page(returned)
    text = decider.get(page_url(order)).content.decode()
    assert text.index("On exceptioncase: &lt;i&gt;now&lt;/i&gt;") < text.index("On order: &lt;i&gt;now")
    assert "On order" not in decider.get(page_url(case)).content.decode()


def test_an_open_page_learns_who_else_looks_and_that_the_case_has_changed(decider: Client) -> None:
    case = factories.case()
    version = decider.get(page_url(case)).context["version"]
    address = f"{reverse('admin:integration_exceptioncase_looking', args=[case.pk])}?version={version}"
    assert decider.post(address).content.decode().strip() == ""
    maria = factories.user("maria", "decide")
    case_work.look(maria, case)
    case_work.assign(maria, [case], maria)
    words = decider.post(address).content.decode()
    assert "maria is looking at this since" in words
    assert "The case has changed since you opened it." in words


@pytest.mark.parametrize("name", ["assign", "snooze"])
def test_what_is_closed_meanwhile_is_left_out(decider: Client, name: str) -> None:
    case = factories.case("Nobody knows.")
    decide.settle_case(dora(), case, "Done.")
    address = f"{reverse('admin:integration_exceptioncase_many', args=[name])}?ids={case.pk},x,{10**30}"
    assert "Nobody knows." not in decider.get(address).content.decode()
