"""What verbs of the API want and answer."""

from __future__ import annotations

from rest_framework import serializers

from integration.flows.resubmit import Content
from portal.api.filters import LARGEST


class ReasonBody(serializers.Serializer):  # type: ignore[type-arg]
    """Why: kept with what is done."""

    reason = serializers.CharField(max_length=1900)


class CommentBody(serializers.Serializer):  # type: ignore[type-arg]
    """A comment."""

    text = serializers.CharField(max_length=5000)


class CommentAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """The comment as it is kept."""

    id = serializers.IntegerField()
    subject = serializers.CharField()
    written_at = serializers.DateTimeField()


class PlanAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """What would be done now: give ``plan`` back to have exactly that done."""

    plan = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())


class ResubmitBody(ReasonBody):
    """Send a document again."""

    plan = serializers.CharField(max_length=64, help_text="As the GET of the same address gave it.")
    content = serializers.ChoiceField(
        [each.value for each in Content],
        required=False,
        help_text="The same bytes, or written anew; as the plan was asked for.",
    )
    confirmed = serializers.BooleanField(
        default=False,
        help_text="Send it although the partner answered the first one (see the plan's warnings).",
    )


class ResubmitAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """The document that goes out."""

    document_id = serializers.IntegerField()


class ChoiceRecord(serializers.Serializer):  # type: ignore[type-arg]
    """One decision that can be taken, and which field it wants."""

    decision = serializers.CharField()
    words = serializers.CharField()
    about = serializers.CharField()
    asks = serializers.CharField()


class DecisionsAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """What can be decided about a case."""

    decisions = ChoiceRecord(many=True)


class DecisionBody(serializers.Serializer):  # type: ignore[type-arg]
    """A decision, and what is given with it."""

    decision = serializers.CharField(max_length=40)
    due_at = serializers.DateTimeField(required=False)
    number = serializers.CharField(max_length=30, required=False)
    value = serializers.CharField(max_length=40, required=False)
    agreement_id = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False)
    leaves_store = serializers.BooleanField(required=False)
    to = serializers.CharField(max_length=254, required=False)
    message = serializers.CharField(max_length=5000, required=False)


class DecideBody(DecisionBody, ReasonBody):
    """A decision that is to be carried out as the plan says."""

    plan = serializers.CharField(
        max_length=64, help_text="As the address plan gave it for the same decision."
    )


class DecideAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """The case after the decision."""

    case_id = serializers.IntegerField()
    decision = serializers.CharField()


class ReturnLineBody(serializers.Serializer):  # type: ignore[type-arg]
    """How much of one line is to go back, and why."""

    line_number = serializers.IntegerField(min_value=1, max_value=2_147_483_647)
    quantity = serializers.DecimalField(15, 4, min_value=0)
    reason = serializers.CharField(max_length=30)
    disposition = serializers.CharField(max_length=30, default="", allow_blank=True)
    comment = serializers.CharField(max_length=500, default="", allow_blank=True)


class ReturnBody(ReasonBody):
    """Open a return."""

    purchase_order_id = serializers.IntegerField(min_value=1, max_value=LARGEST)
    lines = serializers.ListField(child=ReturnLineBody(), min_length=1)
    word = serializers.CharField(
        max_length=2000, default="", allow_blank=True, help_text="The customer's word."
    )


class ReturnAnswer(serializers.Serializer):  # type: ignore[type-arg]
    """The return that was opened."""

    return_id = serializers.IntegerField()
    number = serializers.CharField()
