"""How far somebody's sight reaches: the partners, stores and kinds of documents that are theirs to look at.

A value alone: which rows lie within it is said once for every model, in ``integration.reach``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """What somebody may look at, whatever their role: None is everything, an empty set is nothing.

    ``partners`` and ``stores`` are primary keys, ``sets`` transaction sets as ST01 has them (``850``).
    """

    partners: frozenset[int] | None = None
    stores: frozenset[int] | None = None
    sets: frozenset[str] | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there is anything that is not theirs to look at."""
        return self != EVERYTHING


EVERYTHING = Reach()
