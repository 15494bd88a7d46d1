"""Any tampering shows (P20): as a superuser with every guard off, whatever row, column, bit, seal or day is changed.

Each change is made in a transaction that is rolled back, so that all are made to one archive, and each alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection, transaction

from archive import checking, leaves, publishing, sealing, store
from archive.leaves import NOT_BOUND
from archive.models import SealLeaf, SealRoot
from archive.record import record_audit, record_event
from integration.work import Unclaimed
from portal.installation import read_installation
from tests import factories
from tests.chaos.forking import is_whole

pytestmark = pytest.mark.chaos
HERE = Unclaimed()
EACH = 50 if is_whole() else 4
SEALS = ("archive_sealleaf", "archive_sealroot")
NEVER_BOUND = {"recorded_at", "id"}
"""Of the seals themselves: when a leaf was written is said by the root of its tree."""


class NothingToDo(Exception):
    """This change cannot be made here: another is tried."""


@contextmanager
def as_superuser(settings: Any) -> Iterator[None]:
    """Connect as the server's superuser, with every guard and every foreign key switched off."""
    installation = read_installation(Path(settings.DATA_FOLDER))
    if installation is None:
        pytest.skip("Only a private server gives its superuser's password away.")
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(USER="postgres", PASSWORD=installation.superuser_password)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture
def days(committed: str, settings: Any) -> Iterator[Path]:
    """Four days of real traffic, closed and published, and a fifth that is open; gives the published file.

    A day is over when its tree is closed here, so no row may be dated before the close that it came after.
    """
    published = Path(settings.PUBLISHED_ROOTS)
    factories.everything()
    for day in range(4):
        for number in range(6):
            record_event(f"order:{number}", "told", f"Day {day}.")
            record_audit(factories.user(), "look", f"order:{number}", reason="To see.")
            store.put(f"content of day {day}, {number}".encode())
        sealing.close(HERE, now=True)
    publishing.publish_to_file(published)
    record_event("order:7", "told", "Today.")
    sealing.seal(HERE)
    record_event("order:7", "told", "Just now.")
    with patch("archive.checking.LATE", timedelta(0)), as_superuser(settings):
        yield published


def execute(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def one_row(seed: random.Random, table: str, condition: str = "true") -> int:
    """The id of a row of ``table``, drawn."""
    ids = [row_id for (row_id,) in execute(f"SELECT id FROM {table} WHERE {condition} ORDER BY id")]  # noqa: S608
    if not ids:
        raise NothingToDo
    return int(seed.choice(ids))


_OTHER = {
    "character varying": "CASE WHEN length({0}) > 1 THEN reverse({0}) ELSE chr(97 + (ascii({0} || ' ') + 1) %% 26) END",
    "text": "{0} || '!'",
    "integer": "coalesce({0}, 0) + 1",
    "bigint": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 1",
    "boolean": "NOT coalesce({0}, false)",
    "jsonb": "coalesce({0}, '0') || '[1]'",
    "date": "coalesce({0}, '2026-01-01') + 1",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 millisecond'",
    "bytea": "set_byte({0}, 0, (get_byte({0}, 0) + 1) %% 256)",
    "uuid": "gen_random_uuid()",
}


def change_column(table: str, column: str, row_id: int) -> None:
    """Give one value of one row another value of its type."""
    ((kind,),) = execute(
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
        [table, column],
    )
    ((before,),) = execute(f'SELECT "{column}"::text FROM {table} WHERE id = %s', [row_id])  # noqa: S608
    if kind.startswith(("character", "text")) and before is None:
        raise NothingToDo
    other = _OTHER[kind].format(f'"{column}"')
    execute(f'UPDATE {table} SET "{column}" = {other} WHERE id = %s', [row_id])  # noqa: S608
    key = row_id + 1 if column == "id" else row_id
    ((after,),) = execute(f'SELECT "{column}"::text FROM {table} WHERE id = %s', [key])  # noqa: S608
    if before == after:
        raise NothingToDo


def columns_of(table: str) -> list[str]:
    return [
        column
        for (column,) in execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY 1", [table]
        )
    ]


def sealed_table(seed: random.Random) -> str:
    return seed.choice([table for table in leaves.sources() if execute(f"SELECT 1 FROM {table} LIMIT 1")])  # noqa: S608


def a_row(seed: random.Random, published: Path) -> None:
    """A value of a fact."""
    table = sealed_table(seed)
    column = seed.choice([each for each in columns_of(table) if each not in NOT_BOUND])
    sealed = f"id IN (SELECT row_id FROM archive_sealleaf WHERE table_name = '{table}')"  # noqa: S608
    change_column(table, column, one_row(seed, table, sealed))


def a_bit(seed: random.Random, published: Path) -> None:
    """A bit of the encrypted content; or all of it."""
    row_id = one_row(seed, "archive_payload")
    if seed.random() < 0.1:
        execute("UPDATE archive_payload SET ciphertext = '' WHERE id = %s", [row_id])
        return
    ((size,),) = execute("SELECT length(ciphertext) FROM archive_payload WHERE id = %s", [row_id])
    bit = seed.randrange(size * 8)
    execute(
        "UPDATE archive_payload SET ciphertext = set_bit(ciphertext, %s, 1 - get_bit(ciphertext, %s)) WHERE id = %s",
        [bit, bit, row_id],
    )


def a_leaf(seed: random.Random, published: Path) -> None:
    """A value of a leaf."""
    table, unbound = "archive_sealleaf", NOT_BOUND | NEVER_BOUND
    column = seed.choice([each for each in columns_of(table) if each not in unbound])
    change_column(table, column, one_row(seed, table))


def a_root(seed: random.Random, published: Path) -> None:
    """A value of a root."""
    table, unbound = "archive_sealroot", NOT_BOUND | NEVER_BOUND
    column = seed.choice([each for each in columns_of(table) if each not in unbound])
    change_column(table, column, one_row(seed, table))


def the_order(seed: random.Random, published: Path) -> None:
    """The places of two leaves of a closed day."""
    tree = seed.randint(1, 4)
    size = sealing.size_of(tree)
    first, second = seed.sample(range(size), 2)
    move = "UPDATE archive_sealleaf SET place = %s WHERE tree = %s AND place = %s"
    for values in ([size, tree, first], [first, tree, second], [second, tree, size]):
        execute(move, values)


def a_deletion(seed: random.Random, published: Path) -> None:
    """A fact; or a fact and its leaf; and what stands behind it moved up."""
    table = sealed_table(seed)
    sealed = f"id IN (SELECT row_id FROM archive_sealleaf WHERE table_name = '{table}')"  # noqa: S608
    row_id = one_row(seed, table, sealed)
    execute(f"DELETE FROM {table} WHERE id = %s", [row_id])  # noqa: S608
    if seed.random() < 0.5:
        return
    leaf = SealLeaf.objects.get(table_name=table, row_id=row_id)
    if leaf.tree == 5:
        raise NothingToDo  # what was never closed was never published: see the promise
    SealLeaf.objects.filter(pk=leaf.pk).delete()
    if seed.random() < 0.5:
        behind = SealLeaf.objects.filter(tree=leaf.tree, place__gt=leaf.place).order_by("place")
        for each in behind:
            SealLeaf.objects.filter(pk=each.pk).update(place=each.place - 1)


def an_insertion(seed: random.Random, published: Path) -> None:
    """A fact that says it was there long ago; or with a leaf of its own in a closed day."""
    table = sealed_table(seed)
    like = one_row(seed, table)
    others = ", ".join(f'"{each}"' for each in columns_of(table) if each not in ("id", "recorded_at"))
    row_id = 1_000_000 + seed.randrange(1000)
    execute(
        f"INSERT INTO {table} (id, recorded_at, {others})"  # noqa: S608
        f" SELECT %s, recorded_at - make_interval(secs => %s), {others} FROM {table} WHERE id = %s",
        [row_id, seed.randrange(60, 1_000_000), like],
    )
    if seed.random() < 0.5:
        leaf = sealing.merkle.leaf_hash(leaves.leaves_of(table, [row_id])[row_id])
        tree = seed.randint(1, 4)
        place = sealing.size_of(tree)
        SealLeaf.objects.create(table_name=table, row_id=row_id, leaf=leaf, tree=tree, place=place)
    elif seed.random() < 0.5:
        sealing.seal(HERE)


def a_date(seed: random.Random, published: Path) -> None:
    """The time of a fact: of a sealed one, or of one that is not sealed yet."""
    table = sealed_table(seed)
    row_id = one_row(seed, table)
    back = seed.choice([2, 3600, 86_400, 10_000_000])
    if table == "archive_event" and seed.random() < 0.5:
        row_id, back = one_row(seed, table, "sentence = 'Just now.'"), 86_400
    elif not SealLeaf.objects.filter(table_name=table, row_id=row_id).exists():
        raise NothingToDo
    execute(
        f"UPDATE {table} SET recorded_at = recorded_at - make_interval(secs => %s) WHERE id = %s",  # noqa: S608
        [back, row_id],
    )


def a_day(seed: random.Random, published: Path) -> None:
    """A day's seal; or with its leaves, with its facts too, or with everything behind it sealed anew by another key."""
    tree = seed.randint(1, 4)
    execute("DELETE FROM archive_sealroot WHERE tree = %s", [tree])
    depth = seed.randrange(4)
    if depth >= 1:
        for leaf in SealLeaf.objects.filter(tree=tree):
            if depth >= 2:
                execute(f"DELETE FROM {leaf.table_name} WHERE id = %s", [leaf.row_id])  # noqa: S608
            SealLeaf.objects.filter(pk=leaf.pk).delete()
    if depth == 3:
        _reseal(tree)


def _reseal(removed: int) -> None:
    """Close the gap that a removed day leaves, as somebody would who holds a key, though not the one that was published."""
    previous = SealRoot.objects.filter(tree=removed - 1).values_list("chain", flat=True).first() or "0" * 64
    for root in SealRoot.objects.filter(tree__gt=removed).order_by("tree"):
        SealLeaf.objects.filter(tree=root.tree).update(tree=root.tree - 1)
        root.tree, root.previous = root.tree - 1, previous
        said = sealing.statement_of(root)
        root.chain = sealing.hashlib.sha256(said).hexdigest()
        with patch("archive.signing._key_text", lambda: "B" * 43 + "="):
            root.signature, root.key = sealing.sign(said)
        root.save()
        previous = root.chain
    SealLeaf.objects.filter(tree=5).update(tree=4)


KINDS = [a_row, a_bit, a_leaf, a_root, the_order, a_deletion, an_insertion, a_date, a_day]


@contextmanager
def guards_off() -> Iterator[None]:
    """A transaction in which everything is allowed, and of which nothing stays."""
    with transaction.atomic():
        execute("SET LOCAL session_replication_role = replica")
        for table in (*leaves.sources(), *SEALS):
            execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield
        transaction.set_rollback(True)


def found_after(kind: Callable[[random.Random, Path], None], number: int, published: Path) -> int | None:
    """How much a check finds after one change; None where that change cannot be made."""
    with guards_off():
        try:
            with transaction.atomic():
                kind(random.Random(f"{kind.__name__} {number}"), published)
        except (IntegrityError, NothingToDo):
            return None
        return checking.check(published).found


def test_any_tampering_shows(days: Path) -> None:
    with guards_off():
        assert checking.check(days).findings == []
    unseen = []
    for kind in KINDS:
        done = number = 0
        while done < EACH:
            number += 1
            assert number < EACH * 20, f"only {done} of {number} could be made: {kind.__name__}"
            found = found_after(kind, number, days)
            done += found is not None
            if found == 0:
                unseen.append((kind.__name__, number))
    assert unseen == []
    with guards_off():
        a_day(random.Random("a_day 3"), days)
        assert (found_by_rows_alone(), checking.check(days).found > 0) == (0, True)


def found_by_rows_alone() -> int:
    """What the seals are for: a check of rows against leaves alone does not see a forger who keeps the two in step."""
    outcome = checking.Outcome()
    for source in leaves.sources().values():
        checking._check_rows(source, {}, 1, 0, outcome)
    return outcome.found


@pytest.mark.django_db
@pytest.mark.parametrize("during", ["published_lines", "_check_chain", "_check_tree", "open_tree"])
def test_a_day_that_is_closed_while_a_check_runs_is_no_alarm(
    during: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tmp_path / "roots.txt"
    real = getattr(checking, during)

    def meanwhile(*arguments: Any) -> Any:
        sealing.close(HERE, now=True)
        publishing.publish_to_file(published)
        record_event("order:1", "told", "Meanwhile.")
        sealing.seal(HERE)
        return real(*arguments)

    record_event("order:1", "told", "Before.")
    sealing.close(HERE, now=True)
    publishing.publish_to_file(published)
    monkeypatch.setattr(checking, during, meanwhile)
    monkeypatch.setattr(checking, "LATE", timedelta(0))
    assert checking.check(published).findings == []
    assert SealRoot.objects.count() > 1


def a_history(seed: random.Random, published: Path) -> None:
    """Do what an archive does on some days, in any order."""
    acts: list[Callable[[], object]] = [
        lambda: store.put(seed.randbytes(seed.randrange(200))),
        lambda: record_event(
            f"order:{seed.randrange(9)}", "told", seed.choice(["", "Über\u2028 =1+1", "x" * 5000])
        ),
        lambda: record_audit(factories.user(), "look", "order:1", reason="", detail={"ü": [1, None, 1.50]}),
        lambda: sealing.seal(HERE, everything=seed.random() < 0.5),
        lambda: sealing.close(HERE, now=True),
        lambda: publishing.publish_to_file(published),
        lambda: store.open(store.put(b"x"), purpose="t"),
    ]
    for _ in range(seed.randint(1, 15)):
        seed.choice(acts)()
    publishing.publish_to_file(published)


def test_clean_archives_give_no_alarm(committed: str, tmp_path: Path) -> None:
    alarms = []
    for number in range(1000 if is_whole() else 15):
        seed = random.Random(f"clean {number}")
        published = tmp_path / f"{number}.txt"
        with transaction.atomic():
            a_history(seed, published)
            share = seed.choice([None, 0, 1, 2, 89])
            if checking.check(published, share).found:
                alarms.append(number)
            transaction.set_rollback(True)
    assert alarms == []
