"""Which agreement a document belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from partners.models import (
    Agreement,
    AgreementDocument,
    CodeList,
    Mailbox,
    Onboarding,
    PartnerIdentifier,
    Partnership,
)


@dataclass(frozen=True)
class Belonging:
    """The agreement of an interchange, or why it belongs to none; ``problem`` is a sentence for staff."""

    agreement: Agreement | None
    problem: str = ""


def find_agreement(mailbox: Mailbox, *, sender: tuple[str, str], receiver: tuple[str, str]) -> Belonging:
    """Return the agreement under which ``sender`` may write to ``receiver`` through ``mailbox``.

    ``sender`` and ``receiver`` are (qualifier, ID) of ISA05 to ISA08. A sender is bound to the mailbox that he
    is allowed on, never to what his ISA says alone.
    """
    on_mailbox = Agreement.objects.filter(mailbox=mailbox).select_related("partner", "identifier", "mailbox")
    if not on_mailbox.filter(own_qualifier=receiver[0], own_id=receiver[1]).exists():
        return Belonging(
            None,
            f"It is addressed to {_shown(receiver)}, which is no identity of ours on {mailbox}. Ask the sender, or"
            " add an agreement with that identity.",
        )
    identifier = PartnerIdentifier.objects.filter(qualifier=sender[0], value=sender[1]).first()
    allowed = identifier and Partnership.objects.filter(mailbox=mailbox, identifier=identifier).exists()
    if identifier is None or not allowed:
        return Belonging(
            None,
            f"Its sender {_shown(sender)} may not write through {mailbox}. If it should, add a partnership with that"
            " ID to the mailbox.",
        )
    found = on_mailbox.filter(identifier=identifier, own_qualifier=receiver[0], own_id=receiver[1]).first()
    if found is None:
        return Belonging(
            None, f"There is no agreement with {identifier.partner} as {_shown(receiver)} on {mailbox}."
        )
    return Belonging(found)


ALWAYS_RECEIVED = frozenset({"997", "999", "TA1", "824", "864"})
"""What speaks of our own documents, or to people: it is read whatever the agreement lists."""


def identities(mailbox: Mailbox) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return our own identities on ``mailbox``, and those of who may write through it: (qualifier, ID) each."""
    ours = Agreement.objects.filter(mailbox=mailbox).values_list("own_qualifier", "own_id")
    theirs = Partnership.objects.filter(mailbox=mailbox).values_list(
        "identifier__qualifier", "identifier__value"
    )
    return set(ours), set(theirs)


def agreement_of_sender(mailbox: Mailbox, sender: tuple[str, str]) -> Agreement | None:
    """Return an agreement under which ``sender`` can be told that his interchange belongs to none of ours."""
    known = Agreement.objects.filter(
        mailbox=mailbox, identifier__qualifier=sender[0], identifier__value=sender[1]
    )
    return known.select_related("partner", "identifier", "mailbox").order_by("pk").first()


def receives(agreement: Agreement, transaction_set: str) -> bool:
    """Say whether such a document is received under ``agreement``; acknowledgments and advices always are."""
    return (
        transaction_set in ALWAYS_RECEIVED
        or agreement.documents.filter(
            transaction_set=transaction_set, direction=AgreementDocument.Direction.IN, is_active=True
        ).exists()
    )


def sends(agreement: Agreement, transaction_set: str) -> bool:
    """Say whether such a document is sent under ``agreement``."""
    return agreement.documents.filter(
        transaction_set=transaction_set, direction=AgreementDocument.Direction.OUT, is_active=True
    ).exists()


def is_being_onboarded(agreement: Agreement) -> bool:
    """Say whether ``agreement`` is still on its way from the first test to production."""
    return Onboarding.objects.filter(agreement=agreement, signed_at=None).exists()


def code_lists(agreement: Agreement | None) -> dict[str, dict[str, str]]:
    """Return the partner's own codes: list name → our word → their code."""
    if agreement is None:
        return {}
    lists = CodeList.objects.filter(agreement=agreement).prefetch_related("entries")
    return {each.name: {entry.ours: entry.theirs for entry in each.entries.all()} for each in lists}


def _shown(identity: tuple[str, str]) -> str:
    return f"{identity[0]}:{identity[1]}"
