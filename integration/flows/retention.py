"""How long documents are kept, as people say it: every change is a revision of a rule, and the earlier ones stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from archive.models import FILE, RetentionRevision, RetentionRule, document_name
from archive.record import record_audit
from integration.flows.rights import SET_RETENTION, Refused, require
from integration.models import Store
from partners.models import TradingPartner

LONGEST = 100
"""Years."""
Starts = RetentionRevision.Starts
ADD, CHANGE, RETIRE = VERBS = ("add retention rule", "change retention rule", "retire retention rule")


@dataclass(frozen=True)
class Terms:
    """What a rule says. An empty criterion is met by every document."""

    years: int
    legal_reason: str
    kinds: tuple[str, ...] = ()
    partner: TradingPartner | None = None
    store: Store | None = None
    country: str = ""
    starts: str = Starts.EXCHANGED

    @property
    def problem(self) -> str:
        """Why it can be no rule, or ``""``."""
        if not 1 <= self.years <= LONGEST:
            return gettext("Documents are kept for 1 to %(longest)s years.") % {"longest": LONGEST}
        if not self.legal_reason.strip():
            return gettext("Name the law or contract that asks for it: certificates quote it.")
        if self.country and not (
            len(self.country) == 2 and self.country.isascii() and self.country.isalpha()
        ):
            return gettext("%(country)s is no two-letter code of a country, such as DE.") % {
                "country": self.country
            }
        return ""


def add_rule(user: User, name: str, terms: Terms, reason: str) -> RetentionRevision:
    """Begin a rule. Raises ``Refused``, with nothing done, where one of that name is there."""
    reason = require(user, SET_RETENTION, reason)
    if not name.strip():
        raise Refused(gettext("Give the rule a name: lists and certificates show it."))
    try:
        with transaction.atomic():
            rule = RetentionRule.objects.create(name=name.strip())
            return _revise(user, rule, 1, terms, reason, ADD)
    except IntegrityError as error:
        raise Refused(
            gettext("There is a rule “%(name)s” already: change that one.") % {"name": name.strip()}
        ) from error


def change_rule(user: User, seen: RetentionRevision, terms: Terms, reason: str) -> RetentionRevision:
    """Have the rule of ``seen`` say ``terms`` from now on. Raises ``Refused`` where ``seen`` is not its last revision."""
    reason = require(user, SET_RETENTION, reason)
    return _next(user, seen, terms, reason, CHANGE)


def retire_rule(user: User, seen: RetentionRevision, reason: str) -> RetentionRevision:
    """Have the rule of ``seen`` hold no more: what no other rule covers is kept then, until one does."""
    reason = require(user, SET_RETENTION, reason)
    if seen.is_retired:
        raise Refused(gettext("This rule holds no more already."))
    return _next(user, seen, terms_of(seen), reason, RETIRE, is_retired=True)


def _next(
    user: User, seen: RetentionRevision, terms: Terms, reason: str, verb: str, *, is_retired: bool = False
) -> RetentionRevision:
    try:
        with transaction.atomic():
            return _revise(user, seen.rule, seen.number + 1, terms, reason, verb, is_retired=is_retired)
    except IntegrityError as error:
        raise Refused(gettext("Somebody else has changed this rule meanwhile. Look at it again.")) from error


def _revise(
    user: User, rule: RetentionRule, number: int, terms: Terms, reason: str, verb: str, *, is_retired: bool = False
) -> RetentionRevision:  # fmt: skip
    if terms.problem and not is_retired:
        raise Refused(terms.problem)
    made = RetentionRevision.objects.create(
        rule=rule,
        number=number,
        kinds=sorted(set(terms.kinds)),
        partner=terms.partner,
        store=terms.store.pk if terms.store else None,
        country=terms.country.upper(),
        years=terms.years,
        starts=terms.starts,
        legal_reason=terms.legal_reason.strip(),
        is_retired=is_retired,
        actor=user.get_username(),
        reason=reason,
    )
    detail = {"what": rule.name, "is": "holds no more" if is_retired else "; ".join(revision_words(made))}
    record_audit(user, verb, f"retention_rule:{rule.pk}", reason=reason, detail=detail)
    return made


def terms_of(revision: RetentionRevision) -> Terms:
    """Return what ``revision`` says."""
    return Terms(
        years=revision.years,
        legal_reason=revision.legal_reason,
        kinds=tuple(revision.kinds),
        partner=revision.partner,
        store=Store.objects.filter(pk=revision.store).first() if revision.store else None,
        country=revision.country,
        starts=revision.starts,
    )


def revision_words(revision: RetentionRevision) -> list[str]:
    """Return what a revision says, for people: what it covers, how long, and from when."""
    covers = [kinds_words(revision.kinds)]
    if revision.partner is not None:
        covers.append(f"of {revision.partner}")
    if revision.store is not None:
        store = Store.objects.filter(pk=revision.store).first()
        covers.append(f"of orders of {store or 'a store that was removed'}")
    if revision.country:
        covers.append(f"of orders that go to {revision.country}")
    years = "1 year" if revision.years == 1 else f"{revision.years} years"
    return [" ".join(covers), f"{years} from {_FROM[revision.starts]}"]


_FROM: dict[str, str] = {
    Starts.EXCHANGED: "the day it was sent or received",
    Starts.YEAR_END: "the end of that calendar year (UTC)",
}


def kinds_words(kinds: Sequence[str]) -> str:
    """Return the kinds that a rule covers in words."""
    if not kinds:
        return "Every document"
    named = [
        "Files without a document, such as stock files and packing lists"
        if kind == FILE
        else document_name(kind)
        for kind in kinds
    ]
    return ", ".join(named)
