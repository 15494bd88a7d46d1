"""Seal what was archived, close the day that is over, and publish its root where nobody here can take it back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from archive import sealing
from archive.clock import database_now
from archive.models import SealPublication, SealRoot
from archive.publishing import Contradicted, line_of, note, publish_to_file, publish_to_place
from archive.storages import Place, StorageAway, StorageRefuses, bucket_of_roots
from archive.verify import write_line
from integration.errors import ConfigurationError, RetryableError
from integration.flows.cases import close_cause, open_case
from integration.flows.mails import NoAddress, put_mail
from integration.models import ExceptionCase
from integration.work import Claim, Step

EVERY = timedelta(minutes=4)
"""With a turn's own time: what is archived is sealed within five minutes."""

WITHIN = timedelta(minutes=3)
"""One turn stops then, and the next goes on at once: an archive of before there were seals takes many."""

PUBLISHED, IN_BUCKET = "seals:published", "seals:bucket"
MOST_IN_A_MAIL = 400
_STEP = "seal_archive"


def seal_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that seals."""
    return Step(_STEP, "all", _STEP, delay)


def seal_archive(subject: str, claim: Claim) -> list[Step]:
    """Seal what is not yet sealed; where a day is over, close it; publish every root that is not published yet."""
    if not sealing.seal(claim, within=WITHIN).is_complete:
        return [seal_step()]
    try:
        sealing.close(claim, within=WITHIN)
    except ImproperlyConfigured as error:
        raise ConfigurationError(f"The archive's day cannot be closed. {error}") from error
    return [*publish(claim), seal_step(EVERY)]


def publish(claim: Claim) -> list[Step]:
    """Publish the roots that are not published yet; return the steps that mail them."""
    path = Path(settings.PUBLISHED_ROOTS)
    try:
        with claim.transaction():
            publish_to_file(path)
            close_cause(PUBLISHED, "The published roots agree with the archive again.")
    except Contradicted as contradiction:
        with claim.transaction():
            open_case(ExceptionCase.Kind.ARCHIVE, PUBLISHED, str(contradiction))
        return []
    except OSError as error:
        raise RetryableError(
            f"The file of published roots {path} cannot be written ({error.strerror}). See that there is room, and that the"
            " worker may write there."
        ) from error
    bucket = bucket_of_roots()
    if bucket is not None:
        _publish_to_bucket(bucket, claim)
    with claim.transaction():
        return _mail_to_auditor()


def _publish_to_bucket(bucket: Place, claim: Claim) -> None:
    """Publish in the archive's bucket; while it is away, which whoever copies there tells of, roots wait."""
    try:
        published = publish_to_place(bucket, database_now())
    except StorageAway:
        return
    except (Contradicted, StorageRefuses) as trouble:
        with claim.transaction():
            sentence = f"{trouble} Until then no seal is published there."
            open_case(ExceptionCase.Kind.ARCHIVE, IN_BUCKET, sentence)
        return
    with claim.transaction():
        note(bucket, published)
        close_cause(IN_BUCKET, "Seals stand in the bucket again, and agree with the archive.")


def _mail_to_auditor() -> list[Step]:
    """Write the mail that brings the auditor the roots of which he has none yet, the last ones where they are many."""
    if not settings.SEAL_AUDITOR:
        return []
    place = SealPublication.Place.MAIL
    unsent = SealRoot.objects.exclude(publications__place=place).order_by("-tree")[:MOST_IN_A_MAIL]
    roots = sorted(unsent, key=lambda root: root.tree)
    if not roots:
        return []
    marker = f"seals:{roots[-1].name}"
    try:
        _, steps = put_mail(
            marker, [settings.SEAL_AUDITOR], f"Archive sealed: {roots[-1].name}", _text(roots)
        )
    except NoAddress as error:
        raise ConfigurationError(
            f"SEAL_AUDITOR is not an address that mail can be sent to: {error}"
        ) from error
    SealPublication.objects.bulk_create(
        SealPublication(root=root, place=place, reference=marker) for root in roots
    )
    return steps


def _text(roots: list[SealRoot]) -> str:
    lines = "\n".join(write_line(line_of(root)) for root in roots)
    return (
        "These lines seal what Gridport's archive held at the end of each day. Keep this mail: with it, nobody who runs"
        " the archive can change what it held without your noticing.\n\n"
        "Add the lines to a file of your own. With it, an evidence pack is checked by:\n"
        "    python3 verify.py PACK --roots FILE\n\n"
        f"{lines}\n"
    )
