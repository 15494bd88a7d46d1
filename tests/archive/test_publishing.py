"""The published file: one line a root, added to and never changed; what contradicts it stops the publishing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from archive import publishing, sealing
from archive.clock import database_now
from archive.models import SealPublication, SealRoot
from archive.record import record_event
from archive.storages import Written
from archive.verify import read_lines
from integration.work import Unclaimed

pytestmark = pytest.mark.django_db
HERE = Unclaimed()


def closed(count: int = 1) -> list[SealRoot]:
    found = []
    for _ in range(count):
        record_event("order:7", "told", "Something.")
        root = sealing.close(HERE, now=True)
        assert root is not None
        found.append(root)
    return found


def test_each_root_is_a_line_and_is_published_once(tmp_path: Path) -> None:
    path = tmp_path / "below" / "roots.txt"
    first, second = closed(2)
    assert publishing.publish_to_file(path) == [first, second]
    before = path.read_text()
    assert before.startswith("# Roots of Gridport's archive, one line for each day: day, closed at,")
    assert [line.root for line in read_lines(before)] == [first.root, second.root]
    assert publishing.publish_to_file(path) == []
    (third,) = closed()
    assert publishing.publish_to_file(path) == [third]
    after = path.read_text()
    assert after.startswith(before)
    assert after[len(before) :].split()[0] == third.name
    assert list(SealPublication.objects.values_list("place", "reference")) == [("file", str(path))] * 3


def test_a_line_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "roots.txt"
    first, second = closed(2)
    publishing.publish_to_file(path)
    whole = path.read_text()
    path.write_text(whole[:-30])
    with pytest.raises(publishing.Contradicted, match=r"was published in .* and is no longer there"):
        publishing.publish_to_file(path)
    other = tmp_path / "other.txt"
    other.write_text(whole[:-30])
    assert publishing.publish_to_file(other) == [second]
    assert other.read_text() == whole
    assert first.name in whole


@pytest.mark.parametrize("found", ["0", "f"])
def test_another_root_of_a_day_stops_everything(found: str, tmp_path: Path) -> None:
    path = tmp_path / "roots.txt"
    (first,) = closed()
    publishing.publish_to_file(path)
    changed = path.read_text().replace(first.root, found * 64)
    path.write_text(changed)
    closed()
    with pytest.raises(publishing.Contradicted, match=f"say something else of {first.words} than"):
        publishing.publish_to_file(path)
    assert path.read_text() == changed


@pytest.mark.parametrize("text", ["nonsense\n", "\x00\n", "a b c d e f g\n", b"\xff\xfe\n".decode("latin-1")])
def test_a_file_that_cannot_be_read_stops_everything(text: str, tmp_path: Path) -> None:
    path = tmp_path / "roots.txt"
    path.write_text(text, encoding="latin-1")
    closed()
    with pytest.raises(publishing.Contradicted, match="is damaged"):
        publishing.publish_to_file(path)


def test_a_file_that_was_removed_is_not_made_anew_as_if_nothing_had_been(tmp_path: Path) -> None:
    path = tmp_path / "roots.txt"
    closed()
    publishing.publish_to_file(path)
    path.unlink()
    with pytest.raises(publishing.Contradicted, match="is no longer there"):
        publishing.publish_to_file(path)


class Bucket:
    """A place that keeps what is there, as a bucket with Object Lock does."""

    name = "bucket seals"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.written = 0

    def write(self, key: str, data: bytes, now: datetime) -> Written:
        self.written += 1
        self.objects.setdefault(key, data)
        return Written(f"v-{key}")

    def read(self, key: str, version: str = "") -> bytes:
        assert version in ("", f"v-{key}")
        return self.objects[key]

    def set_aside(self, key: str) -> None:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError


def test_each_root_stands_in_the_bucket_by_itself_and_is_written_once() -> None:
    bucket = Bucket()
    first, second = closed(2)
    written = publishing.publish_to_place(bucket, database_now())
    assert [(each.root, each.version) for each in written] == [
        (root, f"v-roots/{root.name}.txt") for root in (first, second)
    ]
    # Died before it was noted: found there, and noted.
    publishing.note(bucket, publishing.publish_to_place(bucket, database_now()))
    assert publishing.publish_to_place(bucket, database_now()) == []
    assert bucket.written == 4
    assert sorted(bucket.objects) == sorted([f"roots/{first.name}.txt", f"roots/{second.name}.txt"])
    (line,) = read_lines(bucket.objects[f"roots/{second.name}.txt"].decode())
    assert (line.root, line.chain) == (second.root, second.chain)
    publishing.note(bucket, written[:1])
    rows = SealPublication.objects.filter(place="bucket", reference="bucket seals").order_by("root__tree")
    assert [(row.root, row.version) for row in rows] == [(each.root, each.version) for each in written]


def test_another_root_in_the_bucket_is_told() -> None:
    bucket = Bucket()
    (root,) = closed()
    bucket.objects[f"roots/{root.name}.txt"] = b"something else"
    with pytest.raises(publishing.Contradicted, match=f"has another root of {root.words} than the archive"):
        publishing.publish_to_place(bucket, database_now())
    assert not SealPublication.objects.exists()
