"""Where other systems take part: the verbs of staff, each once for an idempotency key, by what was shown before.

A verb is the one that pages call: same right, same reason kept, same audit entry. What it did, and what it answered, is one
transaction with the key: asked again, it answers the same and does nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from rest_framework import serializers, status
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from archive import changes
from archive.clock import database_now
from integration.flows import case_work
from integration.flows.decide import settle_case
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import choices, plan
from integration.flows.resubmit import Content, plan_resubmit, resubmit
from integration.flows.return_rows import Wanted
from integration.flows.returns import open_return
from integration.flows.rights import DECIDE, RESUBMIT, Refused
from integration.models import ReturnCase
from portal.api import problems
from portal.api.asking import MayRead, lacking_right, lacking_scope, person, reach, token_of
from portal.api.bodies import (
    CommentAnswer,
    CommentBody,
    DecideAnswer,
    DecideBody,
    DecisionBody,
    DecisionsAnswer,
    PlanAnswer,
    ResubmitAnswer,
    ResubmitBody,
    ReturnAnswer,
    ReturnBody,
)
from portal.api.problems import Problem
from portal.api.reading import Asked, rows_of
from portal.api.recording import record_row
from portal.api.resources import BY_NAME
from portal.api.views import FoundView, row_tag
from portal.models import ApiToken, KeptAnswer

KEY = "Idempotency-Key"
MATCH = "If-Match"
KEPT = timedelta(days=30)
"""How long the answer to a key is kept."""
SETTLE = "settle"


class MayAct(BasePermission):
    """The token may act on the resource, and its user has the verb's right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raise ``Problem`` where one of them may not."""
        MayRead().has_permission(request, view)
        if request.method == "GET":
            return True
        token = token_of(request)
        if not token.may_write:
            raise lacking_scope(token, "acting")
        if not request.user.has_perm(view.right):
            raise lacking_right(token, view.does)
        return True


@dataclass(frozen=True)
class Done:
    """What a verb answers."""

    body: dict[str, Any]
    status: int = status.HTTP_200_OK


class ActionView(FoundView):
    """One verb. ``body`` is what it wants, ``answered`` what it answers; ``right`` and ``does`` say who may."""

    permission_classes: Sequence[Any] = (MayAct,)
    parser_classes = (JSONParser,)
    body: ClassVar[type[serializers.Serializer[Any]]]
    answered: ClassVar[type[serializers.Serializer[Any]]]
    success: int = status.HTTP_200_OK
    right = DECIDE
    does = "decide"
    needs_key = True

    def given(self, request: Request) -> dict[str, Any]:
        """Return the body. Raises ``ValidationError``."""
        try:
            told = request.data
        except RequestDataTooBig:
            raise Problem(
                status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "body_invalid", "The body is too long."
            ) from None
        body = self.body(data=told)
        if isinstance(told, dict) and (unknown := sorted(set(told) - set(body.fields))):
            raise serializers.ValidationError({name: "There is no such field." for name in unknown})
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def once(
        self, request: Request, act: Callable[[dict[str, Any]], Done], pk: int | None = None
    ) -> Response:
        """Do it once for the request's key, and answer what it answered then; to the row ``pk`` only while it is as ``If-Match``
        says. Raises ``Problem``."""
        key = request.headers.get(KEY, "")
        if not (1 <= len(key) <= 64 and key.isascii() and key.isprintable()):
            raise Problem(
                status.HTTP_400_BAD_REQUEST,
                "key_missing",
                f"Send {KEY}: 1 to 64 characters, a new one for each thing to do.",
            )
        given, token = self.given(request), token_of(request)
        asked = hashlib.sha256(
            f"{request.method} {request.path}\n".encode() + request._request.body
        ).hexdigest()
        try:
            with transaction.atomic():
                _alone(token, key)
                kept = KeptAnswer.objects.filter(token=token, key=key).first()
                if kept is not None and kept.request != asked:
                    raise Problem(
                        status.HTTP_422_UNPROCESSABLE_ENTITY,
                        "key_reused",
                        "This key was sent with something else before.",
                    )
                if kept is not None:
                    return Response(kept.body, kept.status, headers={"Idempotency-Replayed": "true"})
                self._require_unchanged(request, pk)
                done = act(given)
                _keep(token, key, asked, done)
        except Refused as refusal:
            raise Problem(status.HTTP_409_CONFLICT, "refused", str(refusal)) from refusal
        return Response(done.body, done.status)

    def _require_unchanged(self, request: Request, pk: int | None) -> None:
        """Raise ``Problem`` where the row is not what the request names; asked anew, in the verb's transaction.

        A change that readers are not told of yet counts too.
        """
        named = request.headers.get(MATCH)
        if named is None or pk is None:
            return
        told = self.find(request, pk).told
        tag = row_tag(told, Asked(self.resource, changes.current_epoch()))
        is_named = named.strip() == "*" or tag in [each.strip() for each in named.split(",")]
        if not is_named or not changes.is_newest(self.resource.name, told):
            raise Problem(
                status.HTTP_412_PRECONDITION_FAILED,
                "changed_meanwhile",
                f"It is not what {MATCH} names any more. Look at it again, and send its ETag of now.",
            )

    def reason(self, request: Request, given: dict[str, Any]) -> str:
        """Return the reason, with what it came by."""
        return f"{given['reason']} (by API token {token_of(request).prefix})"


class CommentView(ActionView):
    """A comment on a row."""

    body, answered, success = CommentBody, CommentAnswer, status.HTTP_201_CREATED
    does = "write comments"

    def post(self, request: Request, pk: int) -> Response:
        """Write a comment."""
        row = self.find(request, pk)

        def act(given: dict[str, Any]) -> Done:
            made = case_work.comment(person(request), row.subject, given["text"])
            return Done(dict(self.answered(made).data), self.success)

        return self.once(request, act, pk)


class ResubmitView(ActionView):
    """Sending a document again."""

    body, answered, success = ResubmitBody, ResubmitAnswer, status.HTTP_201_CREATED
    right, does = RESUBMIT, "send documents again"

    def get(self, request: Request, pk: int) -> Response:
        """Ask what sending a document again would do."""
        names = [each.value for each in Content]
        unknown = sorted(set(request.query_params) - {"content"})
        if unknown:
            raise Problem(
                status.HTTP_400_BAD_REQUEST,
                "parameter_unknown",
                f"There is no parameter {', '.join(unknown)} here.",
            )
        wanted = request.query_params.get("content")
        if wanted is not None and wanted not in names:
            raise problems.bad_parameter("content", f"give one of {', '.join(names)}.")
        document = self.find(request, pk)
        record_row(request, self.resource, document, "sending again")
        try:
            found = plan_resubmit(document, Content(wanted) if wanted else None)
        except Refused as refusal:
            raise Problem(status.HTTP_409_CONFLICT, "refused", str(refusal)) from refusal
        return Response({"plan": found.digest, "sentences": found.sentences, "warnings": found.warnings})

    def post(self, request: Request, pk: int) -> Response:
        """Send a document again, as the plan says."""
        document = self.find(request, pk)

        def act(given: dict[str, Any]) -> Done:
            again = resubmit(
                person(request),
                document,
                self.reason(request, given),
                given["plan"],
                hashlib.sha256(f"{token_of(request).pk} {request.headers[KEY]}".encode()).hexdigest(),
                content=Content(given["content"]) if "content" in given else None,
                confirmed=given["confirmed"],
            )
            return Done({"document_id": again.pk}, self.success)

        return self.once(request, act, pk)


class DecisionsView(ActionView):
    """What can be decided about a case."""

    answered = DecisionsAnswer

    def get(self, request: Request, pk: int) -> Response:
        """Ask what can be decided about a case."""
        if request.query_params:
            raise Problem(status.HTTP_400_BAD_REQUEST, "parameter_unknown", "There are no parameters here.")
        case = self.find(request, pk)
        record_row(request, self.resource, case, "decisions")
        offered = [
            {"decision": each.name, "words": each.words, "about": each.help, "asks": each.asks}
            for each in choices(case)
        ]
        if case.closed_at is None:
            offered.append(
                {
                    "decision": SETTLE,
                    "words": "Settled outside",
                    "about": "The case is closed; nothing else happens.",
                    "asks": "",
                }
            )
        return Response({"decisions": offered})


class PlanView(ActionView):
    """What a decision would do."""

    body, answered = DecisionBody, PlanAnswer
    needs_key = False

    def post(self, request: Request, pk: int) -> Response:
        """Ask what a decision would do; nothing is done."""
        case = self.find(request, pk)
        given = self.given(request)
        record_row(request, self.resource, case, "plan")
        if given["decision"] == SETTLE:
            return Response(
                {
                    "plan": case.version,
                    "sentences": ["The case is closed; nothing else happens."],
                    "warnings": [],
                }
            )
        try:
            found = plan(case, given["decision"], _given(given))
        except Refused as refusal:
            raise Problem(status.HTTP_409_CONFLICT, "refused", str(refusal)) from refusal
        return Response({"plan": found.digest, "sentences": found.sentences, "warnings": []})


class DecideView(ActionView):
    """A decision about a case."""

    body, answered = DecideBody, DecideAnswer

    def post(self, request: Request, pk: int) -> Response:
        """Decide a case, as the plan says."""
        case = self.find(request, pk)

        def act(given: dict[str, Any]) -> Done:
            reason = self.reason(request, given)
            if given["decision"] == SETTLE:
                settle_case(person(request), case, reason, given["plan"])
            else:
                carry_out(person(request), case, given["decision"], _given(given), reason, given["plan"])
            return Done({"case_id": case.pk, "decision": given["decision"]})

        return self.once(request, act, pk)


class OpenReturnView(ActionView):
    """A new return."""

    resource = BY_NAME["returns"]
    body, answered, success = ReturnBody, ReturnAnswer, status.HTTP_201_CREATED
    does = "open returns"

    def post(self, request: Request) -> Response:
        """Open a return."""

        def act(given: dict[str, Any]) -> Done:
            purchase_order = (
                rows_of(BY_NAME["purchase_orders"], reach(request))
                .filter(pk=given["purchase_order_id"])
                .first()
            )
            if purchase_order is None:
                raise Problem(
                    status.HTTP_409_CONFLICT,
                    "refused",
                    "There is no such purchase order, or not for this token.",
                )
            lines = [Wanted(**line) for line in given["lines"]]
            made: ReturnCase = open_return(
                person(request), purchase_order, lines, self.reason(request, given), word=given["word"]
            )
            return Done({"return_id": made.pk, "number": made.number}, self.success)

        return self.once(request, act)


def _given(told: dict[str, Any]) -> Given:
    named = {
        name: told[name]
        for name in ("due_at", "number", "value", "leaves_store", "to", "message")
        if name in told
    }
    return Given(**named, agreement=told.get("agreement_id"))


def _alone(token: ApiToken, key: str) -> None:
    """Have two requests with one key follow each other: the second one finds the answer of the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{token.pk} {key}"])


def _keep(token: ApiToken, key: str, asked: str, done: Done) -> None:
    KeptAnswer.objects.filter(token=token, answered_at__lt=database_now() - KEPT).delete()
    KeptAnswer.objects.create(token=token, key=key, request=asked, status=done.status, body=done.body)
