"""What other systems do: the verbs of staff, once for a key, by the plan that was shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from archive.models import AccessRecord, AuditEntry, Document
from integration.models import Comment, ExceptionCase, LineEntry, Order, PurchaseOrder, ReturnCase
from portal.models import ApiToken, KeptAnswer
from tests import factories
from tests.at_once import at_once
from tests.portal.api.conftest import client_with, token_of
from tests.portal.api.test_reading import ROOT, data, refusal


def posted(client: Client, path: str, body: Any, key: str = "") -> tuple[int, Any]:
    """Return the status and the body of the answer to a POST."""
    response = client.post(
        f"{ROOT}/{path}/",
        json.dumps(body),
        content_type="application/json",
        **({"headers": {"Idempotency-Key": key}} if key else {}),
    )
    return response.status_code, response.json()


@pytest.fixture(scope="module")
def lead(world: PurchaseOrder) -> User:
    """Who decides."""
    return factories.user("lena", "Operator")


@pytest.fixture(scope="module")
def acts(lead: User) -> Client:
    """A token that may act."""
    return client_with(token_of(lead))


def test_a_comment_is_written_once_for_its_key(acts: Client, world: PurchaseOrder) -> None:
    path = f"orders/{world.order_id}/comments"
    first = posted(acts, path, {"text": "The customer rang."}, "k-1")
    again = posted(acts, path, {"text": "The customer rang."}, "k-1")
    assert (first[0], first == again) == (201, True)
    made = Comment.objects.get(subject=world.order.subject)
    assert (made.text, made.author_name, first[1]["id"]) == ("The customer rang.", "lena", made.pk)

    assert posted(acts, path, {"text": "Another."}, "k-1")[1]["code"] == "key_reused"
    assert posted(acts, path, {"text": "Another."})[1]["code"] == "key_missing"
    assert posted(acts, path, {"text": "Another.", "bold": True}, "k-2")[1]["errors"] == [
        {"name": "bold", "detail": "There is no such field."}
    ]
    assert Comment.objects.count() == 1


def test_a_row_that_changed_since_it_was_looked_at_is_left(acts: Client, world: PurchaseOrder) -> None:
    path, body = f"{ROOT}/orders/{world.order_id}", {"text": "As I see it."}
    before = Comment.objects.count()

    def comment(key: str, tag: str) -> tuple[int, str]:
        response = acts.post(
            f"{path}/comments/",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": key, "If-Match": tag},
        )
        return response.status_code, response.json().get("code", "")

    tag = acts.get(f"{path}/")["ETag"]
    Order.objects.filter(pk=world.order_id).update(read_at=timezone.now())
    assert comment("m-1", tag) == comment("m-1", f'W/{tag}, "x"') == (412, "changed_meanwhile")
    assert Comment.objects.count() == before
    now = acts.get(f"{path}/")["ETag"]
    assert comment("m-1", f'"x", {now}') == (201, "")
    Order.objects.filter(pk=world.order_id).update(read_at=timezone.now())
    assert comment("m-1", f'"x", {now}') == (201, "")  # answered as the first time
    assert comment("m-2", "*") == (201, "")
    assert Comment.objects.count() == before + 2


def test_a_change_that_is_not_told_yet_counts_too(acts: Client, world: PurchaseOrder) -> None:
    path = f"{ROOT}/orders/{world.order_id}"
    with older_transaction():
        tag = acts.get(f"{path}/")["ETag"]
        Order.objects.filter(pk=world.order_id).update(read_at=timezone.now())
        assert acts.get(f"{path}/")["ETag"] == tag
        response = acts.post(
            f"{path}/comments/",
            {"text": "As I see it."},
            content_type="application/json",
            headers={"Idempotency-Key": "t-1", "If-Match": tag},
        )
    assert (response.status_code, response.json()["code"]) == (412, "changed_meanwhile")


@contextmanager
def older_transaction() -> Iterator[None]:
    """Hold a transaction open that has written: readers are told of nothing that is later than it."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        yield
        other.rollback()


def test_two_requests_with_one_key_at_once_do_it_once(acts: Client, world: PurchaseOrder) -> None:
    path = f"documents/{world.documents.all()[0].document_id}/comments"
    before = Comment.objects.count()
    answers: list[tuple[int, Any]] = []
    at_once(*[lambda: answers.append(posted(acts, path, {"text": "Looked at."}, "at-once"))] * 4)
    assert [status for status, _ in answers] == [201] * 4
    assert len({body["id"] for _, body in answers}) == 1
    assert Comment.objects.count() == before + 1


def test_a_case_is_decided_by_its_plan(acts: Client, world: PurchaseOrder) -> None:
    case = factories.case("Something is to be looked at.", order=world.order)
    offered = data(acts, f"cases/{case.pk}/decisions")["decisions"]
    assert [each["decision"] for each in offered] == ["settle"]
    status, plan = posted(acts, f"cases/{case.pk}/plan", {"decision": "settle"})
    assert (status, plan["sentences"]) == (200, ["The case is closed; nothing else happens."])
    looked = AccessRecord.objects.filter(subject=f"case:{case.pk}").order_by("pk")
    assert [each.purpose for each in looked] == ["API, decisions of cases", "API, plan of cases"]

    decided = {"decision": "settle", "reason": "Done by telephone.", "plan": plan["plan"]}
    stale = {**decided, "plan": "0" * 16}
    assert posted(acts, f"cases/{case.pk}/decide", stale, "d-0")[1]["code"] == "refused"
    assert posted(acts, f"cases/{case.pk}/decide", decided, "d-1") == (
        200, {"case_id": case.pk, "decision": "settle"},
    )  # fmt: skip
    case.refresh_from_db()
    token = ApiToken.objects.get(user__username="lena")
    assert (case.decision, case.closed_by) == ("settled", "lena")
    assert case.decision_reason == f"Done by telephone. (by API token {token.prefix})"
    assert posted(acts, f"cases/{case.pk}/decide", decided, "d-2")[0] == 409
    assert posted(acts, f"cases/{case.pk}/plan", {"decision": "nothing"})[1]["code"] == "refused"


def test_a_document_is_sent_again_by_its_plan(acts: Client) -> None:
    made = factories.sent(factories.purchase_order())
    plan = data(acts, f"documents/{made.pk}/resubmit")
    assert plan["warnings"] == []
    body = {"reason": "They lost it.", "plan": plan["plan"]}
    status, answer = posted(acts, f"documents/{made.pk}/resubmit", body, "r-1")
    assert status == 201
    again = Document.objects.get(pk=answer["document_id"])
    assert again.resubmission.original_id == made.pk
    assert posted(acts, f"documents/{made.pk}/resubmit", body, "r-1") == (status, answer)
    assert refusal(acts, f"documents/{made.pk}/resubmit")[0] == 409
    assert refusal(acts, f"documents/{made.pk}/resubmit", content="new") == (400, "parameter_invalid")


def test_a_return_is_opened(acts: Client, world: PurchaseOrder) -> None:
    line = world.lines.all()[0]
    LineEntry.objects.create(
        line=line,
        kind=LineEntry.Kind.SHIPPED,
        quantity=2,
        document=world.documents.all()[0].document,
        position=77,
        stated_at=world.created_at,
    )
    wanted = {
        "purchase_order_id": world.pk,
        "lines": [{"line_number": line.line_number, "quantity": "1", "reason": "defective"}],
        "reason": "The customer wrote.",
    }
    status, answer = posted(acts, "returns/open", wanted, "o-1")
    assert status == 201, answer
    case = ReturnCase.objects.get(pk=answer["return_id"])
    assert (case.number, case.purchase_order_id, case.opened_by) == (answer["number"], world.pk, "lena")
    too_much = {**wanted, "lines": [{**wanted["lines"][0], "quantity": "5"}]}  # type: ignore[index]
    assert posted(acts, "returns/open", too_much, "o-2")[1]["code"] == "refused"
    unknown = {**wanted, "purchase_order_id": 999_999}
    assert posted(acts, "returns/open", unknown, "o-3")[0] == 409
    assert ReturnCase.objects.filter(opened_by="lena").count() == 1


def test_who_may_not_does_nothing(lead: User, world: PurchaseOrder) -> None:
    path, body = f"orders/{world.order_id}/comments", {"text": "No."}
    before = (
        Comment.objects.count(),
        KeptAnswer.objects.count(),
        AuditEntry.objects.filter(verb="comment").count(),
    )
    reads_only = client_with(token_of(lead, may_write=False))
    assert posted(reads_only, path, body, "n-1")[1]["code"] == "scope_missing"
    auditor = client_with(token_of(factories.user("anna", "Auditor")))
    assert posted(auditor, path, body, "n-1")[1]["code"] == "right_missing"
    other = PurchaseOrder.objects.exclude(order=world.order_id).order_by("pk")[0]
    limited = client_with(token_of(lead, partners=[other.agreement.partner_id]))
    assert posted(limited, path, body, "n-1")[1]["code"] == "not_found"
    after = (
        Comment.objects.count(),
        KeptAnswer.objects.count(),
        AuditEntry.objects.filter(verb="comment").count(),
    )
    assert after == before
    assert ExceptionCase.objects.filter(closed_by="anna").count() == 0


def test_a_body_that_is_none_is_said_so(acts: Client, world: PurchaseOrder) -> None:
    path = f"{ROOT}/orders/{world.order_id}/comments/"
    headers = {"Idempotency-Key": "b"}
    for content, kind, status in (
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("null", "application/json", 400),
        ("text=x", "application/x-www-form-urlencoded", 415),
    ):
        response = acts.post(path, content, content_type=kind, headers=headers)
        assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), (
            content
        )
