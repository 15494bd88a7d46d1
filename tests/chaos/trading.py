"""A shop, its suppliers and the network between, each a process of its own; what happens there, by one Random.

Orders of both suppliers are placed, edited, cancelled and refunded while workers work; suppliers answer in every way and
change their minds; the store's calls are lost, doubled, late and out of order, and so are files (``courier``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random
from typing import Any

import requests

from integration import tasks
from integration.flows import connect
from integration.models import Channel, Order, Store, Work
from integration.simulators.network.answers import plan_of
from integration.simulators.network.control import ControlDoor
from integration.simulators.network.suppliers import LONGEST_PAUSE, Network
from integration.simulators.store.catalog import SKUS
from integration.simulators.store.payloads import SampleOrder, build, line, person
from partners.mapping.compiler import load_shipped_guide
from partners.models import Agreement, AgreementDocument, AnswerTolerances
from tests import calls, factories
from tests.chaos.courier import Courier
from tests.chaos.forking import Forked
from tests.chaos.installation import DUE, FIRST_ORDER, MOVING, STANDING, Installation

WORKERS = 2
ROUNDS = 200
CANCELLED = 5
PURCHASE_ORDERS = 5
"""More than any order is split into."""
QUIET = 3
"""So many orders are accepted as they are: to be looked at when something of them is taken away."""
OVERTAKEN = 3
"""So many suppliers' second thoughts overtake their first."""
AGES = timedelta(days=3)
"""By then every answer is overdue."""

SAYS = {
    "accept": 30, "short": 8, "over": 4, "price_up": 4, "price_down": 2, "late_date": 4, "substitute": 4,
    "reject_line": 5, "reject_all": 3, "hold": 5, "silent": 2, "functional_only": 2, "reject": 2,
}  # fmt: skip
COMES = {"": 12, "late": 3, "duplicate": 3, "duplicate_renumbered": 2, "duplicate_altered": 1}
IS_READ = {"": 12, "functional_errors": 1, "functional_twice": 1, "functional_last": 2, "no_functional": 1}
CHANGES = {
    "": 8, "change_reject": 1, "change_partly": 1, "change_other": 1, "change_late": 1, "change_duplicate": 1,
    "change_renumbered": 1,
}  # fmt: skip
SECOND_THOUGHTS = {"accept": 3, "short": 1, "over": 1, "reject_line": 1}
SHIPS = {
    "whole": 4,
    "parcels": 3,
    "no_packages": 2,
    "packed_first": 2,
    "pallets": 1,
    "untracked": 1,
    "over": 1,
}
BILLS = {"shipped": 5, "whole": 2, "dearer": 1, "freight": 1}
HOOK_FAULTS = ("drop", "duplicate", "late", "reorder")


@dataclass(frozen=True)
class Outside:
    """What the simulators hold, each as its own process tells it."""

    network: list[dict[str, Any]]
    held: dict[str, dict[str, str]]
    shipped: dict[str, dict[str, str]]
    billed: dict[str, dict[str, str]]
    shipments: dict[int, list[dict[str, Any]]]
    asked: list[dict[str, Any]]
    orders: dict[int, dict[str, Any]]
    calls: list[dict[str, Any]]


@contextmanager
def open_suppliers(root: Path) -> Iterator[dict[str, Any]]:
    """Serve suppliers who take and answer when they are told, and send what is late when it is released."""
    with ControlDoor(Network(root, pause=LONGEST_PAUSE)) as door:
        yield {"url": door.url}


def sold(random: Random, orders: int) -> dict[int, SampleOrder]:
    """Return orders of one to three lines, many of both suppliers, some to two addresses; a few that nobody can deliver.

    The first ``QUIET`` are of one line.
    """
    made = {}
    for place in range(orders):
        listed = [*random.sample(SKUS["AC"][20:300], 2), random.choice(SKUS["BO"][:30])]
        chosen = random.sample(listed, 1 if place < QUIET else random.randint(1, 3))
        if place >= QUIET and random.random() < 0.04:
            chosen.append("XX-001")
        people = [person()]
        if random.random() < 0.1:
            people.append(person(first_name="Ivo", street_1="7 Cannery Row"))
        lines = [line(sku, random.randint(1, 12)) for sku in chosen]
        made[FIRST_ORDER + place] = build(FIRST_ORDER + place, lines, addresses=people)
    return made


class Trading:
    """The world of one test; ``seed`` decides what happens, and the workers when."""

    def __init__(self, forked: Forked, folder: Path, seed: int, orders: int) -> None:
        self.random = Random(seed)
        self._forked = forked
        made = sold(self.random, orders)
        self.installation = Installation(forked, folder, made)
        for transaction_set in ("810", "856", "860", "865"):
            load_shipped_guide(transaction_set, "004010")
        theirs = folder / "suppliers"
        self._suppliers = forked.serve(lambda: open_suppliers(theirs))["url"]
        ours = self.installation.network
        self.courier = Courier(self.random, (ours.inbox, ours.outbox), (theirs / "inbox", theirs / "outbox"))
        self._unplaced = list(made)
        self._lines = {number: [each["id"] for each in order.products] for number, order in made.items()}
        self._edits = self._planned_edits()
        self._second_thoughts = self.random.sample(list(made)[QUIET:], max(OVERTAKEN, orders // 10))
        self._goods = self._planned_goods()
        self._shipments: dict[str, str] = {}
        self.overtaken: set[str] = set()
        self.placed: list[int] = []
        self.installation.tell_store("quota", {"requests": 1_000_000})
        self._agree()

    def _agree(self) -> None:
        for agreement in Agreement.objects.order_by("pk"):
            for transaction_set, direction in (("860", "out"), ("865", "in")):
                AgreementDocument.objects.create(
                    agreement=agreement, transaction_set=transaction_set, direction=direction
                )
        Agreement.objects.update(changes_after_sending=Agreement.AfterSending.SEND)
        lenient = Agreement.objects.order_by("pk")[0]
        AnswerTolerances.objects.create(
            agreement=lenient, price_percent=15, over_absolute=1, accepts_backorders=True, days_late=21
        )
        answers = {
            f"{number}-{place}": self._answer()
            for number in self._unplaced[QUIET:]
            for place in range(1, PURCHASE_ORDERS)
        }
        self.tell_suppliers("answers", {"answers": answers})

    def _answer(self) -> str:
        """Return a way of answering whose parts do not touch the same."""
        answer = self._chosen(SAYS)
        for parts in (COMES, IS_READ, CHANGES):
            part = self._chosen(parts)
            try:
                plan_of(f"{answer}+{part}" if part else answer)
            except ValueError:
                continue
            answer = f"{answer}+{part}" if part else answer
        return answer

    def _chosen(self, weights: dict[str, int]) -> str:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _planned_goods(self) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """Return what suppliers ship and bill of their purchase orders: half and the rest, or all at once, some said anew."""
        planned: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for number in self.random.sample(self._unplaced[QUIET:], len(self._unplaced) // 2):
            acts: list[tuple[str, dict[str, Any]]] = []
            if self.random.random() < 0.4:
                acts.append(("ship", {"way": "half"}))
            acts.append(("ship", {"way": self._chosen(SHIPS)}))
            if self.random.random() < 0.15:
                acts.append(("ship", {"way": "whole", "purpose": self.random.choice(["replace", "cancel"])}))
            if self.random.random() < 0.6:
                acts.append(("bill", {"way": self._chosen(BILLS)}))
            planned[f"{number}-1"] = acts
        return planned

    def _planned_edits(self) -> list[tuple[int, str]]:
        concerned = self.random.sample(self._unplaced[QUIET:], len(self._unplaced) // 3)
        kinds = {"quantity": 6, "refund": 2, "cancel": 2}
        edits = [(number, self._chosen(kinds)) for number in concerned]
        edits += [(number, "quantity") for number in concerned if self.random.random() < 0.3]
        self.random.shuffle(edits)
        return edits

    def call_us(self, address: str, settings: Any) -> None:
        """Have the store call the portal that is served at ``address`` about every order."""
        settings.PUBLIC_URL = f"http://{address}"
        Store.objects.update(client_secret=calls.CLIENT_SECRET)
        connect.register_hooks(factories.user("lou", "decide"), Store.objects.get(), "Orders come sooner.")

    def tell_suppliers(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use the suppliers' control door; return what it says."""
        answer = requests.post(f"{self._suppliers}/_simulator/{path}", json=body or {}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def outside(self) -> Outside:
        """Ask everybody for his ledger."""
        store, network = f"{self.installation.store_url}/_simulator", f"{self._suppliers}/_simulator"
        with requests.Session() as session:

            def told(address: str) -> Any:
                return session.get(address, timeout=30).json()

            return Outside(
                network=told(f"{network}/ledger"),
                held=told(f"{network}/held"),
                shipped=told(f"{network}/shipped"),
                billed=told(f"{network}/billed"),
                shipments={number: told(f"{store}/orders/{number}/shipments") for number in self.placed},
                asked=told(f"{store}/ledger"),
                orders={number: told(f"{store}/orders/{number}") for number in self.placed},
                calls=told(f"{store}/webhooks/deliveries"),
            )

    def trade(self) -> None:
        """Have everything happen that is to happen, workers working meanwhile."""
        for _ in range(ROUNDS):
            self._round(self._happen, polls=self.random.random() < 0.3)
            if not (self._unplaced or self._edits or self._second_thoughts or self._goods):
                return
        raise AssertionError(f"still trading after {ROUNDS} rounds: {self._edits}, {self._second_thoughts}")

    def settle(self) -> None:
        """Let everybody finish, until nothing moves any more."""
        self.courier.hurry()
        self._calls_go_well()
        moving: list[str] = []
        for _ in range(ROUNDS):
            self._round(lambda: self.tell_suppliers("release"), polls=True)
            moving = self._moving()
            if not moving:
                return
        raise AssertionError(f"still moving after {ROUNDS} rounds: {moving[:20]}")

    def _calls_go_well(self) -> None:
        """Arm no more faults of calls."""
        url = f"{self.installation.store_url}/_simulator/webhooks/faults"
        requests.delete(url, timeout=10).raise_for_status()

    def work(self, *standing: str) -> None:
        """Let workers do everything that is due, and the standing steps named."""
        self.installation.ask(*standing)
        self._forked.run([_work] * WORKERS)

    def _round(self, meanwhile: Callable[[], object], *, polls: bool) -> None:
        # The store's dates have whole seconds: what was changed in this one is looked at in the next.
        self.installation.tell_store("clock", {"advance": 2})
        self.installation.ask(*(name for name in MOVING if polls or name != "poll_store"))
        _let_waits_be_over()
        workers = [self._forked.start(_work) for _ in range(WORKERS)]
        meanwhile()
        self._carry()
        assert [self._forked.wait(pid) for pid in workers] == [0] * WORKERS

    def _carry(self) -> None:
        self.courier.carry_out()
        self.tell_suppliers("take")
        self.courier.carry_in()

    def _happen(self) -> None:
        if self.random.random() < 0.5:
            kind = self.random.choice(HOOK_FAULTS)
            self.installation.tell_store(
                "webhooks/faults", {"kind": kind, "times": self.random.randint(1, 3)}
            )
            self.courier.faults[f"calls: {kind}"] += 1
        for _ in range(min(len(self._unplaced), self.random.randint(3, 12))):
            number = self._unplaced.pop(0)
            self.installation.tell_store(f"orders/{number}/place")
            self.placed.append(number)
        due = [each for each in self._edits if each[0] in self.placed]
        for edit in due[: self.random.randint(0, 4)]:
            self._edits.remove(edit)
            self._edit(*edit)
        self._think_again()
        self._move_goods()

    def _edit(self, number: int, kind: str) -> None:
        told = self.installation.in_store(number)
        if told["status_id"] == CANCELLED:
            return
        if kind == "cancel":
            self.installation.tell_store(f"orders/{number}", {"status_id": CANCELLED})
            return
        line_id = self.random.choice(self._lines[number])
        fields = {"quantity": self.random.randint(1, 15), "quantity_refunded": 0}
        if kind == "refund":
            fields["quantity_refunded"] = self.random.randint(1, fields["quantity"])
        self.installation.tell_store(f"orders/{number}/lines/{line_id}", fields)

    def _think_again(self) -> None:
        """Have suppliers who got their purchase order answer it anew."""
        arrived = self._arrived()
        for number in list(self._second_thoughts):
            name = f"{number}-1"
            if name in arrived:
                self._second_thoughts.remove(number)
                self._say_otherwise(name)
            elif not self._edits and not self._unplaced and number in self.placed and self._stays(number):
                self._second_thoughts.remove(number)

    def _move_goods(self) -> None:
        """Have suppliers ship and bill what they got; some of it before their answer has come."""
        arrived = self._arrived()
        for purchase_order, acts in list(self._goods.items()):
            number = int(purchase_order.partition("-")[0])
            if purchase_order in arrived and self.random.random() < 0.4:
                self._act(purchase_order, *acts.pop(0))
            elif (
                purchase_order not in arrived and not (self._unplaced or self._edits) and self._stays(number)
            ):
                acts.clear()
            if not acts:
                del self._goods[purchase_order]

    def _act(self, purchase_order: str, what: str, how: dict[str, Any]) -> None:
        told = {"purchase_orders": [purchase_order], **how}
        if "purpose" in how:
            if purchase_order not in self._shipments:
                return
            told["number"] = self._shipments[purchase_order]
        try:
            done = self.tell_suppliers(what, told)
        except requests.HTTPError as error:
            if error.response.status_code != 400:
                raise
            return  # nothing is left of it: it was cancelled meanwhile, or has left
        if what == "ship":
            self._shipments[purchase_order] = done["number"]

    def _arrived(self) -> set[str]:
        told = requests.get(f"{self._suppliers}/_simulator/ledger", timeout=30).json()
        return {each["purchase_order"] for each in told if each["event"] == "arrival"}

    def _say_otherwise(self, purchase_order: str) -> None:
        """Have a supplier say something else; of some, that he waits before, which arrives when all else has."""
        says = self._chosen(SECOND_THOUGHTS)
        if len(self.overtaken) < OVERTAKEN:
            says = "accept"
            before = len(self._answers())
            self.tell_suppliers("send", {"purchase_order": purchase_order, "answer": "hold+no_functional"})
            (first,) = self._answers()[before:]
            self.courier.keep.add(first["name"])
            self.overtaken.add(purchase_order)
        self.tell_suppliers("send", {"purchase_order": purchase_order, "answer": f"{says}+no_functional"})

    def _answers(self) -> list[dict[str, Any]]:
        told = requests.get(f"{self._suppliers}/_simulator/ledger", timeout=30).json()
        return [each for each in told if each["event"] == "answer"]

    def _stays(self, number: int) -> bool:
        """Say whether no purchase order of an order will be sent."""
        order = Order.objects.filter(number=number).first()
        return order is not None and order.state in (Order.State.HELD, Order.State.NOT_OURS)

    def _moving(self) -> list[str]:
        """Return what is not at rest, in words."""
        waiting = Work.objects.exclude(step__in=STANDING).filter(parked_at=None)
        moving = [f"{step} {subject}" for step, subject in waiting.values_list("step", "subject")]
        if not self.courier.is_empty():
            moving.append("files")
        read = dict(Order.objects.values_list("number", "modified_at"))
        for number in self.placed:
            changed = parsedate_to_datetime(self.installation.in_store(number)["date_modified"])
            if read.get(number) != changed:
                moving.append(f"order {number}")
        return moving


def _work() -> None:
    tasks.drain_everything()


def _let_waits_be_over() -> None:
    Work.objects.exclude(step__in=STANDING).filter(parked_at=None, lease_token=None).update(due_at=DUE)
    Channel.objects.filter(opened_at__isnull=False).update(probe_at=DUE)
