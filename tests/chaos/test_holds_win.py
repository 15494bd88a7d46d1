"""A hold always wins: random histories against a small model, and holds taken while something is destroyed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from archive import store
from archive.governance import Because, governed, open_release
from archive.models import (
    DisposalCertificate,
    DisposalItem,
    DisposalRefusal,
    DisposalRun,
    Document,
    Hold,
    HoldRelease,
    Payload,
    RetentionRevision,
    RetentionRule,
)
from integration.flows.destroy import destroy
from integration.flows.disposals import decide_disposal, plan_disposal, propose_disposal
from integration.flows.holds import Covered, add_to_hold, decide_release, propose_release, take_hold
from integration.flows.retention import Terms, add_rule, change_rule, retire_rule
from integration.flows.rights import Refused
from integration.models import Order
from integration.work import Unclaimed
from partners.models import TradingPartner
from portal.copies import DatabaseCopies
from tests import factories
from tests.chaos.forking import is_whole, scaled
from tests.conftest import own_database
from tests.governed import WHY, approved, archived, dated, packing_list, photo, rule, years_later

pytestmark = pytest.mark.chaos

HISTORIES = 10_000 if is_whole() else 40
RACES = scaled(200) if is_whole() else 20
STEPS = 8
NOW = datetime.now(UTC)
COUNTRIES = ["NO", "PT"]


@dataclass(frozen=True)
class Thing:
    """A document, or (0) a file without one."""

    document: int
    kind: str
    partner: int
    order: Order | None
    recorded: datetime


@dataclass
class Model:
    """All that is promised of rules, holds and disposals: what two people approved is destroyed, unless it is kept then."""

    files: dict[int, list[Thing]]
    rules: dict[int, Terms] = field(default_factory=dict)
    holds: dict[int, Covered] = field(default_factory=dict)
    destroyed: set[int] = field(default_factory=set)

    def is_ruled(self, thing: Thing, terms: Terms) -> bool:
        country = thing.order.content["addresses"][0]["country_iso2"] if thing.order else None
        return (
            (not terms.kinds or thing.kind in terms.kinds)
            and (terms.partner is None or terms.partner.pk == thing.partner)
            and (terms.store is None or (thing.order is not None and thing.order.store_id == terms.store.pk))
            and terms.country in ("", country)
        )

    def is_over(self, thing: Thing) -> bool:
        mine = [terms for terms in self.rules.values() if self.is_ruled(thing, terms)]
        return bool(mine) and all(self.ends(thing, terms) <= NOW for terms in mine)

    def ends(self, thing: Thing, terms: Terms) -> datetime:
        at = (
            thing.recorded
            if terms.starts == "exchanged"
            else datetime(thing.recorded.year + 1, 1, 1, tzinfo=UTC)
        )
        return years_later(at, terms.years)

    def is_held(self, thing: Thing, held: Covered) -> bool:
        if held.documents is not None:
            return thing.document in held.documents
        return (
            (held.order is None or (thing.order is not None and held.order.pk == thing.order.pk))
            and (held.partner is None or held.partner.pk == thing.partner)
            and (held.begins_at is None or held.begins_at <= thing.recorded < (held.ends_at or NOW))
        )

    def is_due(self, file: int) -> bool:
        things = self.files[file]
        held = any(self.is_held(each, hold) for each in things for hold in self.holds.values())
        return bool(things) and not held and all(map(self.is_over, things))


@dataclass(frozen=True)
class World:
    """What histories are about."""

    files: dict[int, list[Thing]]
    people: list[User]
    partners: list[TradingPartner]
    orders: list[Order]

    @property
    def documents(self) -> list[int]:
        return [each.document for things in self.files.values() for each in things if each.document]


@pytest.fixture(scope="module")
def world(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Files of eleven documents, and three without one of which two belong to orders, one to nine years old."""
    with own_database(copies, django_db_blocker):
        people = [factories.user(f"keeper{number}", superuser=True) for number in range(3)]
        partners = [factories.partner(), factories.partner()]
        orders = [factories.order() for _ in COUNTRIES]
        for order, country in zip(orders, COUNTRIES, strict=True):
            order.content["addresses"][0]["country_iso2"] = country
            order.save()
        box = factories.mailbox(kind="private", partner=partners[0])
        files: dict[int, list[Thing]] = {}
        shapes: list[tuple[int, list[str], int | None, bool]] = [
            (0, ["855"], 0, False), (1, ["810"], 1, False), (0, ["855", "856"], 0, False), (1, ["846"], None, False),
            (0, ["810", "997"], 1, True), (0, [], None, False), (1, ["856"], 1, False), (0, ["846"], None, False),
        ]  # fmt: skip
        for number, (whose, kinds, order_at, pieces) in enumerate(shapes):
            order = None if order_at is None else orders[order_at]
            payload, made = archived(box, partners[whose], kinds, order=order, pieces=pieces)
            at = NOW.replace(year=NOW.year - 1 - number, day=min(NOW.day, 28)) - timedelta(days=20)
            dated(at, *made, payload=payload)
            things = [Thing(each.pk, each.transaction_set, partners[whose].pk, order, at) for each in made]
            spoken_of = things or [Thing(0, "FILE", partners[0].pk, None, at)]
            for pk in {payload.pk, *(each.interchange.payload_id for each in made)}:
                files[pk] = spoken_of
        files |= files_of_orders(orders)
        whose = {each.partner for things in files.values() for each in things}
        yield World(files, people, list(TradingPartner.objects.filter(pk__in=whose).order_by("pk")), orders)


def files_of_orders(orders: list[Order]) -> dict[int, list[Thing]]:
    """Return a packing list on a network mailbox, which is nobody's, and a photo that went to nobody, by payload."""
    files: dict[int, list[Thing]] = {}
    for years, order in enumerate(orders, start=2):
        of = factories.purchase_order(order)
        payload = photo(of) if years > 2 else packing_list(of, factories.mailbox())
        at = NOW.replace(year=NOW.year - years, day=min(NOW.day, 28)) - timedelta(days=20)
        dated(at, payload=payload)
        files[payload.pk] = [Thing(0, "FILE", of.agreement.partner_id, order, at)]
    return files


class History:
    """Random verbs, each done to the database and to the model."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.model = Model(world.files)
        self.seen: Counter[str] = Counter()
        self.runs: dict[int, tuple[User, set[int]]] = {}

    def run(self) -> None:
        verbs: list[Callable[[], None]] = [
            self.add_rule, self.change_rule, self.retire_rule, self.take_hold, self.take_hold, self.add_to_hold,
            self.propose_release, self.decide_release, self.propose_disposal, self.propose_disposal,
            self.decide_disposal, self.decide_disposal, *[self.destroy] * 6,
        ]  # fmt: skip
        self.add_rule()
        self.propose_disposal()
        for _ in range(STEPS):
            self.chance.choice(verbs)()
        self.check()

    def check(self) -> None:
        told = governed(self.model.files)
        due = {pk for pk, each in told.items() if each.because == Because.DUE}
        assert due == {pk for pk in self.model.files if self.model.is_due(pk)}
        gone = set(DisposalCertificate.objects.values_list("payload", flat=True))
        assert gone == self.model.destroyed
        emptied = set(Payload.objects.filter(ciphertext=b"").values_list("pk", flat=True))
        assert emptied == gone
        assert not Payload.objects.filter(pk__in=gone, key__isnull=False).exists()

    def somebody(self) -> User:
        return self.chance.choice(self.world.people)

    def terms(self) -> Terms:
        pick, world = self.chance, self.world
        kind = pick.choice(["", "", "", "855", "810", "846", "FILE"])
        order = pick.choice([None, None, None, *world.orders])
        return Terms(
            years=pick.randint(1, 9),
            legal_reason="Tax law",
            kinds=(kind,) if kind else (),
            partner=pick.choice([None, None, *world.partners]),
            store=order.store if order else None,
            country=pick.choice(["", "", "", *COUNTRIES]),
            starts=pick.choice(["exchanged", "year_end"]),
        )

    def add_rule(self) -> None:
        terms = (
            self.terms()
            if self.model.rules and self.chance.random() < 0.7
            else Terms(self.chance.randint(1, 3), "Tax law")
        )
        made = add_rule(self.somebody(), f"Rule {self.chance.random()}", terms, WHY)
        self.model.rules[made.rule_id] = terms

    def change_rule(self) -> None:
        if seen := self.revision():
            terms = self.terms()
            change_rule(self.somebody(), seen, terms, WHY)
            self.model.rules[seen.rule_id] = terms

    def retire_rule(self) -> None:
        if seen := self.revision():
            retire_rule(self.somebody(), seen, WHY)
            del self.model.rules[seen.rule_id]

    def revision(self) -> RetentionRevision | None:
        if not self.model.rules:
            return None
        rule = RetentionRule.objects.get(pk=self.chance.choice(sorted(self.model.rules)))
        return rule.revisions.order_by("-number").first()

    def take_hold(self) -> None:
        pick, world = self.chance, self.world
        years = sorted(pick.sample(range(11), 2))
        covered = pick.choice(
            [
                Covered(order=pick.choice(world.orders)),
                Covered(partner=pick.choice(world.partners)),
                Covered(
                    begins_at=NOW - timedelta(days=365 * years[1]),
                    ends_at=NOW - timedelta(days=365 * years[0]),
                ),
                Covered(documents=pick.sample(world.documents, 2), search="lamp"),
                Covered(documents=pick.sample(world.documents, 1)),
            ]
        )
        made = take_hold(self.somebody(), "Larch against us", covered, WHY)
        self.model.holds[made.pk] = covered
        if self.chance.random() < 0.3:
            self.propose_release()

    def add_to_hold(self) -> None:
        lists = [pk for pk, each in self.model.holds.items() if each.documents is not None]
        if lists:
            pk, document = self.chance.choice(lists), self.chance.choice(self.world.documents)
            listed = list(self.model.holds[pk].documents or [])
            verb = lambda: add_to_hold(self.somebody(), Hold.objects.get(pk=pk), [document], WHY)  # noqa: E731
            self.is_done(verb, document not in listed)
            self.model.holds[pk] = Covered(documents=sorted({*listed, document}))

    def propose_release(self) -> None:
        if self.model.holds:
            hold = Hold.objects.get(pk=self.chance.choice(sorted(self.model.holds)))
            is_open = open_release(hold) is not None
            self.is_done(lambda: propose_release(self.somebody(), hold, WHY), not is_open)
            if self.chance.random() < 0.8:
                self.decide_release()

    def decide_release(self) -> None:
        waiting = HoldRelease.objects.filter(decision=None, hold__in=self.model.holds).order_by("pk").first()
        if waiting is not None:
            user, yes = self.somebody(), self.chance.random() < 0.7
            may = not yes or user != waiting.user
            self.is_done(lambda: decide_release(user, waiting, WHY, approved=yes), may)
            if may and yes:
                del self.model.holds[waiting.hold_id]
                self.seen["released"] += 1

    def propose_disposal(self) -> None:
        under_way = {pk for _, listed in self.runs.values() for pk in listed} - self.model.destroyed
        due = {pk for pk in self.model.files if self.model.is_due(pk)} - self.model.destroyed - under_way
        plan, user = plan_disposal(), self.somebody()
        assert {each.payload for each in plan.entries} == due
        if due:
            run = propose_disposal(user, WHY, plan.digest, str(self.chance.random()))
            self.runs[run.pk] = (user, due)
            if self.chance.random() < 0.7:
                self.decide_disposal()

    def decide_disposal(self) -> None:
        waiting = DisposalRun.objects.filter(decision=None).order_by("pk").first()
        if waiting is not None:
            user, yes = self.somebody(), self.chance.random() < 0.8
            may = not yes or user != self.runs[waiting.pk][0]
            self.is_done(lambda: decide_disposal(user, waiting, WHY, approved=yes), may)
            if may and not yes:
                del self.runs[waiting.pk]

    def destroy(self) -> None:
        """Also of runs that nobody approved or somebody declined: nothing of those goes."""
        items = DisposalItem.objects.filter(refusal=None, certificate=None).order_by("pk")
        item = self.chance.choice([*items, None])
        if item is not None:
            decision = getattr(item.run, "decision", None)
            goes = decision is not None and decision.approved and self.model.is_due(item.payload_id)
            destroy(str(item.pk), Unclaimed())
            if goes:
                self.model.destroyed.add(item.payload_id)
                self.check()
            elif item.run_id in self.runs:
                self.runs[item.run_id][1].discard(item.payload_id)
            self.seen[
                "destroyed" if goes else "kept" if decision and decision.approved else "not approved"
            ] += 1

    def is_done(self, verb: Callable[[], Any], may: bool) -> None:
        try:
            verb()
        except Refused:
            assert not may
        else:
            assert may


def test_histories_go_as_the_model_says(world: World, record_property: Any) -> None:
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        with transaction.atomic():
            history = History(world, seed)
            try:
                history.run()
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
            seen.update(history.seen)
            transaction.set_rollback(True)
    record_property("figures", dict(seen))
    assert min(seen[each] for each in ("destroyed", "kept", "released", "not approved")) >= HISTORIES // 40, (
        seen
    )


@pytest.fixture
def due(committed: str) -> tuple[User, User]:
    """Two people, and a rule of one year; everything is committed."""
    first, second = (factories.user(f"keeper{number}", superuser=True) for number in (1, 2))
    rule(first)
    return first, second


def one_due(first: User, second: User) -> tuple[Document, DisposalItem]:
    """Return a document of two years ago and the one item of the disposal that is about to destroy it."""
    partner = factories.partner()
    payload, [document] = archived(factories.mailbox(), partner, ["855"])
    dated(datetime.now(UTC) - timedelta(days=800), document)
    [item] = approved(first, second)
    assert item.payload == payload
    return document, item


def on_own_connection(act: Callable[[], object]) -> Callable[[], None]:
    database = connection.settings_dict["NAME"]

    def acted() -> None:
        connection.settings_dict["NAME"] = database
        try:
            act()
        finally:
            connection.close()

    return acted


def wait_until_somebody_waits_for_a_lock() -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with connections["owner"].cursor() as owner:
            owner.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if owner.fetchone()[0]:
                return
    raise AssertionError("Nobody waits.")


def destroy_it(item: DisposalItem) -> None:
    destroy(str(item.pk), Unclaimed())


def hold_was_overlooked(document: Document) -> bool:
    """Say whether it was destroyed after it had been put on hold."""
    hold = Hold.objects.get(is_list=True, documents__document=document)
    certificate = DisposalCertificate.objects.filter(payload=document.interchange.payload).first()
    return certificate is not None and certificate.recorded_at > hold.recorded_at


def test_a_hold_that_is_being_taken_is_waited_for_and_wins(due: tuple[User, User]) -> None:
    document, item = one_due(*due)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold = take_hold(due[0], "Larch against us", Covered(documents=[document.pk]), WHY)
            destroying = pool.submit(on_own_connection(lambda: destroy_it(item)))
            wait_until_somebody_waits_for_a_lock()
        destroying.result(timeout=120)
    refusal = DisposalRefusal.objects.get(item=item)
    assert "on hold" in refusal.sentence
    assert hold.matter in refusal.sentence
    assert store.open(Payload.objects.get(pk=item.payload_id), purpose="t").startswith(b"ISA*")


def test_a_hold_taken_while_something_is_destroyed_waits_and_finds_it_gone(due: tuple[User, User]) -> None:
    document, item = one_due(*due)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            destroy_it(item)
            covered = Covered(documents=[document.pk])
            holding = pool.submit(
                on_own_connection(lambda: take_hold(due[0], "Larch against us", covered, WHY))
            )
            wait_until_somebody_waits_for_a_lock()
        holding.result(timeout=120)
    assert DisposalCertificate.objects.get(item=item).key_destroyed
    assert not hold_was_overlooked(document)


def test_without_the_lock_a_hold_is_overlooked(due: tuple[User, User]) -> None:
    """The variant, different in one line: what is taken and not committed yet is not seen."""
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT pg_get_functiondef('gridport_dispose(bigint, bigint)'::regprocedure)")
        [function] = owner.fetchone()
        naive = function.replace("PERFORM pg_advisory_xact_lock(hashtext('gridport.disposal'));", "")
        assert naive != function
        owner.execute(naive)
    document, item = one_due(*due)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        take_hold(due[0], "Larch against us", Covered(documents=[document.pk]), WHY)
        pool.submit(on_own_connection(lambda: destroy_it(item))).result(timeout=120)
    assert hold_was_overlooked(document)


def test_of_a_hold_and_a_disposal_at_once_one_is_first(due: tuple[User, User], record_property: Any) -> None:
    chance, first = random.Random(24), Counter[str]()
    record_property("seed", 24)
    for _ in range(RACES):
        document, item = one_due(*due)
        ready = threading.Barrier(2)
        head_start = chance.uniform(-0.01, 0.04)  # a disposal has more to do before it asks

        def racing(
            act: Callable[[], object], wait: float, ready: threading.Barrier = ready
        ) -> Callable[[], None]:
            def acted() -> None:
                ready.wait(timeout=120)
                time.sleep(max(0.0, wait))
                act()

            return on_own_connection(acted)

        covered = Covered(documents=[document.pk])
        acts = [
            racing(lambda held=covered: take_hold(due[0], "Larch against us", held, WHY), head_start),  # type: ignore[misc]
            racing(lambda item=item: destroy_it(item), -head_start),  # type: ignore[misc]
        ]
        with ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(act) for act in acts]:
                each.result(timeout=120)
        assert not hold_was_overlooked(document)
        is_kept = DisposalRefusal.objects.filter(item=item).exists()
        assert is_kept == bool(Payload.objects.get(pk=item.payload_id).ciphertext)
        first["the hold" if is_kept else "the disposal"] += 1
    record_property("figures", {f"{who} was first": times for who, times in first.items()})
    # On a machine that is busy a few races may all go one way; each order has a test of its own above.
    assert len(first) == 2 or not is_whole(), first


def test_what_was_not_approved_by_two_goes_under_no_circumstances(due: tuple[User, User]) -> None:
    """The function is called past the verbs: with one person's approval, with a list that was added to afterwards."""
    first, _ = due
    partner = factories.partner()
    payload, [document] = archived(factories.mailbox(), partner, ["855"])
    later, [_other] = archived(factories.mailbox(), partner, ["855"])
    dated(datetime.now(UTC) - timedelta(days=800), document)
    run = propose_disposal(first, WHY, plan_disposal().digest, "k")
    dated(datetime.now(UTC) - timedelta(days=800), _other)
    item = run.items.get()

    def refusal(payload: Payload) -> str:
        with pytest.raises(Exception, match="two people") as refused, connection.cursor() as cursor:
            cursor.execute("SELECT gridport_dispose(%s, %s)", [payload.pk, run.pk])
        return str(refused.value.__cause__.sqlstate)  # type: ignore[union-attr]

    assert refusal(payload) == "GP001"
    with pytest.raises(Exception, match="a second person has to approve"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO archive_disposaldecision (proposal_id, user_id, actor, reason, approved)"
            " VALUES (%s, %s, 'a', 'b', true)",
            [run.pk, first.pk],
        )
    decide_disposal(due[1], run, WHY, approved=True)
    DisposalItem.objects.create(
        run=run, payload=later, revision=item.revision, kept_until=item.kept_until, words="slipped in"
    )
    assert refusal(later) == "GP001"
    assert DisposalCertificate.objects.count() == 0
    destroy_it(item)
    assert DisposalCertificate.objects.get().payload == payload


@pytest.mark.parametrize("table", ["archive_disposaldecision", "archive_hold", "archive_retentionrevision"])
def test_a_table_of_the_callers_own_does_not_stand_in_for_what_was_decided(
    due: tuple[User, User], table: str
) -> None:
    """The application may make temporary tables: one of the name of a table of ours is passed over."""
    document, item = one_due(*due)
    is_decided = table != "archive_disposaldecision"
    if is_decided:
        take_hold(due[0], "Larch against us", Covered(documents=[document.pk]), WHY)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(f"GRANT ALL ON {table} TO PUBLIC")
        if is_decided:
            with pytest.raises(Exception, match="is kept: hold"):
                cursor.execute("SELECT public.gridport_dispose(%s, %s)", [item.payload_id, item.run_id])
        else:
            cursor.execute("SELECT public.gridport_dispose(%s, %s)", [item.payload_id, item.run_id])
        cursor.execute(f"DROP TABLE pg_temp.{table}")
    assert DisposalCertificate.objects.filter(item=item).exists() != is_decided
