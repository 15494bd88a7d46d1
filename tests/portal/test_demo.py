"""The demo, as a newcomer runs it, in an installation of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil

from portal.demo.flows import ALL
from portal.demo.stocked import SKUS
from portal.localdb import PrivateServer
from tests.archive.test_verify import run
from tests.conftest import ROOT

INVOICED = ["810 out", "JSON out", "UBL out"] * 2
"""An invoice and a credit memo, each in three formats."""
ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "SECRET_KEY", "ENCRYPTION_KEYS")


def test_one_order_goes_there_and_back_and_nothing_stays_behind(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--once", "--evidence", "--json"],
        env={**environment, "GRIDPORT_DATA": str(folder)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    try:
        assert done.returncode == 0, done.stderr
        [line] = done.stdout.splitlines()
        result = json.loads(line)
        assert sorted(result) == [
            "documents", "evidence", "order_id", "purchase_order_number", "seconds", "store_status_after", "store_status_before",
        ]  # fmt: skip
        assert (result["order_id"], result["purchase_order_number"]) == (1001, "1001-1")
        assert (result["store_status_before"], result["store_status_after"]) == (11, 9)
        assert [
            (each["kind"], each["direction"], each["validation"], each["delivery"], each["acknowledgment"])
            for each in result["documents"]
        ] == [
            ("850", "out", "valid", "delivered", "accepted"),
            ("997", "in", "valid", "none", "not_expected"),
            ("855", "in", "valid", "none", "not_expected"),
        ]
        [read_by_supplier] = [
            path
            for path in (folder / "demo" / "network" / "taken").iterdir()
            if path.name.endswith(".850.edi")
        ]
        assert hashlib.sha256(read_by_supplier.read_bytes()).hexdigest() == result["documents"][0]["sha256"]
        assert "the store is told" in done.stderr
        pack, roots = folder / "evidence" / "1001.zip", folder / "published" / "roots.txt"
        assert result["evidence"]["proved"] > 30
        assert run(pack, roots)[0] == 0
        assert run(pack)[0] == 2
        assert re.search(r"Meanwhile the store called Gridport [1-9]", done.stderr)
        assert not PrivateServer(folder).is_running()
        assert left_behind(folder) == []
    finally:
        PrivateServer(folder).stop()


def test_the_flows_end_in_the_store_and_print_one_shape(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--once", "--flow", ",".join([*ALL, "bills"]), "--json"],
        env={**environment, "GRIDPORT_DATA": str(folder)}, capture_output=True, text=True, timeout=1200, check=False,
    )  # fmt: skip
    try:
        assert done.returncode == 0, done.stderr
        flows = json.loads(done.stdout)["flows"]
        assert list(flows) == [
            "orders", "acknowledgments", "shipments", "invoices", "stock", "archive", "returns", "bills",
        ]  # fmt: skip
        for flow in flows.values():
            assert sorted(flow) == ["documents", "store_after", "store_before"]
        archive, stock = flows.pop("archive"), flows.pop("stock")
        assert [flow["store_before"]["status_id"] for flow in flows.values()] == [11] * 6
        assert [flow["store_after"]["status_id"] for flow in flows.values()] == [9, 9, 2, 14, 4, 2]
        assert [f"{each['kind']} {each['direction']}" for each in stock["documents"]] == ["846 in", "846 in"]
        assert stock["store_before"] == dict.fromkeys(SKUS, 0)
        assert stock["store_after"] == {SKUS[0]: 35, **dict.fromkeys(SKUS[1:], 38)}
        read = {each["sha256"] for each in archive["documents"]}
        assert read >= {each["sha256"] for flow in (*flows.values(), stock) for each in flow["documents"]}
        kinds = {
            name: sorted(f"{each['kind']} {each['direction']}" for each in flow["documents"])
            for name, flow in flows.items()
        }
        # What finance gets of it comes when it comes.
        returned = [
            each
            for each in kinds.pop("returns")
            if each.partition(" ")[0] in ("180", "812", "850", "855", "856")
        ]
        assert returned == ["180 in", "180 in", "180 out", "812 in", "850 out", "855 in", "856 in"]
        assert kinds == {
            "orders": ["850 out", "850 out", "855 in", "855 in", "855 out", "997 in", "997 in", "997 in"],
            "acknowledgments": ["850 out", "855 in", "997 in"],
            "shipments": ["850 out", "855 in", "856 in", "856 in", "997 in"],
            "bills": ["810 in", "850 out", "855 in", "856 in", "997 in"],
            "invoices": sorted([*INVOICED, "850 out", "855 in", "856 in", "997 in", "997 in", "997 in"]),
        }
        assert [each["items"] for each in flows["shipments"]["store_after"]["shipments"]] == [
            {"1002001": 1, "1002002": 1, "1002003": 2},
            {"1002002": 2},
            {"1002003": 2},
        ]
        assert flows["acknowledgments"]["store_after"]["metafields"] == {
            "purchase_orders": "1004-1: accepted"
        }
        assert "Line 1 (AC-004): 11 of 12 each acknowledged, 1 on backorder" in done.stderr
        assert "Line 1 (AC-001): price: asked" in done.stderr
        assert "1.00 USD of" in done.stderr
        assert left_behind(folder) == []
    finally:
        PrivateServer(folder).stop()


def test_a_flow_that_does_not_exist_is_named_with_those_that_do() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--flow", "refunds"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        "There is no flow refunds; there are: orders, acknowledgments, shipments, bills, invoices, stock, returns, archive."
        in done.stderr
    )


def left_behind(folder: Path) -> list[str]:
    """Return the processes that were told of ``folder``."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        if str(folder) in words and process.pid != os.getpid():
            found.append(words)
    return found
