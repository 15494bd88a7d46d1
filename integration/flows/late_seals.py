"""That the archive is sealed, and its seals published, in time, and signed: whatever keeps them from it, one case while it lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.clock import database_now
from archive.models import SealLeaf, SealPublication, SealRoot
from archive.sealing import oldest_unsealed
from integration.flows.cases import close_cause, open_case
from integration.models import ExceptionCase

SEALED_WITHIN = timedelta(hours=1)
"""It takes minutes; an archive of before there were seals takes longer, and is told of."""

PUBLISHED_WITHIN = timedelta(hours=36)
"""A day is closed and published soon after its midnight."""

UNSEALED, UNPUBLISHED, UNSIGNED = "seals:late", "seals:unpublished", "seals:unsigned"


def tell_of_late_seals() -> None:
    """Open the cases that records wait to be sealed, that no root was published for long, and that the last is not signed, or
    close them."""
    now = database_now()
    _tell_of_unsigned()
    unsealed = oldest_unsealed()
    if unsealed is not None and now - unsealed > SEALED_WITHIN:
        open_case(
            ExceptionCase.Kind.ARCHIVE,
            UNSEALED,
            f"What was archived since {_words(unsealed)} is not sealed yet: until it is, a change of it would not be noticed. See"
            " under Background work what keeps the step “seal archive”.",
        )
    else:
        close_cause(UNSEALED, "Everything is sealed again.")
    published = _last_published()
    if published is not None and now - published > PUBLISHED_WITHIN:
        open_case(
            ExceptionCase.Kind.ARCHIVE,
            UNPUBLISHED,
            f"No root of the archive's seals was published since {_words(published)}: nobody outside could tell a change of what was"
            " archived since. See that the file PUBLISHED_ROOTS can be written, and what keeps the step “seal archive”.",
        )
    else:
        close_cause(UNPUBLISHED, "Roots are published again.")


def _tell_of_unsigned() -> None:
    """Told of from what was closed: the key itself is the worker's alone, and no check of other processes may look for it."""
    last = SealRoot.objects.order_by("-tree").first()
    if last is not None and not last.signature:
        open_case(
            ExceptionCase.Kind.ARCHIVE,
            UNSIGNED,
            f"The {last} is not signed, for the worker has no key: who can write to the database and to the published roots"
            " could put another history there. Set SEAL_SIGNING_KEY for the worker alone, and restart it: the next day is"
            " signed then.",
        )
    elif last is not None:
        close_cause(UNSIGNED, "Seals are signed again.")


def _last_published() -> datetime | None:
    """Return when a root was published last; before there was any, when the first record was sealed; None: none was."""
    last = SealPublication.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    if last is not None:
        return last
    return SealLeaf.objects.order_by("tree", "place").values_list("recorded_at", flat=True).first()


def _words(moment: datetime) -> str:
    return f"{moment:%-d %B %Y %H:%M %Z}"
