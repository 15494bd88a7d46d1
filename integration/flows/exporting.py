"""Large exports of the API: the step that writes the next part of one, and the clock that removes old ones.

What is read, and for whom, the API knows, which stands above the flows. So the setting ``EXPORTS`` names by a dotted path who does
it, as Django's settings name back ends: the table of steps stays whole and written down in one place, and no flow imports a
page. (A step that the API put into the table as it is loaded would be there in some processes and missing in others.)
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from integration.work import Claim, Step


class Exports(Protocol):
    """Who writes exports and removes them."""

    def write(self, subject: str, claim: Claim) -> list[Step]:
        """Write the next part of the export of that primary key."""

    def remove_old(self, now: datetime) -> None:
        """Remove what was kept long enough at ``now``, in the caller's transaction."""


def write_export(subject: str, claim: Claim) -> list[Step]:
    """Write the next part of an export; return the step that writes the one behind it, none where it was the last."""
    return _exports().write(subject, claim)


def remove_old_exports(now: datetime) -> None:
    """Remove files of exports that were kept long enough, in the caller's transaction."""
    _exports().remove_old(now)


def _exports() -> Exports:
    return cast(Exports, import_string(settings.EXPORTS))
