"""Values remembered by the text that they come from, and the other way: the same dates, codes and numbers come again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MOST = 4096
_LONGEST = 40


class Surprise(LookupError):
    """Something that only the long way can settle or report."""


class Memo(dict[Any, Any]):
    """What ``make`` makes of a text or value, kept for so many short ones; what it refuses is not kept.

    A dictionary, because one is asked without running any Python where the answer is known.
    """

    __slots__ = ("make",)

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, key: Any) -> Any:
        made = self.make(key)
        if len(self) >= _MOST:
            self.clear()
        if not isinstance(key, str) or len(key) <= _LONGEST:
            self[key] = made
        return made
