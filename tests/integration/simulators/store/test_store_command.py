"""``python -m integration.simulators.store``: a process of its own, without Django."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from integration.simulators.store.catalog import SKUS
from integration.simulators.store.sample_orders import generated_orders
from tests.conftest import ROOT
from tests.integration.simulators.store.receiver import receiving

NUMBERS = sorted(generated_orders())
# No settings, no database: what the process needs of us is the code alone.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("DJANGO", "DATABASE", "SECRET", "ENCRYPTION", "PYTHON"))
}


def command(*options: str, before: tuple[str, ...] = ()) -> list[str]:
    return [sys.executable, *before, "-m", "integration.simulators.store", *options]


@contextmanager
def running(*options: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """The process and what it announced."""
    with subprocess.Popen(
        command(*options),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            process.kill()


def test_it_imports_neither_django_nor_anything_else_of_ours() -> None:
    script = (
        "import runpy, sys\n"
        "sys.argv = ['store', '--help']\n"
        "try:\n    runpy.run_module('integration.simulators.store', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "ours = ('django', 'requests', 'portal', 'archive', 'partners', 'integration')\n"
        "print('loaded', *sorted(name for name in sys.modules if name.split('.')[0] in ours))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = done.stdout.splitlines()[-1].split()[1:]
    assert "integration.simulators.store.server" in loaded
    assert {name for name in loaded if not name.startswith("integration.simulators.store")} == {
        "integration",
        "integration.simulators",
    }


def test_one_line_says_where_it_listens_and_what_it_has() -> None:
    with running("--store-hash", "abc", "--token", "secret", "--orders", "1001,1007") as (ready, process):
        assert ready == {
            "url": f"http://127.0.0.1:{ready['port']}",
            "port": ready["port"],
            "orders": NUMBERS,
            "skus": SKUS,
        }
        answer = requests.get(
            f"{ready['url']}/stores/abc/v2/orders",
            headers={"X-Auth-Token": "secret", "Accept": "application/json"},
            timeout=60,
        )
        assert [order["id"] for order in answer.json()] == [1001, 1007]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_ctrl_c_ends_it_in_order() -> None:
    with running("--orders", "none") as (ready, process):
        requests.post(f"{ready['url']}/_simulator/orders/1001/place", timeout=60).raise_for_status()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0


def test_the_official_examples_are_there_when_their_folder_is_named(shared: Path) -> None:
    folder = shared / "bigcommerce" / "examples"
    with running("--examples", str(folder), "--examples-status", "11") as (ready, _):
        assert ready["orders"] == [100, 218, 247, *NUMBERS]
        answer = requests.get(f"{ready['url']}/_simulator/orders/218", timeout=60)
        assert answer.json()["order"]["status_id"] == 11


def test_the_tokens_scopes_are_chosen_at_the_start() -> None:
    with running("--scopes", "store_v2_orders_read_only", "--store-hash", "abc", "--token", "secret") as (
        ready,
        _,
    ):
        headers = {"X-Auth-Token": "secret", "Accept": "application/json"}
        base = f"{ready['url']}/stores/abc"
        statuses = [
            requests.get(base + path, headers=headers, timeout=60).status_code
            for path in ("/v2/orders/1001", "/v2/store", "/v3/hooks")
        ]
    assert statuses == [200, 403, 200]


def test_callbacks_are_signed_and_hurried_as_told_at_the_start() -> None:
    with (
        receiving() as receiver,
        running("--client-secret", "hush", "--time-scale", "1000", "--token", "secret") as (ready, _),
    ):
        receiver.answers = [500]
        answer = requests.post(
            f"{ready['url']}/stores/simulated/v3/hooks",
            headers={"X-Auth-Token": "secret", "Accept": "application/json"},
            json={"scope": "store/order/created", "destination": receiver.url},
            timeout=60,
        )
        assert answer.status_code == 200
        requests.post(f"{ready['url']}/_simulator/orders/1001/place", timeout=60).raise_for_status()
        first, second = receiver.wait(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.is_signed("hush")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--orders", "1001,77,x"], "--orders names 77, x; there are 1001, 1002, "),
        (["--examples", "nowhere"], "--examples nowhere does not hold the official examples: "),
        (
            ["--scopes", "store_v2_orders,store_v2_order"],
            "--scopes names store_v2_order; there are store_channel_",
        ),
        (["--time-scale", "0"], "The setting time_scale of hooks cannot be 0.0."),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_sentence(options: list[str], sentence: str) -> None:
    done = subprocess.run(
        command(*options), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr
