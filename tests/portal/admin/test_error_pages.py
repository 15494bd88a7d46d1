"""Where there is no page, people are told what happened and what to do next; machines get a line."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import path

from archive.correlation import correlated
from portal import error_pages
from portal.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.pages import words_of

__all__ = ["handler400", "handler403", "handler404", "handler500"]

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def fall_over(request: HttpRequest) -> None:
    raise RuntimeError("secret of the house")


urlpatterns = [*urlpatterns, path("falls-over/", fall_over)]


@pytest.mark.django_db
def test_a_page_that_is_not_there_names_the_next_step_within_the_frame(viewer: Client) -> None:
    answer = viewer.get("/admin/nowhere/at/all/", headers=BROWSER)
    assert answer.status_code == 404
    text = words_of(answer)
    assert "This page is not here" in text
    assert "Search for the number that you have." in text
    assert 'href="/admin/find/"' in answer.content.decode()


@pytest.mark.django_db
def test_a_stranger_sees_no_frame(client: Client) -> None:
    answer = client.get("/nowhere/", headers=BROWSER)
    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()
    assert "nav-sidebar" not in answer.content.decode()
    assert client.get("/nowhere/").content.decode() == (
        "This page is not here. The address may be mistyped, or what it showed is not yours to look at."
        " Search for the number that you have.\n"
    )


@pytest.mark.django_db
def test_what_a_role_may_not_do_is_said_in_words(viewer: Client) -> None:
    answer = viewer.get("/admin/auth/user/add/", headers=BROWSER)
    assert answer.status_code == 403
    assert "This is not yours to do" in words_of(answer)


@pytest.mark.django_db
def test_a_form_without_its_token_says_how_to_go_on(viewer: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/admin/login/", {"username": "x", "password": "y"}, headers=BROWSER)
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


@pytest.mark.urls("tests.portal.admin.test_error_pages")
def test_a_fault_of_ours_tells_a_number_and_nothing_else_and_asks_no_database() -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/falls-over/", headers=BROWSER)
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "Nothing was half done." in text
    assert answer["X-Correlation-Id"] in text
    assert "secret of the house" not in text


def test_the_number_stands_in_the_line_for_machines() -> None:
    with correlated("") as number:
        answer = error_pages.broken(RequestFactory().get("/"))
    assert answer.content.decode().endswith(f"looks after Gridport. {number}\n")
