"""What staff decide about mail: the server, and mails that nobody knows the end of or that did not arrive."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_audit
from integration import channels
from integration.errors import IntegrationError
from integration.flows.cases import close_case
from integration.flows.mails import address_of, compose, mail_cause, send_step, tell, usable_address
from integration.flows.rights import DECIDE, EDIT_MAIL_SERVER, Refused, require, require_right
from integration.flows.steps import STEPS
from integration.flows.tried import Tried
from integration.models import ExceptionCase, MailServer, OutgoingMail, mail_channel
from integration.transports.smtp import connected, log_in
from integration.work import put, release_channel

State = OutgoingMail.State
Decision = ExceptionCase.Decision
_SUBJECT = "Gridport: test of the mail server"
_BODY = "This mail was sent by the button “Test” on the page of the mail server. Mail leaves.\n"
AGAIN = (State.UNKNOWN, State.BOUNCED, State.FAILED)
"""States out of which somebody may send a mail again."""


def send_mail_again(user: User, mail: OutgoingMail, reason: str) -> None:
    """Send a mail again that came back, failed, or may have arrived: whoever asks knows that it may arrive twice."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        moved = OutgoingMail.objects.filter(pk=mail.pk, state__in=AGAIN).update(
            state=State.WAITING, attempts=0, error="", waiting_since=database_now()
        )
        if not moved:
            raise Refused(
                gettext("This mail waits, is being sent, or has arrived: there is nothing to send again.")
            )
        record_audit(user, "send mail again", mail.name, reason=reason)
        tell(mail, "mail_again", f"Mail “{mail.subject}” is sent again: {reason}", user.get_username())
        _close(user, mail, Decision.RETRY, reason)
        put(STEPS["send_mail"].lane, send_step(mail))


def mail_arrived(user: User, mail: OutgoingMail, reason: str) -> None:
    """Take a mail as sent whose end nobody knew: somebody has found out that it arrived."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        moved = OutgoingMail.objects.filter(pk=mail.pk, state=State.UNKNOWN).update(
            state=State.SENT, sent_at=database_now(), error=""
        )
        if not moved:
            raise Refused(gettext("Only of a mail whose end is unknown can it be said that it arrived."))
        record_audit(user, "mail arrived", mail.name, reason=reason)
        tell(mail, "mail_sent", f"Mail “{mail.subject}” arrived: {reason}", user.get_username())
        _close(user, mail, Decision.SETTLED, reason)


def server_saved(server: MailServer) -> int:
    """Let all mail that waits go on with the settings just saved; return how many there are. In the caller's transaction."""
    release_channel(mail_channel(server.pk))
    if not server.is_active:
        return 0
    waiting = list(OutgoingMail.objects.filter(state=State.WAITING).order_by("pk"))
    for mail in waiting:
        put(STEPS["send_mail"].lane, send_step(mail))
    channels.probe_now(mail_channel(server.pk))
    return len(waiting)


def mail_to_oneself(user: User, server: MailServer) -> list[Tried]:
    """Test the server with a mail to whoever asks; return each thing that was tried."""
    require_right(user, EDIT_MAIL_SERVER)
    if not user.email:
        raise Refused(
            gettext("Your account has no e-mail address: an administrator can enter it under “Users”.")
        )
    tried = try_server(server, user.email)
    record_audit(user, "test mail server", "mailserver:1", detail={"went well": not tried[-1].problem})
    return tried


def try_server(server: MailServer, to: str) -> list[Tried]:
    """Connect, log in and send a mail to ``to``; return each thing that was tried, up to the first that failed."""
    tried: list[Tried] = []
    words = gettext("Send a mail to %(to)s") % {"to": to} if to else gettext("Send a mail to you")
    try:
        recipient, address = usable_address(to), address_of(server)
        words = gettext("Connect to %(server)s, encryption: %(security)s") % {
            "server": address,
            "security": server.get_security_display(),
        }
        with connected(address) as line:
            tried.append(Tried(words))
            words = (
                gettext("Log in as %(user)s") % {"user": server.username}
                if server.username
                else gettext("Go on without a login, as set")
            )
            session = log_in(line, address)
            tried.append(Tried(words))
            words = gettext("Agree with the server on a mail from %(sender)s to %(recipient)s") % {
                "sender": address.sender,
                "recipient": recipient,
            }
            session.agree([recipient])
            tried.append(Tried(words))
            words = gettext("Hand the mail over")
            message_id = f"<test.{uuid4().hex}@{address.sender.rpartition('@')[2]}>"
            answer = session.give(compose(server, [recipient], _SUBJECT, _BODY, message_id, database_now()))
            said = gettext("%(done)s; the server says: %(answer)s") % {"done": words, "answer": answer}
            tried.append(Tried(said))
    except IntegrationError as error:
        tried.append(Tried(words, str(error)))
    return tried


def _close(user: User, mail: OutgoingMail, decision: str, reason: str) -> None:
    for case in ExceptionCase.objects.filter(cause=mail_cause(mail), closed_at=None):
        close_case(case, decision, reason, actor=user.get_username())
