"""That the archive is sealed, and its seals published, in time: whatever keeps either from it, one case while it lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.clock import database_now
from archive.models import SealLeaf, SealPublication
from archive.sealing import oldest_unsealed
from integration.flows.cases import close_cause, open_case
from integration.models import ExceptionCase

SEALED_WITHIN = timedelta(hours=1)
"""It takes minutes; an archive of before there were seals takes longer, and is told of."""

PUBLISHED_WITHIN = timedelta(hours=36)
"""A day is closed and published soon after its midnight."""

UNSEALED, UNPUBLISHED = "seals:late", "seals:unpublished"


def tell_of_late_seals() -> None:
    """Open the case that records wait to be sealed, and that no root was published for long, or close them."""
    now = database_now()
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


def _last_published() -> datetime | None:
    """Return when a root was published last; before there was any, when the first record was sealed; None: none was."""
    last = SealPublication.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    if last is not None:
        return last
    return SealLeaf.objects.order_by("tree", "place").values_list("recorded_at", flat=True).first()


def _words(moment: datetime) -> str:
    return f"{moment:%-d %B %Y %H:%M %Z}"
