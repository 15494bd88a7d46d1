"""``python -m integration.simulators.store``: print one JSON line when ready, serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from integration.simulators.store.catalog import SKUS
from integration.simulators.store.examples import example_orders
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.scopes import SCOPES, strange
from integration.simulators.store.server import StoreSimulator
from integration.simulators.store.webhooks import HookSettings


def main() -> None:
    """Serve a store."""
    parser = argparse.ArgumentParser(
        prog="python -m integration.simulators.store",
        description="A BigCommerce store that answers like a real one.",
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--store-hash", default="simulated")
    parser.add_argument("--token", default="simulated-token")
    parser.add_argument(
        "--scopes", help="what the token may do, with commas: store_v2_orders,...; all unless said"
    )
    parser.add_argument("--client-secret", default="simulated-client-secret", help="signs callbacks")
    parser.add_argument("--time-scale", type=float, default=1.0, help="divides the times of callbacks")
    parser.add_argument("--orders", default="all", help="placed at the start: all, none, or ids with commas")
    parser.add_argument("--examples", type=Path, help="folder with the official example payloads")
    parser.add_argument("--examples-status", type=int, help="status of the example orders, else their own")
    options = parser.parse_args()
    orders = generated_orders()
    if options.examples is not None:
        try:
            orders.update(example_orders(options.examples, options.examples_status))
        except OSError as error:
            parser.error(f"--examples {options.examples} does not hold the official examples: {error}")
    try:
        placed = _placed(options.orders, orders)
        scopes = _scopes(options.scopes)
        settings = HookSettings(options.time_scale)
    except ValueError as error:
        parser.error(str(error))
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, frame: stop.set())
    with StoreSimulator(
        orders,
        placed=placed,
        store_hash=options.store_hash,
        token=options.token,
        port=options.port,
        scopes=scopes,
        client_secret=options.client_secret,
        time_scale=settings.time_scale,
    ) as simulator:
        ready = {"url": simulator.url, "port": simulator.port, "orders": sorted(orders), "skus": SKUS}
        print(json.dumps(ready), flush=True)
        stop.wait()


def _placed(told: str, orders: dict[int, SampleOrder]) -> list[int]:
    """Return the orders that ``--orders`` names. Raises ``ValueError`` with a sentence."""
    if told in ("all", "none"):
        return sorted(orders) if told == "all" else []
    known = {str(number): number for number in orders}
    strange = [each for each in told.split(",") if each not in known]
    if strange:
        raise ValueError(f"--orders names {', '.join(strange)}; there are {', '.join(known)}.")
    return [known[each] for each in told.split(",")]


def _scopes(told: str | None) -> frozenset[str]:
    """Return the scopes that ``--scopes`` names. Raises ``ValueError`` with a sentence."""
    scopes = SCOPES if told is None else frozenset(told.split(",")) - {""}
    if unknown := strange(scopes):
        raise ValueError(
            f"--scopes names {', '.join(sorted(unknown))}; there are {', '.join(sorted(SCOPES))}."
        )
    return scopes


if __name__ == "__main__":
    main()
