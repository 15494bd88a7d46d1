"""Sentences for the record, without what they quote of a person: facts stay as they are, also once the person is forgotten.

A case says in full what stands in the way, the value included: its row is cleared when its person is forgotten. An event is
written once. So what events and logs tell of the same trouble leaves quoted values and the store's own words out, and
whatever the order says of whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from integration.models import Order

LEFT_OUT = "…"
_QUOTED = re.compile(r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)""")
"""Values as Python quotes them: so mappings and checks show what somebody else wrote. An apostrophe follows a letter."""
_STORE_SAID = re.compile(r"(HTTP \d{3}): .*\)(?=\.)", re.DOTALL)
_LEAST, _SHORT = 3, 4
"""Letters of what is left out at all, and of names that are common words as often."""
_OF_PLACES = frozenset({
    "city", "code", "country", "country_iso2", "id", "id_kind", "kind", "postal_code", "qualifier", "shipping_method", "state",
    "state_iso2", "zip",
})  # fmt: skip
_NAMES = ("first_name", "last_name")
_OF_CUSTOMER = frozenset({"bill_to", "mark_for", "notes", "other_parties", "ship_to", "text"})
"""Of a canonical document; who sells and delivers is named in every other sentence."""


def unquoted(sentence: str) -> str:
    """Return ``sentence`` without the values that it quotes and without the store's own words."""
    return _QUOTED.sub(f"“{LEFT_OUT}”", _STORE_SAID.sub(rf"\1: {LEFT_OUT})", sentence))


def nameless(sentence: str, order: Order | None) -> str:
    """Return ``sentence`` as an event about ``order`` may keep it."""
    bare = unquoted(sentence)
    if order is None:
        return bare
    content = order.content or {}
    people = [content.get("billing_address") or {}, *(content.get("addresses") or ())]
    values = {content.get("customer_name"), content.get("customer_message"), order.customer_name}
    values.update(text for each in people for text in _texts(each))
    values.update(order.returns.values_list("reason", flat=True))
    for written in order.purchase_orders.exclude(content=None).values_list("content", flat=True):
        values.update(_of_document(written))
    bare = _without({" ".join(each.split()) for each in values if each}, bare)
    tokens = {word for each in people for name in _NAMES for word in re.findall(r"\w+", each.get(name) or "")}
    for token in sorted(tokens, key=len, reverse=True):
        if len(token) >= _LEAST:
            bare = re.sub(rf"\b(?:{_spelled(token)})\b", LEFT_OUT, bare)
    return bare


def _spelled(name: str) -> str:
    """Return the ways in which a name may stand in a sentence, as an expression: of a short one, “Will” goes and “will” stays."""
    ways = (name, name.upper(), name.title())
    return f"(?i:{re.escape(name)})" if len(name) > _SHORT else "|".join(map(re.escape, ways))


def _without(values: set[str], sentence: str) -> str:
    cut = {each[:length] for each in values for length in (39, 60, 200) if len(each) > length}
    wanted = sorted((each for each in values | cut if len(each.strip()) >= _LEAST), key=len, reverse=True)
    if not wanted:
        return sentence
    either = "|".join(re.escape(each) for each in wanted)
    return re.sub(rf"(?<!\w)(?:{either})(?!\w)", LEFT_OUT, sentence, flags=re.IGNORECASE)


def _of_document(content: Any) -> Iterator[str]:
    """Yield what a canonical document says of people."""
    if isinstance(content, list):
        for each in content:
            yield from _of_document(each)
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _texts(value) if name in _OF_CUSTOMER else _of_document(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in _OF_PLACES and name not in _NAMES:
                yield from _texts(each)
