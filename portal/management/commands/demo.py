"""One order, there and back, on this machine: store, network, suppliers, workers and portal."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integration.flows import connect
from integration.models import HookCall
from portal.copies import DatabaseCopies
from portal.demo import sample, story
from portal.demo.evidence import prove, put_aside
from portal.demo.flows import ALL, BILLED, FLOWS, INVOICED, SHIPPED, SHORT, TWO_SUPPLIERS
from portal.demo.processes import DemoError, Processes
from portal.demo.returned import RETURNED
from portal.demo.stage import Stage
from portal.localdb import LocalDatabaseError, PrivateServer

DATABASE = "gridport_demo"
STORY_ORDER = 1001
STATUS_AFTER = 9
SHORT_ANSWER = f"{SHORT}-1"
TOKEN = "demo-token"  # noqa: S105 - the simulated store's, on loopback
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - likewise
STORE_HASH = "harborpine"


class Command(BaseCommand):
    """``manage.py demo [--once] [--flow NAMES] [--json] [--port N]``."""

    help = "Start everything on this machine, send one order there and back, and stay up until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to end and what to print."""
        parser.add_argument("--once", action="store_true", help="stop after the one order, or the flows")
        parser.add_argument(
            "--flow",
            default="",
            help=f"play these instead of the one order: {', '.join(FLOWS)}, by commas; or all",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object on stdout, progress on stderr"
        )
        parser.add_argument(
            "--evidence",
            action="store_true",
            help="seal the archive at the end, and write a pack that proves an order",
        )
        parser.add_argument("--port", type=int, default=0, help="of the portal; 0 takes 8000 or a free one")
        parser.add_argument("--prepared", action="store_true", help=argparse.SUPPRESS)

    def handle(
        self,
        *args: Any,
        once: bool,
        flow: str,
        json: bool,
        evidence: bool,
        port: int,
        prepared: bool,
        **options: Any,
    ) -> None:
        """Run the demo; exit 0 only if the order came back accepted and the store moved."""
        stop = threading.Event()
        named = ",".join(ALL) if flow == "all" else flow
        flows = [name for name in map(str.strip, named.split(",")) if name]
        unknown = sorted(set(flows) - set(FLOWS))
        if unknown:
            raise CommandError(f"There is no flow {', '.join(unknown)}; there are: {', '.join(FLOWS)}.")

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGINT, ask_to_stop)
        signal.signal(signal.SIGTERM, ask_to_stop)
        try:
            if prepared:
                self._run(stop, once=once, flows=flows, as_json=json, evidence=evidence, port=port)
            else:
                self._prepare(once=once, flows=flows, as_json=json, evidence=evidence, port=port)
        except (DemoError, LocalDatabaseError) as error:
            raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()

    def _prepare(self, *, once: bool, flows: list[str], as_json: bool, evidence: bool, port: int) -> None:
        """Start the database, copy it, and run the demo in a process that is connected to the copy."""
        self._say("Database: starting.")
        server = PrivateServer(Path(settings.DATA_FOLDER))
        ours = not server.is_running()
        installation = server.start()
        try:
            self._say("Database: making a fresh copy for the demo.")
            copies = DatabaseCopies(
                installation.address("owner"), installation.address("app"), Path(settings.DATA_FOLDER)
            )
            app, _ = copies.make(DATABASE)
            port = port or _port()
            environment = {
                "PUBLIC_URL": _url(port),
                "DATABASE_URL": app,
                "SECRET_KEY": installation.secret_key,
                "ENCRYPTION_KEYS": installation.encryption_key,
                "HTTPS": "false",
                "PUBLISHED_ROOTS": str(put_aside(Path(settings.DATA_FOLDER) / "published" / "roots.txt")),
            }
            wanted = {"--once": once, "--json": as_json, "--evidence": evidence}
            flags = [flag for flag, is_wanted in wanted.items() if is_wanted]
            flags += ["--flow", ",".join(flows), "--port", str(port)]
            inside = subprocess.Popen(
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--prepared", *flags],
                env={**os.environ, **environment},
            )
            # Ctrl-C reaches both processes, a signal to this one alone does not: it is passed on.
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, lambda number, frame: inside.send_signal(signal.SIGTERM))
            code = inside.wait()
        finally:
            if ours:
                server.stop()
        if code:
            sys.exit(code)

    def _run(
        self, stop: threading.Event, *, once: bool, flows: list[str], as_json: bool, evidence: bool, port: int
    ) -> None:
        began = time.monotonic()
        folder = Path(settings.DATA_FOLDER) / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        with Processes(folder / "logs", {}) as processes:
            store = self._simulators(processes, folder, stop, once=once)
            self._portal(processes, stop, port)
            self._say(f"Ready after {time.monotonic() - began:.0f} s.")
            result = (
                self._flows(processes, stop, store, flows)
                if flows
                else self._story(processes, stop, store, folder)
            )
            played = {TWO_SUPPLIERS, SHORT, SHIPPED, INVOICED, BILLED, RETURNED} if flows else {STORY_ORDER}
            if evidence:
                result["evidence"] = prove(Path(settings.DATA_FOLDER), self._say)
            for number in self._orders:
                if number not in played:
                    store.place(number)
            if as_json:
                self.stdout.write(json.dumps(result))
                self.stdout.flush()
            if not once:
                self._stay(processes, stop, _url(port))
        self._say("Stopped.")

    def _simulators(
        self, processes: Processes, folder: Path, stop: threading.Event, *, once: bool
    ) -> story.StoreView:
        self._say("Store and network: starting the simulators.")
        network = processes.start_announced(
            "network", "-m", "integration.simulators.network", "--root", str(folder / "network"), "--sftp",
            "--port", "0", "--answer", "accept", "--answer-to", SHORT_ANSWER, "short",
        )  # fmt: skip
        self._network = story.NetworkView(network["control"])
        examples = settings.BASE_DIR.parent / "shared" / "bigcommerce" / "examples"
        options = (
            ["--examples", str(examples), "--examples-status", "11"] if examples.is_dir() and not once else []
        )
        store = processes.start_announced(
            "store", "-m", "integration.simulators.store", "--port", "0", "--store-hash", STORE_HASH,
            "--token", TOKEN, "--client-secret", CLIENT_SECRET, "--orders", "none", *options,
        )  # fmt: skip
        row = sample.fill(
            sample.Addresses(
                store_url=store["url"],
                store_hash=STORE_HASH,
                store_token=TOKEN,
                sftp_port=network["port"],
                sftp_username=network["username"],
                sftp_password=network["password"],
                sftp_host_key=network["host_key"],
                store_client_secret=CLIENT_SECRET,
            ),
            store["skus"],
        )
        sample.add_customer(row)
        sample.add_stock_and_returns(row)
        lead = User.objects.get(username="lead")
        connect.register_hooks(lead, row, "The store says at once that an order changed.")
        self._orders: list[int] = [] if once else store["orders"]
        return story.StoreView(store["url"], STORE_HASH, TOKEN)

    def _portal(self, processes: Processes, stop: threading.Event, port: int) -> None:
        self._say("Worker and portal: starting.")
        processes.start("worker", "manage.py", "worker")
        processes.start("portal", "manage.py", "serve", "--port", str(port))
        story.wait_until(
            lambda: _answers(_url(port) + "health/ready"),
            self._watch(processes, stop),
            60,
            "The portal's start",
        )

    def _story(
        self, processes: Processes, stop: threading.Event, store: story.StoreView, folder: Path
    ) -> dict[str, Any]:
        store.place(STORY_ORDER)
        began = time.monotonic()
        before = store.status_of(STORY_ORDER)
        self._say(f"Order {STORY_ORDER} is placed in the store:")
        told: set[str] = set()

        def arrived() -> bool:
            story.tell(STORY_ORDER, lambda line: self._say(line), told)
            # The 997 may be read after the 855 that came with it.
            return store.status_of(STORY_ORDER) == STATUS_AFTER and {"effect_done", "acknowledged"} <= told

        story.wait_until(arrived, self._watch(processes, stop), 90, "The order's way there and back")
        seconds = round(time.monotonic() - began, 2)
        documents = story.documents_of(STORY_ORDER)
        result = {
            "order_id": STORY_ORDER,
            "purchase_order_number": story.purchase_order_number(STORY_ORDER),
            "documents": documents,
            "store_status_before": before,
            "store_status_after": store.status_of(STORY_ORDER),
            "seconds": seconds,
        }
        story.judge(result, folder / "network")
        to_mailbox = story.seconds_to_mailbox(STORY_ORDER, store)
        self._say(
            f"Order {STORY_ORDER} came back accepted after {seconds} s: Awaiting Fulfillment → Awaiting Shipment."
            f" From the poll that returned it to its 850 on the mailbox: {to_mailbox:.1f} s."
            f" Meanwhile the store called Gridport {HookCall.objects.count()} times."
        )
        return result

    def _flows(
        self, processes: Processes, stop: threading.Event, store: story.StoreView, names: list[str]
    ) -> dict[str, Any]:
        stage = Stage(store, self._network, self._say, self._watch(processes, stop))
        played = {name: play(stage) for name, play in FLOWS.items() if name in names}
        return {"flows": {name: played[name] for name in names}}

    def _stay(self, processes: Processes, stop: threading.Event, url: str) -> None:
        if self._orders:
            self._say(f"{len(self._orders)} more orders are placed, many of them difficult.")
        self._say("")
        self._say(f"  {url}")
        for name, password, role in sample.LOGINS:
            self._say(f"    {name:6} {password:15} {role}")
        self._say("")
        self._say("Ctrl-C stops everything.")
        while not stop.wait(0.5):
            processes.check()

    def _watch(self, processes: Processes, stop: threading.Event) -> Callable[[], None]:
        def check() -> None:
            if stop.is_set():
                raise DemoError("Stopped before the order was back.")
            processes.check()

        return check


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _port() -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8000))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
