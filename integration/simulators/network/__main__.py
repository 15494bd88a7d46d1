"""``python -m integration.simulators.network``: print one JSON line when ready, run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

from integration.simulators.network.sftp_server import SftpDoor
from integration.simulators.network.suppliers import ANSWERS, Network


def main() -> None:
    """Run the network."""
    parser = argparse.ArgumentParser(description="A network mailbox with two suppliers behind it.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the mailbox and the ledger")
    parser.add_argument("--sftp", action="store_true", help="open an SFTP door as well")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", choices=ANSWERS, default="accept")
    parser.add_argument(
        "--answer-to", nargs=2, action="append", default=[], metavar=("NUMBER", "ANSWER"),
        help="how one purchase order is answered, else as --answer says",
    )  # fmt: skip
    options = parser.parse_args()
    for number, answer in options.answer_to:
        if answer not in ANSWERS:
            parser.error(f"{number} cannot be answered {answer!r}; answers are: {', '.join(ANSWERS)}")
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, frame: stop.set())
    with ExitStack() as stack:
        network = stack.enter_context(
            Network(options.root.resolve(), options.answer, dict(options.answer_to))
        )
        ready: dict[str, object] = {"inbox": str(network.inbox), "outbox": str(network.outbox)}
        if options.sftp:
            door = stack.enter_context(SftpDoor(network.root, port=options.port))
            ready.update(
                port=door.port, host_key=door.host_key, username=door.username, password=door.password
            )
        print(json.dumps(ready), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
