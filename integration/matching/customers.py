"""Which business customer an order of the store is from, and by which number he knows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_NUMBER = 22
"""BAK03 holds no more."""
_NUMBER = r"[:#№.\s-]*([A-Za-z0-9][A-Za-z0-9./_-]*)"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who ordered, as the store says it; ``customer_id`` 0 is a guest, ``group_id`` 0 is none or was not asked for."""

    store: int
    customer_id: int = 0
    group_id: int = 0
    companies: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a link means: any one of its conditions is enough. ``store`` None is every store."""

    key: int
    store: int | None = None
    customer_ids: frozenset[int] = frozenset()
    companies: tuple[str, ...] = ()
    email_domains: tuple[str, ...] = ()
    group_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Writings:
    """Where a customer's number of his order may stand. ``form_fields`` are name and value, of billing first."""

    order: str
    message: str = ""
    staff_notes: str = ""
    external_order_id: str = ""
    external_id: str = ""
    form_fields: tuple[tuple[str, str], ...] = ()


def link_of(buyer: Buyer, links: Sequence[Link]) -> Link | None:
    """Return the link that means ``buyer``, or None.

    Of several the one that names him most exactly: by his number in the store, else his company, else the domain of his
    e-mail address, else his group; of equals one for his store alone, then the older one.
    """
    found = []
    for link in links:
        exact = _exactness(buyer, link) if link.store in (None, buyer.store) else None
        if exact is not None:
            found.append((exact, link.store is None, link.key, link))
    return min(found, key=lambda each: each[:3])[3] if found else None


def number_in(writings: Writings, source: str, name: str) -> str:
    """Return the customer's number of his order, ``""`` where there is none.

    ``source`` is one of ``order``, ``form_field``, ``message``, ``staff_notes``, ``external_order_id``, ``external_id``;
    ``name`` the form field's, or the words before the number in a text.
    """
    if source == "form_field":
        wanted = _folded(name)
        values = [value for label, value in writings.form_fields if _folded(label) == wanted]
        return next((each.strip() for each in values if each.strip()), "")
    if source in ("message", "staff_notes"):
        return _after(getattr(writings, source), name)
    return str(getattr(writings, source)).strip()


def _exactness(buyer: Buyer, link: Link) -> int | None:
    """Return how exactly ``link`` means ``buyer``, 0 the most; None where it does not."""
    companies = {_folded(each) for each in link.companies}
    domains = {each.casefold().lstrip("@") for each in link.email_domains}
    said = (
        buyer.customer_id != 0 and buyer.customer_id in link.customer_ids,
        any(_folded(each) in companies for each in buyer.companies if each.strip()),
        any(each.rpartition("@")[2].casefold() in domains for each in buyer.emails if "@" in each),
        buyer.group_id != 0 and buyer.group_id in link.group_ids,
    )
    return said.index(True) if True in said else None


def _after(text: str, words: str) -> str:
    """Return what stands behind ``words`` in ``text`` and looks like a number: letters and digits, one of them a digit."""
    spelled = r"\s+".join(re.escape(each) for each in words.split())
    for found in re.finditer(rf"(?<!\w){spelled}(?!\w){_NUMBER}", text, re.IGNORECASE):
        number = found[1].rstrip("./_-")
        if any(each.isdigit() for each in number):
            return number
    return ""


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
