"""The test of a mailbox's connection: what a poll and an upload need of it, with nothing taken, left or changed."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext, ngettext

from archive.record import record_audit
from integration.errors import IntegrationError
from integration.flows.mailboxes import transport_for
from integration.flows.pauses import pause_sentence
from integration.flows.rights import EDIT_MAILBOX, Refused, require_right
from integration.flows.tried import Tried
from integration.models import Pause
from integration.patience import Patience
from partners.models import ConnectionTest, Mailbox

PATIENCE = Patience(connect=10.0, silence=10.0, answer=20.0, visit=20.0)
"""Somebody waits for the page."""
_ASKED_FOR = "gridport-connection-test"
"""A name that no file of ours bears: that it is not there is the answer of a folder that can be looked into."""


def mailbox_answers(user: User, mailbox: Mailbox) -> list[Tried]:
    """Test the connection for ``user``; return each thing that was tried. Refused where the mailbox is paused."""
    require_right(user, EDIT_MAILBOX)
    switch = Pause.objects.filter(subject__in=(Pause.EVERYTHING, f"mailbox:{mailbox.pk}")).first()
    if switch is not None:
        raise Refused(
            gettext("%(sentence)s Resume it first: a test logs in as a poll does.")
            % {"sentence": pause_sentence(switch)}
        )
    tried = try_mailbox(mailbox)
    problem = tried[-1].problem
    with transaction.atomic():
        ConnectionTest.objects.create(mailbox=mailbox, tested_by=user.get_username(), problem=problem)
        record_audit(user, "test mailbox", f"mailbox:{mailbox.pk}", detail={"went well": not problem})
    return tried


def try_mailbox(mailbox: Mailbox) -> list[Tried]:
    """Connect, and look into both folders; return each thing that was tried, up to the first that failed."""
    tried: list[Tried] = []
    by_sftp = mailbox.transport == Mailbox.Transport.SFTP
    words = (
        gettext("Connect to %(host)s:%(port)s and log in") % {"host": mailbox.host, "port": mailbox.port}
        if by_sftp
        else gettext("Open both folders")
    )
    try:
        with transport_for(mailbox, PATIENCE) as transport:
            tried.append(Tried(words))
            words = gettext("List %(folder)s, where files are fetched from") % {
                "folder": mailbox.inbound_path
            }
            tried.append(Tried(f"{words}. {_lying(len(transport.list()))}"))
            words = gettext("Look into %(folder)s, where our files go") % {"folder": mailbox.outbound_path}
            transport.find(_ASKED_FOR)
            tried.append(Tried(words))
    except IntegrationError as error:
        tried.append(Tried(words, str(error)))
    return tried


def _lying(count: int) -> str:
    if not count:
        return gettext("No file waits there, and nothing was taken")
    return ngettext(
        "One file waits there, and nothing was taken",
        "%(files)s files wait there, and nothing was taken",
        count,
    ) % {"files": f"{count:,}"}
