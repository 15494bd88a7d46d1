"""The outbox of mail: written with what it tells of, sent once, and never again unseen.

A mail's row and its Message-ID are committed before the server hears of it. ``OutgoingMail`` shows the states.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import BigIntegerField
from django.db.models.functions import Cast

from archive.clock import database_now
from archive.house import house_language
from archive.record import record_event
from integration.errors import PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.cases import open_case
from integration.flows.nameless import nameless
from integration.models import ExceptionCase, MailServer, Order, OutgoingMail, Work, mail_channel
from integration.transports.smtp import Address, MailDeferred, MailRefused, session
from integration.work import Claim, Step
from partners.models import TradingPartner

State = OutgoingMail.State
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
"""Between tries of a mail that the server does not take now: doubled each time."""

GIVEN_UP_AFTER = timedelta(days=2)
LONGEST_SUBJECT = 200
_ADDRESS = re.compile(r"<?[^\s<>:;,()]+@[^\s<>:;,()]+>?")
MOST_FORGOTTEN = 500


class NoAddress(PermanentError):
    """Nobody can be mailed at the address given."""


def put_mail(
    marker: str,
    to: Sequence[str],
    subject: str,
    body: str,
    *,
    partner: TradingPartner | None = None,
    order: Order | None = None,
    case: ExceptionCase | None = None,
) -> tuple[OutgoingMail, list[Step]]:
    """Write a mail in the caller's transaction; return it and the step that sends it.

    The same ``marker`` is one mail for ever: what was written first stays. Raises ``NoAddress``, with nothing written,
    where an address could not be used. A line break in the subject becomes a blank.
    """
    addresses = [usable_address(each) for each in dict.fromkeys(to)]
    if not addresses:
        raise NoAddress("There is no address to send this mail to.")
    mail, _ = OutgoingMail.objects.get_or_create(
        marker=marker,
        defaults={
            "to": addresses,
            "subject": _one_line(subject)[:LONGEST_SUBJECT],
            "body": body.replace("\x00", ""),
            "message_id": f"<{uuid4().hex}@{_domain()}>",
            "partner": partner,
            "order": order,
            "case": case,
        },
    )
    return mail, [send_step(mail)] if mail.state == State.WAITING else []


def send_step(mail: OutgoingMail, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that sends ``mail``."""
    return Step("send_mail", str(mail.pk), mail.name, delay, mail_channel(MailServer.ONLY))


def steps_of_forgotten() -> list[Step]:
    """Return a step for each mail that waits and that no work is about: whoever wrote it died before handing it over.

    While no server is switched on nothing is asked for: switching it on does.
    """
    if not MailServer.objects.filter(is_active=True).exists():
        return []
    asked = Work.objects.filter(step="send_mail").annotate(mail=Cast("subject", BigIntegerField()))
    forgotten = OutgoingMail.objects.filter(state__in=[State.WAITING, State.SENDING]).exclude(
        pk__in=asked.values("mail")
    )
    return [send_step(mail) for mail in forgotten.order_by("pk")[:MOST_FORGOTTEN]]


def usable_address(text: str) -> str:
    """Return an address as it goes over the line, its domain in ASCII. Raises ``NoAddress``."""
    address = text.strip()
    local, _, domain = address.rpartition("@")
    try:
        validate_email(address)
        address = f"{local}@{domain.encode('idna').decode()}"
    except (ValidationError, UnicodeError) as error:
        raise NoAddress(
            "This is no address that mail can be sent to: correct it where it was entered."
        ) from error
    if not address.isascii() or not address.isprintable() or " " in address:
        raise NoAddress("This is no address that mail can be sent to: correct it where it was entered.")
    return address


def send_mail(subject: str, claim: Claim) -> list[Step]:
    """Send a waiting mail; one whose sending was begun and not ended is left to a person.

    While no server is set, or it is switched off, the mail waits; saving the server asks for this step again.
    """
    mail = OutgoingMail.objects.get(pk=subject)
    if mail.state == State.SENDING:
        _unknown(
            mail, claim, "The worker ended while the mail was handed over: the server may have taken it."
        )
        return []
    server = MailServer.objects.first()
    if mail.state != State.WAITING or server is None or not server.is_active:
        return []
    try:
        with session(address_of(server)) as line:
            line.agree(mail.to)
            failpoint("mail.agreed")
            if not _begin(mail, claim):
                return []
            failpoint("mail.sending")
            line.give(as_bytes(mail, server))
            failpoint("mail.given")
            _sent(mail, claim)
    except MailRefused as error:
        _settle(mail, claim, State.BOUNCED, str(error))
    except MailDeferred as error:
        return _defer(mail, claim, str(error))
    except RetryableError as error:
        if not error.ambiguous:
            raise
        _unknown(mail, claim, str(error))
    return []


def address_of(server: MailServer) -> Address:
    """Return where mail leaves."""
    return Address(
        server.host,
        server.port,
        server.security,
        server.username,
        server.password,
        usable_address(server.from_address),
    )


def as_bytes(mail: OutgoingMail, server: MailServer) -> bytes:
    """Return the mail as it goes out: plain text in UTF-8, the same for every try."""
    return compose(server, mail.to, mail.subject, mail.body, mail.message_id, mail.created_at)


def compose(
    server: MailServer, to: Sequence[str], subject: str, body: str, message_id: str, written_at: datetime
) -> bytes:
    """Return one mail as bytes; no value can begin a header of its own."""
    message = EmailMessage(policy=SMTP)
    message["From"] = server.from_address
    message["To"] = ", ".join(to)
    if server.reply_to:
        message["Reply-To"] = server.reply_to
    message["Subject"] = _one_line(subject)
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def mail_cause(mail: OutgoingMail) -> str:
    """Return the cause of the case about a mail."""
    return mail.name


def _begin(mail: OutgoingMail, claim: Claim) -> bool:
    with claim.transaction():
        begun = OutgoingMail.objects.filter(pk=mail.pk, state=State.WAITING).update(
            state=State.SENDING, attempts=mail.attempts + 1, error=""
        )
    return bool(begun)


def _sent(mail: OutgoingMail, claim: Claim) -> None:
    with claim.transaction():
        done = OutgoingMail.objects.filter(pk=mail.pk, state=State.SENDING).update(
            state=State.SENT, sent_at=database_now()
        )
        if done:
            tell(mail, "mail_sent", f"Mail sent: {mail.subject}.")


def _defer(mail: OutgoingMail, claim: Claim, words: str) -> list[Step]:
    """Have the mail be tried again, later each time; refused for too long it fails."""
    mail.refresh_from_db()
    attempts = mail.attempts + (mail.state == State.WAITING)
    if database_now() - mail.waiting_since >= GIVEN_UP_AFTER:
        days = GIVEN_UP_AFTER.days
        _settle(mail, claim, State.FAILED, f"Nobody took it for {days} days. {words}")
        return []
    with claim.transaction():
        OutgoingMail.objects.filter(pk=mail.pk, state__in=[State.WAITING, State.SENDING]).update(
            state=State.WAITING, attempts=attempts, error=words
        )
    return [send_step(mail, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 10)))]


def _unknown(mail: OutgoingMail, claim: Claim, words: str) -> None:
    _settle(mail, claim, State.UNKNOWN, words)


_TOLD = {
    State.UNKNOWN: "The mail “{subject}” may have been sent. {words} Nothing is mailed twice unseen: on its page, say that it"
    " arrived, or send it again.",
    State.BOUNCED: "The mail “{subject}” was not delivered. {words} Correct the address, or send it again from its page.",
    State.FAILED: "The mail “{subject}” was not sent. {words} Look at the mail server, and send it again from its page.",
}


def _settle(mail: OutgoingMail, claim: Claim, state: str, words: str) -> None:
    with claim.transaction():
        moved = OutgoingMail.objects.filter(pk=mail.pk, state__in=[State.WAITING, State.SENDING])
        if moved.update(state=state, error=words):
            tell_trouble(mail, state, words)


def tell_trouble(mail: OutgoingMail, state: str, words: str) -> None:
    """Open the case of a mail that needs a person, in the caller's transaction.

    What cases say is kept for good: addresses are left out, and stand on the mail's page.
    """
    told = _full_stop(_ADDRESS.sub("an address", words))
    sentence = _TOLD[State(state)].format(subject=mail.subject, words=told)
    with house_language():
        became = State(state).label.lower()
    tell(mail, f"mail_{state}", f"Mail “{mail.subject}”: {became}.")
    open_case(ExceptionCase.Kind.MAIL, mail_cause(mail), sentence, partner=mail.partner, order=mail.order)


def tell(mail: OutgoingMail, kind: str, sentence: str, actor: str = "") -> None:
    """Write what became of a mail on its own timeline and that of its order; names and addresses stay out of both."""
    sentence = nameless(sentence, mail.order)
    record_event(mail.name, kind, sentence, actor=actor)
    if mail.order is not None:
        record_event(mail.order.subject, kind, sentence, actor=actor)


def _full_stop(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def _domain() -> str:
    sender = MailServer.objects.values_list("from_address", flat=True).first() or ""
    domain = sender.rpartition("@")[2]
    return domain if domain.isascii() and domain else "gridport.invalid"
