"""How far a partner's onboarding has come: five steps, each with what it rests on, each locked until the one before is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from archive.models import (
    Acknowledgment,
    Delivery,
    Direction,
    Document,
    FunctionalAnswer,
    Validation,
    document_name,
)
from integration.flows.compose import partnership_problem
from partners.models import ConnectionTest, Mode, Onboarding

PROFILE, CONNECTION, FUNCTIONAL, SAMPLES, SIGN_OFF = STEPS = (
    "profile", "connection", "functional", "samples", "sign_off",
)  # fmt: skip
TEST = "T"
SAMPLED = ("850",)
"""What we can send an invented one of."""


@dataclass(frozen=True)
class Evidence:
    """What a step rests on: ``subject`` is ``document:12`` or the like, ``by`` who did it, empty where nobody had to."""

    subject: str
    words: str
    at: datetime
    by: str = ""


@dataclass(frozen=True)
class StepState:
    """One step as it stands. ``lacking`` says what is not there yet; a locked step waits for the one before it."""

    name: str
    evidence: tuple[Evidence, ...]
    lacking: tuple[str, ...]
    is_locked: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing is lacking any more, in this step and before it."""
        return not self.is_locked and not self.lacking


def steps_of(onboarding: Onboarding) -> tuple[StepState, ...]:
    """Return the five steps, in order; once it is signed, with what they rested on then."""
    if onboarding.signed_at is not None:
        return tuple(StepState(name, _kept(onboarding, name), (), False) for name in STEPS)
    looked_at = (_profile, _connection, _functional, _samples, _unsigned)
    states: list[StepState] = []
    for name, look in zip(STEPS, looked_at, strict=True):
        evidence, lacking = look(onboarding)
        is_locked = any(not each.is_done for each in states)
        states.append(StepState(name, tuple(evidence), tuple(lacking), is_locked))
    return tuple(states)


def step_of(onboarding: Onboarding, name: str) -> StepState:
    """Return one step."""
    return next(each for each in steps_of(onboarding) if each.name == name)


def exchanged_in_test(onboarding: Onboarding, direction: str) -> QuerySet[Document]:
    """Return the test documents that went ``direction`` under the agreement since its onboarding began."""
    return Document.objects.filter(
        agreement=onboarding.agreement,
        direction=direction,
        interchange__usage_indicator=TEST,
        recorded_at__gte=onboarding.started_at,
    ).order_by("pk")


_Found = tuple[Sequence[Evidence], Sequence[str]]


def _profile(onboarding: Onboarding) -> _Found:
    agreement = onboarding.agreement
    kinds = list(agreement.documents.filter(is_active=True).order_by("direction", "transaction_set"))
    lacking = [
        words
        for direction, words in (
            ("in", gettext("No document is received: add one to the agreement.")),
            ("out", gettext("No document is sent: add one to the agreement.")),
        )
        if not any(each.direction == direction for each in kinds)
    ]
    problem = partnership_problem(agreement)
    if problem:
        lacking.append(problem[:1].upper() + problem[1:])
    if agreement.usage != TEST:
        lacking.append(gettext("The agreement carries production documents: set it to Test (T)."))
    if agreement.mailbox.mode != Mode.LIVE:
        lacking.append(
            gettext("Mailbox %(mailbox)s is in watch: nothing is sent through it.")
            % {"mailbox": agreement.mailbox}
        )
    names = ", ".join(
        f"{document_name(each.transaction_set)} {each.get_direction_display().lower()}" for each in kinds
    )
    words = f"{agreement.identifier} with {agreement.own_qualifier}:{agreement.own_id} on {agreement.mailbox}: {names}"
    return [
        Evidence(f"agreement:{agreement.pk}", words, onboarding.started_at, onboarding.started_by)
    ], lacking


def _connection(onboarding: Onboarding) -> _Found:
    tests = ConnectionTest.objects.filter(
        mailbox=onboarding.agreement.mailbox, tested_at__gte=onboarding.started_at
    )
    newest = tests.order_by("-tested_at", "-pk").first()
    if newest is None:
        untested = gettext("Mailbox %(mailbox)s was not tested since the onboarding began.")
        return [], [untested % {"mailbox": onboarding.agreement.mailbox}]
    if newest.problem:
        return [], [newest.problem]
    subject = f"mailbox:{newest.mailbox_id}"
    return [
        Evidence(
            subject, "It answered, and both folders could be looked into.", newest.tested_at, newest.tested_by
        )
    ], []


def _functional(onboarding: Onboarding) -> _Found:
    evidence, lacking = [], []
    theirs = (
        Acknowledgment.objects.filter(
            document__in=exchanged_in_test(onboarding, Direction.OUT), code__in=["A", "E"],
            source__transaction_set__in=["997", "999"],
        ).select_related("source", "document").order_by("pk").first()
    )  # fmt: skip
    if theirs is None:
        lacking.append(gettext("They have not accepted a test document of ours by a 997 yet."))
    else:
        words = f"They accepted our {document_name(theirs.document.transaction_set)}"
        evidence.append(Evidence(f"document:{theirs.source_id}", words, theirs.recorded_at))
    ours = (
        FunctionalAnswer.objects.filter(
            source__in=exchanged_in_test(onboarding, Direction.IN), answer__state__delivery=Delivery.DELIVERED
        ).select_related("answer", "source").order_by("pk").first()
    )  # fmt: skip
    if ours is None:
        lacking.append(
            gettext(
                "Nothing of theirs was acknowledged by a 997 of ours yet: have them send a test document."
            )
        )
    else:
        words = f"We acknowledged their {document_name(ours.source.transaction_set)}"
        evidence.append(Evidence(f"document:{ours.answer_id}", words, ours.recorded_at))
    return evidence, lacking


def _samples(onboarding: Onboarding) -> _Found:
    agreed = list(
        onboarding.agreement.documents.filter(is_active=True).order_by("-direction", "transaction_set")
    )
    evidence, lacking = [], []
    accepted = exchanged_in_test(onboarding, Direction.OUT).filter(acknowledgments__code__in=["A", "E"])
    whole = exchanged_in_test(onboarding, Direction.IN).filter(
        state__validation__in=[Validation.VALID, Validation.VALID_WITH_NOTES]
    )
    for each in agreed:
        if each.direction == "out" and each.transaction_set not in SAMPLED:
            continue
        rows = accepted if each.direction == "out" else whole
        found = rows.filter(transaction_set=each.transaction_set).first()
        name = document_name(each.transaction_set)
        if found is not None:
            words = f"{name} {'sent and accepted' if each.direction == 'out' else 'received and valid'}"
            evidence.append(Evidence(f"document:{found.pk}", words, found.recorded_at))
        elif each.direction == "out":
            lacking.append(gettext("%(document)s: no test was sent and accepted.") % {"document": name})
        else:
            lacking.append(gettext("%(document)s: no valid test was received.") % {"document": name})
    return evidence, lacking


def _unsigned(onboarding: Onboarding) -> _Found:
    return [], [gettext("Nobody has signed yet.")]


def _kept(onboarding: Onboarding, name: str) -> tuple[Evidence, ...]:
    if name == SIGN_OFF:
        assert onboarding.signed_at is not None
        subject = f"agreement:{onboarding.agreement_id}"
        return (Evidence(subject, onboarding.reason, onboarding.signed_at, onboarding.signed_by),)
    return tuple(
        Evidence(each["subject"], each["words"], datetime.fromisoformat(each["at"]), each["by"])
        for each in onboarding.evidence
        if each["step"] == name
    )
