"""The control door below ``/_simulator/``: JSON over HTTP on loopback, no token, not in the ledger.

================ =============================================================================================
request          what it does
================ =============================================================================================
GET ledger       tells what arrived and what was answered
GET finance      tells the ledger of the finance system: every invoice that it took, and whether it adds up
GET held         tells what suppliers mean to deliver, by purchase order and line
GET told         tells what customers were told last, by their own order number and line
GET answers      tells ``answer``, ``answers``, ``pause``, and of every ``kind`` of answer what it means
POST answers     changes ``{"answer": "short", "answers": {"1004-1": "hold", "1005-1": null}, "pause": 3}``, or
                 some of it; null lets ``answer`` hold again for that purchase order
POST send        ``{"purchase_order": "1004-1", "answer": "accept+no_functional"}``: has its supplier answer it
                 now, once more or at last
POST ship        ``{"purchase_orders": ["1004-1"], "way": "parcels"}``: has goods leave and be told (see
                 ``ship_notices``); with ``"number"`` and ``"purpose": "replace"`` or ``"cancel"`` said anew
GET shipped      tells what has left, by purchase order and line, by the last word on each shipment
POST bill        has one supplier bill ``{"purchase_orders": ["1001-1"], "way": "whole"}`` (see ``bills``); a
                 ``"number"`` of before is used again, or credited, with ``"purpose"`` as for ship
GET billed       tells what is billed and not credited again, by purchase order and line
POST stock       has a supplier tell his stock: ``{"supplier": "ACMESUPPLY", "way": "whole", "items": {"AC00001": 40}}``
                 (see ``stock``); ``"form": "csv"`` for a plain file, ``"warehouse"``, ``"unit"``
GET stock        tells what each supplier holds in truth, by his own item numbers
POST returns     has the returns desk answer requests by itself from now on: ``{"answer": "authorize", "answers":
                 {"R-1001": "deny"}}`` (see ``returns``); at first it is silent
POST return      ``{"number": "R-1001", "way": "receive"}``: has the desk say that now; ``{"purchase_order": "1001-1"}``
                 has it take something back that nobody asked for
GET returns      tells what the desks take, what came back and what they gave for it, by our number
POST release     sends at once what is late
POST take        takes what lies in the inbox now, for suppliers who do not work by themselves
================ =============================================================================================

What is wrong is refused with ``{"error": a sentence}``.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integration.simulators.network.answers import ANSWERS
from integration.simulators.network.suppliers import Network

PREFIX = "/_simulator/"
Fields = Mapping[str, Any]


class ControlDoor:
    """Serves the control door of ``network``; a context manager. ``url`` is its address, without the prefix."""

    def __init__(self, network: Network, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Line", (_Line,), {"network": network}))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> ControlDoor:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _NotThere(Exception):
    """The door has no such request."""


class _Line(BaseHTTPRequestHandler):
    network: Network

    def do_GET(self) -> None:
        """Answer a request of any method."""
        try:
            status, told = 200, self._done()
        except _NotThere as error:
            status, told = 404, {"error": str(error)}
        except ValueError as error:
            status, told = 400, {"error": str(error)}
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _done(self) -> Any:
        fields = self._fields()
        name = self.path.removeprefix(PREFIX)
        act = CONTROLS.get((self.command, name))
        if act is None:
            raise _NotThere(f"The control door has no {self.command} {name}.")
        return act(self.network, fields)

    def _fields(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "0")
        content = self.rfile.read(int(length)) if re.fullmatch("[0-9]{1,7}", length) else b"?"
        try:
            data = json.loads(content or b"{}")
        except ValueError as error:
            raise ValueError("The body is not JSON.") from error
        if not isinstance(data, dict):
            raise ValueError("The body is not a JSON object.")
        return data


def _ledger(network: Network, fields: Fields) -> Any:
    return list(network.ledger)


def _finance(network: Network, fields: Fields) -> Any:
    return list(network.finance.ledger)


def _held(network: Network, fields: Fields) -> Any:
    return {number: network.held(number) for number in dict.fromkeys(network.numbers())}


def _told(network: Network, fields: Fields) -> Any:
    return network.told()


def _tell(network: Network, fields: Fields) -> Any:
    kinds = {name: answer.meaning for name, answer in ANSWERS.items()}
    return {
        "answer": network.answer,
        "answers": dict(network.answers),
        "pause": network.pause,
        "kinds": kinds,
    }


def _choose(network: Network, fields: Fields) -> Any:
    _check(fields, {"answer": _is_text, "answers": _is_choice, "pause": _is_number})
    network.choose(**fields)
    return {"answer": network.answer, "answers": dict(network.answers), "pause": network.pause}


def _send(network: Network, fields: Fields) -> Any:
    _check(fields, {"purchase_order": _is_text, "answer": _is_text}, all_of_them=True)
    network.answer_again(fields["purchase_order"], fields["answer"])
    return {}


def _ship(network: Network, fields: Fields) -> Any:
    _check(fields, {"purchase_orders": _is_texts, "way": _is_text, "purpose": _is_text, "number": _is_text})
    if "purchase_orders" not in fields:
        raise ValueError("purchase_orders is needed.")
    return {"number": network.ship(**fields)}


def _shipped(network: Network, fields: Fields) -> Any:
    return network.shipped()


def _bill(network: Network, fields: Fields) -> Any:
    _check(fields, {"purchase_orders": _is_texts, "way": _is_text, "purpose": _is_text, "number": _is_text})
    if "purchase_orders" not in fields:
        raise ValueError("purchase_orders is needed.")
    return {"number": network.bill(**fields)}


def _billed(network: Network, fields: Fields) -> Any:
    return network.billed()


def _stock(network: Network, fields: Fields) -> Any:
    texts = dict.fromkeys(("supplier", "way", "form", "warehouse", "unit"), _is_text)
    _check(fields, {**texts, "items": _is_counts})
    if "supplier" not in fields:
        raise ValueError("supplier is needed.")
    return {"name": network.tell_stock(**fields)}


def _stocked(network: Network, fields: Fields) -> Any:
    return network.stocked()


def _choose_returns(network: Network, fields: Fields) -> Any:
    _check(fields, {"answer": _is_text, "answers": _is_words})
    network.choose_returns(**fields)
    return {"answer": network.return_answer, "answers": dict(network.return_answers)}


def _return(network: Network, fields: Fields) -> Any:
    if "purchase_order" in fields:
        _check(fields, {"purchase_order": _is_text}, all_of_them=True)
        network.return_unasked(fields["purchase_order"])
    else:
        _check(fields, {"number": _is_text, "way": _is_text}, all_of_them=True)
        network.tell_return(fields["number"], fields["way"])
    return {}


def _returns(network: Network, fields: Fields) -> Any:
    return network.returns()


def _release(network: Network, fields: Fields) -> Any:
    _check(fields, {})
    return {"released": network.release()}


def _take(network: Network, fields: Fields) -> Any:
    _check(fields, {})
    return {"taken": network.take_all()}


def _check(fields: Fields, known: Mapping[str, Callable[[Any], bool]], *, all_of_them: bool = False) -> None:
    for name, value in fields.items():
        if name not in known:
            raise ValueError(f"There is no field {name!r} here. Fields are: {', '.join(known) or 'none'}.")
        if not known[name](value):
            raise ValueError(f"{value!r} cannot be the {name}.")
    if all_of_them and set(fields) != set(known):
        raise ValueError(f"All of these are needed: {', '.join(known)}.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(type(each) is int for each in value.values())


def _is_choice(value: Any) -> bool:
    return isinstance(value, dict) and all(each is None or isinstance(each, str) for each in value.values())


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


CONTROLS: dict[tuple[str, str], Callable[[Network, Fields], Any]] = {
    ("GET", "ledger"): _ledger,
    ("GET", "finance"): _finance,
    ("GET", "held"): _held,
    ("GET", "told"): _told,
    ("GET", "answers"): _tell,
    ("POST", "answers"): _choose,
    ("POST", "send"): _send,
    ("POST", "ship"): _ship,
    ("GET", "shipped"): _shipped,
    ("POST", "bill"): _bill,
    ("GET", "billed"): _billed,
    ("POST", "stock"): _stock,
    ("GET", "stock"): _stocked,
    ("POST", "returns"): _choose_returns,
    ("POST", "return"): _return,
    ("GET", "returns"): _returns,
    ("POST", "release"): _release,
    ("POST", "take"): _take,
}
