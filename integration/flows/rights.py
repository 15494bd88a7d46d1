"""Who may do what: the permissions behind the verbs of staff, and how a verb refuses."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils.translation import gettext, gettext_lazy

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

# What is said to those who lack the right: what it allows, and whose role holds it.
_LACKING = {
    DECIDE: gettext_lazy("You may look at this, and not decide it: ask customer service or an operator."),
    RESUBMIT: gettext_lazy(
        "You may look at this, and not send it again: ask customer service or an operator."
    ),
    RESUBMIT_BULK: gettext_lazy("You may look at this, and not send many at once: ask an operator."),
    ERASE: gettext_lazy(
        "You may look at this, and not have a person forgotten: ask a records manager, a partner"
        " administrator or an operator."
    ),
    PAUSE: gettext_lazy("You may look at this, and not pause or resume it: ask an operator."),
    COPY_AGAIN: gettext_lazy("You may look at this, and not have it copied: ask an operator."),
    GO_LIVE: gettext_lazy(
        "You may look at this, and not let it go live or back to watch: ask a partner administrator or an operator."
    ),
    EDIT_DESTINATION: gettext_lazy(
        "You may look at this, and not change it or have events be sent: ask an operator."
    ),
    SET_RETENTION: gettext_lazy(
        "You may look at this, and not say how long documents are kept: ask a records manager."
    ),
    TAKE_HOLD: gettext_lazy("You may look at this, and not put documents on hold: ask a records manager."),
    RELEASE_HOLD: gettext_lazy("You may look at this, and not release a hold: ask a records manager."),
    PROPOSE_DISPOSAL: gettext_lazy(
        "You may look at this, and not propose what is destroyed: ask a records manager."
    ),
    APPROVE_DISPOSAL: gettext_lazy(
        "You may look at this, and not approve what is destroyed: ask a records manager."
    ),
}
_OTHERWISE = gettext_lazy(
    "You may look at this, and not change it: ask a partner administrator or an operator."
)


class Refused(Exception):
    """The verb is not allowed or makes no sense now; ``str()`` is the sentence for the person who asked."""


def lacking(permission: str) -> str:
    """Return the sentence for who lacks ``permission``: what they may not, and whom to ask."""
    return str(_LACKING.get(permission, _OTHERWISE))


def require_right(user: User, permission: str) -> None:
    """Refuse where the user lacks ``permission``."""
    if not user.has_perm(permission):
        raise Refused(lacking(permission))


def require(user: User, permission: str, reason: str) -> str:
    """Return the reason without blanks around it; refuse where the user lacks ``permission`` or gives none."""
    require_right(user, permission)
    if not reason.strip():
        raise Refused(gettext("Say why in a few words: the reason is kept with the decision."))
    return reason.strip()
