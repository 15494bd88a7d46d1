"""What settings must hold to, as sentences for the field they are about: asked before anything is saved.

Each function takes a row as it would be saved and returns the problems by field name; ``""`` is the form itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext

from integration.flows.numbering import numbering_problem
from integration.flows.translation_files import code_list_problem, purchase_units, unit_problems
from integration.models import Store
from integration.transports.hostkeys import fingerprint
from integration.x12.syntax import Separators
from integration.x12.tables import knows_version
from partners.models import Agreement, CodeList, ItemCrossReference, Mailbox

Problems = dict[str, str]

_CURRENCY = re.compile(r"[A-Z]{3}")
_PREFIX = re.compile(r"[A-Za-z0-9-]*")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def mailbox_problems(mailbox: Mailbox) -> Problems:
    """Return what keeps files from being fetched or sent as ``mailbox`` says."""
    problems = {**_sftp_problems(mailbox), **_name_problems(mailbox)}
    if mailbox.inbound_path and mailbox.inbound_path == mailbox.outbound_path:
        problems["outbound_path"] = gettext(
            "Files that we send to the folder that we fetch from would come back to us. Enter the folder that the"
            " network or partner takes files from."
        )
    if other := _fetches_there_too(mailbox):
        problems["inbound_path"] = gettext(
            "Mailbox %(other)s fetches from the same place: each would take the other's files. Change that one instead."
        ) % {"other": other}
    if mailbox.kind == Mailbox.Kind.PRIVATE and mailbox.partner is not None and mailbox.pk:
        strangers = mailbox.agreements.exclude(partner=mailbox.partner).select_related("partner")
        if stranger := strangers.first():
            problems["partner"] = gettext(
                "Agreement %(stranger)s of %(partner)s uses this mailbox, and a private one has one partner alone. Move that agreement to another mailbox first, or make this a network mailbox."
            ) % {"stranger": stranger, "partner": stranger.partner}
    return problems


def _sftp_problems(mailbox: Mailbox) -> Problems:
    if mailbox.transport != Mailbox.Transport.SFTP:
        return {}
    problems = {}
    if not mailbox.host:
        problems["host"] = gettext("SFTP needs a host, such as sftp.example.net.")
    if not mailbox.username:
        problems["username"] = gettext("SFTP needs the name under which Gridport logs in.")
    if not mailbox.password and not mailbox.private_key:
        way_in = gettext("Enter a password, or a private key below: without either nobody can log in.")
        problems["password"] = way_in
    return problems


def host_key_problem(line: str) -> str:
    """Return why ``line`` is no host key that can be pinned, or ``""``."""
    try:
        fingerprint(line)
    except ValueError:
        return gettext(
            "This is no public key. Write its kind and the key, as in “ssh-ed25519 AAAA…”, without the host's name"
            " before it."
        )
    return ""


def host_keys_problem(mailbox: Mailbox, lines: Sequence[str]) -> str:
    """Return why ``mailbox`` cannot work with the host keys ``lines``, or ``""``."""
    if mailbox.transport == Mailbox.Transport.SFTP and not lines:
        return gettext(
            "Pin the server's public key, a line such as “ssh-ed25519 AAAA…”: without it nothing is fetched or sent."
            " The operator of the mailbox tells it."
        )
    if len(set(lines)) < len(lines):
        return gettext("The same key is pinned twice. Change the times of the one that is there.")
    return ""


def _name_problems(mailbox: Mailbox) -> Problems:
    try:
        first, second = (
            mailbox.outbound_name.format(receiver="PARTNER", number=number, set="850")
            for number in ("000000001", "000000002")
        )
    except (KeyError, IndexError, ValueError, AttributeError):
        return {
            "outbound_name": gettext(
                "Only {receiver}, {number} and {set} are filled in; write every brace as part of one."
            )
        }
    if first == second:
        return {
            "outbound_name": gettext(
                "Put {number} into it: without it all files to a partner would have the same name."
            )
        }
    return {}


def _fetches_there_too(mailbox: Mailbox) -> Mailbox | None:
    place: dict[str, Any] = {"transport": mailbox.transport, "inbound_path": mailbox.inbound_path}
    if mailbox.transport == Mailbox.Transport.SFTP:
        place |= {"host": mailbox.host, "port": mailbox.port, "username": mailbox.username}
    return Mailbox.objects.exclude(pk=mailbox.pk).filter(**place).first()


def agreement_problems(agreement: Agreement) -> Problems:
    """Return what would make documents under ``agreement`` unwritable, or not to be told from another's."""
    problems = {}
    separators = Separators(
        agreement.element_separator,
        agreement.segment_terminator,
        agreement.component_separator,
        agreement.repetition_separator or None,
    )
    if problem := separators.problem():
        problems["element_separator"] = problem
    if not knows_version(agreement.version):
        problems["version"] = gettext(
            "Version %(version)s is not known; Gridport writes and reads 004010 and 005010."
        ) % {"version": agreement.version}
    elif not re.fullmatch(r"[0-9]{6}[A-Z0-9]{0,6}", agreement.version):
        problems["version"] = gettext(
            "Write the version as six digits, with the industry's suffix where agreed: 004010VICS."
        )
    elif mapped := _mapped_in_another_version(agreement):
        problems["version"] = gettext(
            "%(profile)s maps its %(mapped)s, and is for version %(version)s: choose another mapping there first."
        ) % {"profile": mapped.profile, "mapped": mapped, "version": mapped.profile.version}
    if not _CURRENCY.fullmatch(agreement.currency):
        problems["currency"] = gettext("Write the currency as its three capital letters, such as USD.")
    if agreement.mailbox_id is None or agreement.identifier_id is None or agreement.partner_id is None:
        return problems
    whose = agreement.mailbox.partner
    if whose is not None and whose != agreement.partner:
        problems["mailbox"] = gettext("%(mailbox)s is private to %(whose)s.") % {
            "mailbox": agreement.mailbox,
            "whose": whose,
        }
    ours = f"{agreement.own_qualifier}:{agreement.own_id}"
    if ours == str(agreement.identifier):
        problems["own_id"] = gettext(
            "%(ours)s is the partner's own ID; enter the one under which the partner knows us."
        ) % {"ours": ours}
    same = Agreement.objects.exclude(pk=agreement.pk).filter(
        mailbox=agreement.mailbox,
        identifier=agreement.identifier,
        own_qualifier=agreement.own_qualifier,
        own_id=agreement.own_id,
    )
    if twin := same.first():
        problems["identifier"] = gettext(
            "Agreement %(twin)s joins %(ours)s and %(identifier)s on this mailbox already: nobody could tell which of the two a document belongs to."
        ) % {"twin": twin, "ours": ours, "identifier": agreement.identifier}
    return problems


def _mapped_in_another_version(agreement: Agreement) -> Any:
    if agreement.pk is None:
        return None
    mapped = agreement.documents.filter(direction="out").exclude(profile=None)
    return mapped.exclude(profile__version=agreement.version[:6]).select_related("profile").first()


def store_problems(store: Store) -> Problems:
    """Return what would give the store's token away, or make numbers that X12 cannot carry."""
    problems = {}
    address = urlsplit(store.base_url)
    if address.scheme != "https" and address.hostname not in _LOOPBACK:
        problems["base_url"] = gettext("The token would travel in clear: write the address with https.")
    if not _CURRENCY.fullmatch(store.currency):
        problems["currency"] = gettext("Write the currency as its three capital letters, such as USD.")
    if not _PREFIX.fullmatch(store.purchase_order_prefix):
        problems["purchase_order_prefix"] = gettext(
            "Only letters, digits and dashes: partners' systems read the number."
        )
    if problem := numbering_problem(store):
        problems["purchase_order_pattern"] = problem
    return problems


def item_problems(item: ItemCrossReference) -> Problems:
    """Return why no purchase order could be written with ``item``."""
    return unit_problems(item, purchase_units(item.agreement if item.agreement_id else None))


def code_list_problems(code_list: CodeList) -> Problems:
    """Return why no guide would ever look into ``code_list``."""
    problem = code_list_problem(code_list.name)
    return {"name": problem} if problem else {}
