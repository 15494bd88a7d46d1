"""``python -m integration.simulators.network``: a process of its own, without Django."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import paramiko
import pytest
import requests

from integration.simulators.network.answers import ANSWERS
from tests.conftest import ROOT
from tests.integration.simulators.network.orders_850 import OTHER_SEPARATORS, TWO_LINES

# No settings, no database: what the process needs of us is the code alone.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("DJANGO", "DATABASE", "SECRET", "ENCRYPTION", "PYTHON"))
}


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "integration.simulators.network", *options]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )


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


def wait_for(true: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + 60
    while not true():
        assert monotonic() < deadline, what
        sleep(0.01)


def lying_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("."))


def order(inbox: str, name: str, text_850: str) -> None:
    hidden = Path(inbox) / f".{name}"
    hidden.write_text(text_850)
    hidden.rename(Path(inbox) / name)


def test_it_imports_neither_django_nor_anything_else_of_ours() -> None:
    script = (
        "import runpy, sys\n"
        "sys.argv = ['network', '--help']\n"
        "try:\n    runpy.run_module('integration.simulators.network', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "ours = ('django', 'requests', 'portal', 'archive', 'partners', 'integration')\n"
        "print('loaded', *sorted(name for name in sys.modules if name.split('.')[0] in ours))\n"
    )
    done = run(sys.executable, "-c", script)
    loaded = done.stdout.splitlines()[-1].split()[1:]
    assert "integration.simulators.network.control" in loaded
    assert {name for name in loaded if not name.startswith("integration.simulators.network")} == {
        "integration",
        "integration.simulators",
    }


def test_it_starts_answers_is_steered_and_stops(tmp_path: Path) -> None:
    with running("--root", str(tmp_path), "--answer", "hold", "--answer-to", "1001-1", "late") as (
        ready,
        process,
    ):
        assert ready == {
            "inbox": str(tmp_path / "inbox"),
            "outbox": str(tmp_path / "outbox"),
            "control": ready["control"],
        }
        door = f"{ready['control']}/_simulator"
        told = requests.get(f"{door}/answers", timeout=60).json()
        assert (told["answer"], told["answers"], told["pause"]) == ("hold", {"1001-1": "late"}, 5.0)
        requests.post(f"{door}/answers", json={"pause": 3600}, timeout=60).raise_for_status()
        order(ready["inbox"], "1.edi", TWO_LINES)
        wait_for(lambda: len(lying_in(ready["outbox"])) == 1, "the 997 did not come")
        requests.post(f"{door}/answers", json={"answer": "reject_all"}, timeout=60).raise_for_status()
        order(ready["inbox"], "2.edi", OTHER_SEPARATORS)
        wait_for(lambda: len(lying_in(ready["outbox"])) == 3, "the other order was not answered")
        requests.post(f"{door}/release", timeout=60).raise_for_status()
        assert lying_in(ready["outbox"]) == [
            "123456789.000000002.997.x12",
            "123456789.000000003.855.x12",
            "ACMESUPPLY.000000001.997.x12",
            "ACMESUPPLY.000000004.855.x12",
        ]
        rejection = (tmp_path / "outbox" / "123456789.000000003.855.x12").read_text()
        assert "BAK\x1d00\x1dRD\x1d1002-1" in rejection
        lines = (tmp_path / "ledger.jsonl").read_text().splitlines()
        assert requests.get(f"{door}/ledger", timeout=60).json() == [json.loads(line) for line in lines]
        assert len(lines) == 6
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_the_mailbox_has_an_sftp_door_where_it_is_asked_for(tmp_path: Path) -> None:
    with running("--root", str(tmp_path), "--sftp", "--answer", "functional_only") as (ready, process):
        assert sorted(ready) == ["control", "host_key", "inbox", "outbox", "password", "port", "username"]
        with paramiko.Transport(("127.0.0.1", ready["port"])) as line:
            line.connect(username=ready["username"], password=ready["password"])
            offered = line.get_remote_server_key()
            assert f"{offered.get_name()} {offered.get_base64()}" == ready["host_key"]
            mailbox = paramiko.SFTPClient.from_transport(line)
            assert mailbox is not None
            with mailbox.open("inbox/order.tmp", "w") as file:
                file.write(TWO_LINES)
            mailbox.rename("inbox/order.tmp", "inbox/order.edi")
            wait_for(lambda: "ACMESUPPLY.000000001.997.x12" in mailbox.listdir("outbox"), "no 997 came")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0


def test_help_names_every_answer_and_its_meaning() -> None:
    done = run(*command("--help"))
    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert [f"{name} {answer.meaning}" for name, answer in ANSWERS.items()] == told[-len(ANSWERS) :]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--answer", "maybe"], "error: There is no answer 'maybe'. Answers are: accept, short, "),
        (["--answer-to", "1001-1", "hold+short"], "error: The parts of 'hold+short' contradict each other: "),
        (["--pause", "-1"], "error: A pause is 0 to 86400 seconds."),
        (["--pause", "soon"], "error: argument --pause: invalid float value: 'soon'"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_a_sentence(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    done = run(*command("--root", str(tmp_path / "network"), *options))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "network").exists()
