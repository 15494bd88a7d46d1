"""The stored bytes of an interchange onto the mailbox, under their one name, however often it takes."""

from __future__ import annotations

from archive import store
from archive.exchange import record_attempt, record_outcome
from archive.models import Interchange, TransmissionOutcome
from archive.projections import project
from archive.record import record_event
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.mailboxes import transport_for
from integration.work import Claim, Step
from partners.models import Mode

Result = TransmissionOutcome.Result


def transmit(subject: str, claim: Claim) -> list[Step]:
    """Send the interchange unless it is delivered; an attempt whose end nobody knows is looked for first."""
    interchange = Interchange.objects.select_related("mailbox", "payload").get(pk=subject)
    attempts = list(interchange.attempts.order_by("pk").prefetch_related("outcomes"))
    if any(outcome.result == Result.DELIVERED for attempt in attempts for outcome in attempt.outcomes.all()):
        return []
    if interchange.mailbox.mode != Mode.LIVE:
        raise RetryableError(
            f"Mailbox {interchange.mailbox} is in watch: {interchange.name} waits until it is live."
        )
    data = store.open(interchange.payload, purpose="send")
    with transport_for(interchange.mailbox) as transport:
        if attempts:
            found = transport.find(interchange.name)
            if found is not None and found.size == len(data):
                _delivered(interchange, attempts[-1].pk, claim, "It was found on the mailbox, whole.")
                return []
        with claim.transaction():
            attempt = record_attempt(interchange)
            _project_documents(interchange)
        failpoint("transmit.attempt_committed")
        try:
            transport.send(interchange.name, data)
        except IntegrationError as error:
            _failed(interchange, attempt.pk, claim, error)
            raise
        failpoint("transmit.sent")
    _delivered(interchange, attempt.pk, claim, "")
    failpoint("transmit.outcome_committed")
    return []


def _delivered(interchange: Interchange, attempt_pk: int, claim: Claim, detail: str) -> None:
    with claim.transaction():
        attempt = interchange.attempts.get(pk=attempt_pk)
        record_outcome(attempt, Result.DELIVERED, detail)
        _project_documents(interchange)
        for document in interchange.documents.all():
            record_event(
                f"document:{document.pk}",
                "delivered",
                f"Delivered to {interchange.mailbox} as {interchange.name}.",
                document=document,
            )


def _failed(interchange: Interchange, attempt_pk: int, claim: Claim, error: IntegrationError) -> None:
    ambiguous = isinstance(error, RetryableError) and error.ambiguous
    result = Result.UNKNOWN if ambiguous else Result.FAILED
    with claim.transaction():
        record_outcome(interchange.attempts.get(pk=attempt_pk), result, str(error))
        _project_documents(interchange)
        if isinstance(error, PermanentError):
            for document in interchange.documents.all():
                record_event(f"document:{document.pk}", "failed", str(error), document=document)


def _project_documents(interchange: Interchange) -> None:
    for document in interchange.documents.all():
        project(document)
