"""Code lists of one use of a guide: the guide's own, with the partner's entries laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# A code without a word is held as this mark and the code, and goes out again as it came.
HELD = "?"

CodeLists = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class CodeTables:
    """Code lists both ways: ``codes[list][word]`` and ``words[list][code]``. Each is itself alone, so that what follows
    from it can be kept with it.

    Where two words have one code, the code is read as the first of them, the partner's before the guide's.
    """

    codes: CodeLists
    words: CodeLists


def merged(own: CodeLists, partner: CodeLists) -> CodeLists:
    """The guide's lists with the partner's entries before and over them.

    Lists that the guide lacks are left out, and so are the partner's entries without a word or code.
    """
    lists = {}
    for name, entries in own.items():
        over = {
            word.strip(" "): code.strip(" ")
            for word, code in partner.get(name, {}).items()
            if word.strip(" ") and code.strip(" ") and not word.strip(" ").startswith(HELD)
        }
        lists[name] = {**over, **{word: code for word, code in entries.items() if word not in over}}
    return lists


def tables(lists: CodeLists) -> CodeTables:
    """The lists with their inverses."""
    words: dict[str, dict[str, str]] = {}
    for name, entries in lists.items():
        inverse = words.setdefault(name, {})
        for word, code in entries.items():
            inverse.setdefault(code, word)
    return CodeTables(lists, words)
