"""``python -m integration.simulators.network``: print one JSON line when ready, run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

from integration.simulators.network.answers import ANSWERS
from integration.simulators.network.control import ControlDoor
from integration.simulators.network.sftp_server import SftpDoor
from integration.simulators.network.suppliers import Network


def main() -> None:
    """Run the network."""
    parser = _parser()
    options = parser.parse_args()
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, frame: stop.set())
    with ExitStack() as stack:
        try:
            network = Network(
                options.root.resolve(), options.answer, dict(options.answer_to), pause=options.pause
            )
        except ValueError as error:
            parser.error(str(error))
        stack.enter_context(network)
        control = stack.enter_context(ControlDoor(network, options.control_port))
        ready: dict[str, object] = {
            "inbox": str(network.inbox),
            "outbox": str(network.outbox),
            "control": control.url,
        }
        if options.sftp:
            door = stack.enter_context(SftpDoor(network.root, port=options.port))
            ready.update(
                port=door.port, host_key=door.host_key, username=door.username, password=door.password
            )
        print(json.dumps(ready), flush=True)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    kinds = "\n".join(f"  {name:29}{answer.meaning}" for name, answer in ANSWERS.items())
    parser = argparse.ArgumentParser(
        prog="python -m integration.simulators.network",
        description="A network mailbox with two suppliers and a customer behind it.",
        epilog=f"answers, which can be joined as in short+duplicate:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, required=True, help="folder of the mailbox and the ledger")
    parser.add_argument("--sftp", action="store_true", help="open an SFTP door as well")
    parser.add_argument("--port", type=int, default=0, help="of the SFTP door")
    parser.add_argument("--control-port", type=int, default=0, help="of the control door")
    parser.add_argument("--answer", default="accept", help="how purchase orders are answered")
    parser.add_argument(
        "--answer-to", nargs=2, action="append", default=[], metavar=("NUMBER", "ANSWER"),
        help="how one purchase order is answered, else as --answer says",
    )  # fmt: skip
    parser.add_argument(
        "--pause", type=float, default=Network.pause, help="seconds that a late answer is late"
    )
    return parser


if __name__ == "__main__":
    main()
