"""The test of a connection as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from integration.flows.tried import Tried
from portal.admin.show import BAD, GOOD, badge


def tried_context(tried: Sequence[Tried]) -> dict[str, Any]:
    """Return what ``portal/parts/tried.html`` needs: each thing that was tried, and whether all of it went well."""
    return {
        "tried": [
            {
                "words": each.words,
                "problem": each.problem,
                "badge": badge(_("Failed"), BAD) if each.problem else badge(_("Done"), GOOD),
            }
            for each in tried
        ],
        "went_well": not tried[-1].problem,
    }
