"""Mails that let a member of staff set a password: sent at once, kept nowhere.

The link is as good as a password. So it is made when the mail is handed over, stands in no row, and the outbox, which
staff may read, knows nothing of it. Such a mail may come twice; each link works until a password was set.
"""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_audit
from integration.errors import PermanentError, RetryableError
from integration.flows.mails import NoAddress, address_of, compose, usable_address
from integration.flows.rights import Refused
from integration.models import MailServer, mail_channel
from integration.transports.smtp import MailDeferred, MailRefused, session
from integration.work import Claim, Step, put

INVITATION, RESET = "invitation", "reset"
LANE = "mail"
STEP = "send_account_mail"

_TOLD = {
    INVITATION: (
        "You are invited to Gridport",
        "{by}You have an account at Gridport, under the name {name}.\n\nSet your password here:\n\n{link}\n\nThe link works"
        " once, for {days} days. After that, ask for another.\n",
    ),
    RESET: (
        "Set a new password for Gridport",
        "{by}Somebody, hopefully you, asked for a new password of the account {name}.\n\nSet it here:\n\n{link}\n\nThe link"
        " works once, for {days} days. If you did not ask, do nothing: your password stays as it is.\n",
    ),
}


def why_no_mail(user: User) -> str:
    """Return why ``user`` cannot be mailed a link, or ``""``."""
    if not user.is_active:
        return gettext("%(user)s is switched off: switch “active” on first.") % {"user": user}
    if not settings.PUBLIC_URL:
        return gettext(
            "The portal does not know its own address: set PUBLIC_URL, so that the link leads here."
        )
    if not MailServer.objects.filter(is_active=True).exists():
        return gettext("No mail server is switched on: set one under Setup, Mail server.")
    try:
        usable_address(user.email)
    except NoAddress:
        return gettext("%(user)s has no e-mail address that mail can be sent to: enter it first.") % {
            "user": user
        }
    return ""


def invite(user: User, invited: User) -> None:
    """Have ``invited`` be mailed a link that sets the first password, or a new one. Raises ``Refused``."""
    if not user.is_superuser:
        raise Refused(gettext("You may not invite people: ask an administrator."))
    if problem := why_no_mail(invited):
        raise Refused(problem)
    with transaction.atomic():
        record_audit(user, "invite user", f"user:{invited.pk}")
        put(LANE, _step(INVITATION, invited))


def ask_for_reset(address: str) -> None:
    """Mail a link to everybody of this address who has a password; nobody is told whether there is anybody."""
    for user in User.objects.filter(email__iexact=address, is_active=True, is_staff=True).order_by("pk"):
        if user.has_usable_password() and not why_no_mail(user):
            put(LANE, _step(RESET, user))


def send_account_mail(subject: str, claim: Claim) -> list[Step]:
    """Make the link of ``subject`` (``reset:7``) and mail it; where it cannot be mailed any more, do nothing."""
    kind, _, pk = subject.partition(":")
    user = User.objects.get(pk=pk)
    server = MailServer.objects.first()
    if server is None or why_no_mail(user):
        return []
    title, words = _TOLD[kind]
    body = words.format(
        by=f"{user.get_full_name()},\n\n" if user.get_full_name() else "",
        name=user.get_username(),
        link=link_for(user),
        days=settings.PASSWORD_RESET_TIMEOUT // 86_400,
    )
    address = usable_address(user.email)
    domain = server.from_address.rpartition("@")[2] or "gridport.invalid"
    message = compose(server, [address], title, body, f"<{uuid4().hex}@{domain}>", database_now())
    try:
        with session(address_of(server)) as line:
            line.agree([address])
            line.give(message)
    # What servers say names the address, and what cases say is kept for good.
    except MailRefused as error:
        raise PermanentError(f"The mail server refused the mail to {user.get_username()}.") from error
    except MailDeferred as error:
        raise RetryableError(
            f"The mail server does not take the mail to {user.get_username()} now."
        ) from error
    return []


def link_for(user: User) -> str:
    """Return the address under which ``user`` sets a password, once."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("set_password", args=[uid, default_token_generator.make_token(user)])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def _step(kind: str, user: User) -> Step:
    return Step(STEP, f"{kind}:{user.pk}", f"user:{user.pk}", talks_to=mail_channel(MailServer.ONLY))
