"""The network between our mailbox and the suppliers' own folders, and what becomes of files on the way, by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

LONGEST = 4
"""How many rounds a file may be on its way."""
FATES = {"": 8, "late": 3, "repeated": 2, "returned": 2, "doubled": 2}


@dataclass(frozen=True)
class Parcel:
    """A file on its way to us; ``due`` is the round in which it arrives."""

    due: int
    name: str
    data: bytes


class Courier:
    """Carries files once a round. Ours arrive late and in their order; answers overtake each other besides.

    An answer arrives as it was sent, ``late``, ``repeated`` under its name, ``returned`` (lost, and found again as a new
    file) or ``doubled`` (at once, and again as a new file). ``keep`` names answers that stay behind until ``hurry``.
    ``faults`` counts.
    """

    def __init__(self, random: Random, ours: tuple[Path, Path], theirs: tuple[Path, Path]) -> None:
        self._random = random
        self._sent, self._arriving = ours
        self._taken, self._answers = theirs
        self._round = 0
        self._under_way: list[Parcel] = []
        self._kept: list[Parcel] = []
        self._hurries = False
        self.keep: set[str] = set()
        self.faults: Counter[str] = Counter()

    def hurry(self) -> None:
        """Keep nothing behind any more, and bring everything at once from now on."""
        self._hurries = True

    def is_empty(self) -> bool:
        """Say whether nothing is on its way, nor lies anywhere."""
        folders = (self._sent, self._arriving, self._taken, self._answers)
        return not self._under_way and not self._kept and not any(any(_files(each)) for each in folders)

    def carry_out(self) -> None:
        """Bring the suppliers what we sent: all, or the older part of it."""
        sent = sorted(_files(self._sent), key=lambda path: (path.stat().st_mtime_ns, path.name))
        if not self._hurries and self._random.random() < 0.4:
            brought = self._random.randint(0, len(sent))
            self.faults["sent files late"] += len(sent) - brought
            sent = sent[:brought]
        for path in sent:
            path.replace(self._taken / path.name)

    def carry_in(self) -> None:
        """Take what suppliers have left, and bring us what is due, in any order."""
        self._round += 1
        for path in sorted(_files(self._answers)):
            self._take(path.name, path.read_bytes())
            path.unlink()
        if self._hurries:
            due, self._under_way, self._kept = [*self._under_way, *self._kept], [], []
        else:
            due = [each for each in self._under_way if each.due <= self._round]
            self._under_way = [each for each in self._under_way if each.due > self._round]
        self._random.shuffle(due)
        for parcel in due:
            hidden = self._arriving / f".{parcel.name}"
            hidden.write_bytes(parcel.data)
            hidden.replace(self._arriving / parcel.name)

    def _take(self, name: str, data: bytes) -> None:
        now, later = self._round, self._round + self._random.randint(1, LONGEST)
        if name in self.keep:
            self.faults["answers overtaken"] += 1
            self._kept.append(Parcel(now, name, data))
            return
        fate = self._random.choices(list(FATES), list(FATES.values()))[0]
        if fate:
            self.faults[f"answers {fate}"] += 1
        found_again = f"found-{name}"
        self._under_way += {
            "": [Parcel(now, name, data)],
            "late": [Parcel(later, name, data)],
            "repeated": [Parcel(now, name, data), Parcel(later, name, data)],
            "returned": [Parcel(later, found_again, data)],
            "doubled": [Parcel(now, name, data), Parcel(later, found_again, data)],
        }[fate]


def _files(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.suffix not in (".tmp", ".part")
    )
