"""The stored bytes of an interchange onto the mailbox, under their one name, however often it takes."""

from __future__ import annotations

from archive import store
from archive.exchange import record_attempt, record_outcome
from archive.models import Interchange, Transmission, TransmissionOutcome
from archive.projections import project
from archive.record import record_event
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.expectations import expect_answers
from integration.flows.mailboxes import transport_for
from integration.models import OrderDocument, mailbox_channel
from integration.patience import SETTLES
from integration.work import Claim, Step
from partners.models import Mailbox, Mode

Result = TransmissionOutcome.Result


def transmit_step(interchange: Interchange) -> Step:
    """Return the step that sends ``interchange``, in the order of what it is about."""
    link = OrderDocument.objects.filter(document__interchange=interchange).select_related("order").first()
    key = link.order.ordering_key if link else f"interchange:{interchange.pk}"
    return Step("transmit", str(interchange.pk), key, talks_to=mailbox_channel(interchange.mailbox_id))


def transmit(subject: str, claim: Claim) -> list[Step]:
    """Send the interchange unless it is delivered; an attempt whose end nobody knows is looked for first.

    A mailbox that takes files at once, as one with the upload mode *final name* may, shows none that arrived: then the
    same bytes go again, under the same name and numbers, by which their receiver knows them. The timeline says so.

    On a mailbox in watch nothing is sent: the document waits, and going live asks for this step again.
    """
    interchange = Interchange.objects.select_related("mailbox", "payload").get(pk=subject)
    attempts = list(interchange.attempts.order_by("pk").prefetch_related("outcomes"))
    if any(outcome.result == Result.DELIVERED for attempt in attempts for outcome in attempt.outcomes.all()):
        return []
    if interchange.mailbox.mode != Mode.LIVE:
        return []  # asked for again when the mailbox goes live
    name, data = _stored(interchange)
    with transport_for(interchange.mailbox) as transport:
        if attempts:
            found = transport.find(name)
            if found is not None and found.size == len(data):
                _delivered(interchange, attempts[-1].pk, claim, "It was found on the mailbox, whole.")
                return []
        with claim.transaction():
            if attempts and _end_unknown(attempts[-1]):
                _tell_sent_again(interchange)
            attempt = record_attempt(interchange)
            _project_documents(interchange)
        failpoint("transmit.attempt_committed")
        try:
            transport.send(name, data)
        except IntegrationError as error:
            _failed(interchange, attempt.pk, claim, error)
            raise
        failpoint("transmit.sent")
    _delivered(interchange, attempt.pk, claim, "")
    return []


def _stored(interchange: Interchange) -> tuple[str, bytes]:
    """Return the file's name and bytes, as they were before the first attempt and stay for every later one."""
    return interchange.name, store.open(interchange.payload, purpose="send")


def _end_unknown(attempt: Transmission) -> bool:
    """Say whether bytes may have arrived: the answer was lost, or the worker died before it."""
    results = [outcome.result for outcome in attempt.outcomes.all()]
    return not results or Result.UNKNOWN in results


def _tell_sent_again(interchange: Interchange) -> None:
    taken = (
        " It may have been taken at once, as such mailboxes do: the partner then sees the same number twice."
        if interchange.mailbox.upload_mode == Mailbox.UploadMode.DIRECT
        else ""
    )
    for document in interchange.documents.all():
        record_event(
            f"document:{document.pk}",
            "sent_again",
            f"{interchange.name} was not found whole on {interchange.mailbox} after an attempt whose end nobody knows: the"
            f" same bytes are sent again under the same name.{taken}",
            document=document,
        )


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
            expect_answers(document)


def _failed(interchange: Interchange, attempt_pk: int, claim: Claim, error: IntegrationError) -> None:
    result = Result.FAILED
    if isinstance(error, RetryableError) and error.ambiguous:
        result = Result.UNKNOWN
        error.wait_at_least(SETTLES)
    with claim.transaction():
        record_outcome(interchange.attempts.get(pk=attempt_pk), result, str(error))
        _project_documents(interchange)
        if isinstance(error, PermanentError):
            for document in interchange.documents.all():
                record_event(f"document:{document.pk}", "failed", str(error), document=document)


def _project_documents(interchange: Interchange) -> None:
    for document in interchange.documents.all():
        project(document)
