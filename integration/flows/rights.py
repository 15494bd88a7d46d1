"""Who may do what: the permissions behind the verbs of staff, and how a verb refuses."""

from __future__ import annotations

from django.contrib.auth.models import User

DECIDE = "integration.decide"
RESUBMIT = "integration.resubmit"
RESUBMIT_BULK = "integration.resubmit_bulk"
PAUSE = "integration.pause"
ERASE = "integration.erase"
GO_LIVE = "partners.go_live"
COPY_AGAIN = "archive.copy_again"
SET_RETENTION = "archive.set_retention"
TAKE_HOLD = "archive.take_hold"
RELEASE_HOLD = "archive.release_hold"
PROPOSE_DISPOSAL = "archive.propose_disposal"
APPROVE_DISPOSAL = "archive.approve_disposal"
EDIT_STORE = "integration.change_store"
EDIT_AGREEMENT = "partners.change_agreement"
EDIT_MAILBOX = "partners.change_mailbox"
ADD_PARTNER = "partners.add_tradingpartner"
EDIT_MAIL_SERVER = "integration.change_mailserver"
EDIT_NOTICE_RULE = "integration.change_noticerule"
EDIT_WEBHOOK = "integration.change_noticewebhook"
EDIT_DESTINATION = "integration.change_eventdestination"

# What the right allows, and whose role holds it: what is said to those who lack it.
_ASK = {
    DECIDE: ("decide it", "customer service or an operator"),
    RESUBMIT: ("send it again", "customer service or an operator"),
    RESUBMIT_BULK: ("send many at once", "an operator"),
    ERASE: ("have a person forgotten", "a records manager, a partner administrator or an operator"),
    PAUSE: ("pause or resume it", "an operator"),
    COPY_AGAIN: ("have it copied", "an operator"),
    GO_LIVE: ("let it go live or back to watch", "a partner administrator or an operator"),
    EDIT_DESTINATION: ("change it or have events be sent", "an operator"),
    SET_RETENTION: ("say how long documents are kept", "a records manager"),
    TAKE_HOLD: ("put documents on hold", "a records manager"),
    RELEASE_HOLD: ("release a hold", "a records manager"),
    PROPOSE_DISPOSAL: ("propose what is destroyed", "a records manager"),
    APPROVE_DISPOSAL: ("approve what is destroyed", "a records manager"),
}
_OTHERWISE = ("change it", "a partner administrator or an operator")


class Refused(Exception):
    """The verb is not allowed or makes no sense now; ``str()`` is the sentence for the person who asked."""


def lacking(permission: str) -> str:
    """Return the sentence for who lacks ``permission``: what they may not, and whom to ask."""
    what, whom = _ASK.get(permission, _OTHERWISE)
    return f"You may look at this, and not {what}: ask {whom}."


def require_right(user: User, permission: str) -> None:
    """Refuse where the user lacks ``permission``."""
    if not user.has_perm(permission):
        raise Refused(lacking(permission))


def require(user: User, permission: str, reason: str) -> str:
    """Return the reason without blanks around it; refuse where the user lacks ``permission`` or gives none."""
    require_right(user, permission)
    if not reason.strip():
        raise Refused("Say why in a few words: the reason is kept with the decision.")
    return reason.strip()
