"""Who may do what: the permissions behind the verbs of staff, and how a verb refuses."""

from __future__ import annotations

from django.contrib.auth.models import User

DECIDE = "integration.decide"
GO_LIVE = "partners.go_live"
PAUSE = "integration.pause"


class Refused(Exception):
    """The verb is not allowed or makes no sense now; ``str()`` is the sentence for the person who asked."""


def require(user: User, permission: str, reason: str) -> str:
    """Return the reason without blanks around it; refuse where the user lacks ``permission`` or gives none."""
    if not user.has_perm(permission):
        raise Refused("You may look at this, and not decide it. Ask somebody in the group “decide”.")
    if not reason.strip():
        raise Refused("Say why in a few words: the reason is kept with the decision.")
    return reason.strip()
