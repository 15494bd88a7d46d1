"""Code lists of one use of a guide: the guide's own, with the partner's entries laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# A code without a word is held as this mark and the code, and goes out again as it came.
HELD = "?"

CodeLists = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class CodeTables:
    """Code lists both ways: ``codes[list][word]`` and ``words[list][code]``.

    Where two words have one code, the code is read as the first of them, the partner's before the guide's.
    """

    codes: CodeLists
    words: CodeLists


def merged(own: CodeLists, partner: CodeLists) -> CodeLists:
    """The guide's lists with the partner's entries before and over them; lists that the guide lacks are left out."""
    return {name: {**partner.get(name, {}), **_without(own[name], partner.get(name, {}))} for name in own}


def _without(entries: Mapping[str, str], replaced: Mapping[str, str]) -> dict[str, str]:
    return {word: code for word, code in entries.items() if word not in replaced}


def tables(lists: CodeLists) -> CodeTables:
    """The lists with their inverses."""
    words: dict[str, dict[str, str]] = {}
    for name, entries in lists.items():
        inverse = words.setdefault(name, {})
        for word, code in entries.items():
            inverse.setdefault(code, word)
    return CodeTables(lists, words)
