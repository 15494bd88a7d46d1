"""The parts that decisions are made of: what can be chosen, what a person gives with it, and the plan."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

from archive.models import Document
from integration.flows.rights import Refused
from integration.models import ExceptionCase, PurchaseOrder


@dataclass(frozen=True)
class Given:
    """What a person gives with a decision.

    Until when to wait, which purchase order is meant, a translation, the agreement to order from, that the order in the
    store is left as it is, or whom to write what.
    """

    due_at: datetime | None = None
    number: str = ""
    value: str = ""
    agreement: int | None = None
    leaves_store: bool = False
    to: str = ""
    message: str = ""


@dataclass(frozen=True)
class Plan:
    """What a decision does: sentences for people, and the same as data. ``digest`` names exactly this plan."""

    decision: str
    sentences: list[str]
    purchase_order: int | None = None
    before: str = ""
    after: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)
    due_at: str = ""
    note: str = ""
    target: int | None = None
    value: str = ""
    reductions: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    leaves_store: bool = False
    mail: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Choice:
    """One decision that can be taken: its button, what it is for, and what it asks of the person.

    ``usual`` is the reason that most give for it: it stands there to be confirmed or written over.
    """

    name: str
    words: str | Promise
    help: str | Promise
    asks: str = ""
    usual: str | Promise = ""


def answered(case: ExceptionCase) -> tuple[PurchaseOrder, Document]:
    """Return the purchase order that the case is about, and the answer to it."""
    if case.purchase_order is None or case.document is None:
        raise Refused(gettext("This case has no purchase order with an answer."))
    return case.purchase_order, case.document


def noted(purchase_order: PurchaseOrder, note: str, made: Plan) -> Plan:
    """Return the plan with the line that the staff notes get, where that is agreed."""
    if not purchase_order.agreement.writes_staff_notes or made.leaves_store:
        return made
    told = f"The order's staff notes in the store get a line, with today's date: “{note}”"
    return replace(made, sentences=[*made.sentences, told], note=note)
