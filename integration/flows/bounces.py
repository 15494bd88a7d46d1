"""Mails of ours that came back: found in a Maildir, tied to the mail by its Message-ID, and told of."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from integration.errors import ConfigurationError
from integration.flows.mails import tell, tell_trouble
from integration.models import MailServer, OutgoingMail
from integration.transports.bounces import Report, read_report
from integration.work import Claim, Step

State = OutgoingMail.State
EVERY = timedelta(minutes=2)
MOST = 100
_LONGEST = 1_000_000


def fetch_bounces(subject: str, claim: Claim) -> list[Step]:
    """Read what is new in the folder of returned mail; what was read is moved among the seen, and nothing is removed.

    A mail is moved after what it says was committed: read twice it changes nothing twice. What is no report of a mail of
    ours is left for people, among the mails that nobody has opened.
    """
    server = MailServer.objects.first()
    if server is None or not server.bounce_folder:
        return []
    names = _new(server)
    for path in names[:MOST]:
        with path.open("rb") as file:
            report = read_report(file.read(_LONGEST))
        is_ours = False
        if report is not None:
            with claim.transaction():
                is_ours = take_report(report)
        path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,{'S' if is_ours else ''}")
    return [bounce_step(timedelta(0) if len(names) > MOST else EVERY)]


def bounce_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks for mails that came back."""
    return Step("fetch_bounces", "1", "bounces", delay)


def take_report(report: Report) -> bool:
    """Mark the mail that a report speaks of as come back, in the caller's transaction; return whether it is ours.

    A report that only says that delivery takes longer is noted on the mail.
    """
    mail = (
        OutgoingMail.objects.select_for_update(of=("self",)).filter(message_id__in=report.message_ids).first()
    )
    if mail is None:
        return False
    if not report.failures:
        tell(mail, "mail_late", f"Mail “{mail.subject}”: its delivery takes longer, says a mail server.")
        return True
    words = "; ".join(str(each) for each in report.failures)
    reached = OutgoingMail.objects.filter(pk=mail.pk, state__in=[State.SENT, State.UNKNOWN, State.SENDING])
    if reached.update(state=State.BOUNCED, error=words):
        tell_trouble(mail, State.BOUNCED, f"It came back: {words}")
    return True


def _new(server: MailServer) -> list[Path]:
    folder = Path(server.bounce_folder)
    if not all((folder / each).is_dir() and os.access(folder / each, os.W_OK) for each in ("new", "cur")):
        raise ConfigurationError(
            f"The folder of returned mail {folder} is no Maildir that Gridport may write to (it has “new” and “cur”)."
            " Correct it on the page of the mail server."
        )
    return sorted(path for path in (folder / "new").iterdir() if path.is_file())
