"""One request to the API, from the armed fault to the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace

from integration.simulators.store.call import Call
from integration.simulators.store.exchange import Answer, Reply, Request
from integration.simulators.store.faults import CARRIED_OUT, SILENT
from integration.simulators.store.ledger import entry
from integration.simulators.store.rate_limit import Share
from integration.simulators.store.refusals import (
    Refusal,
    forbidden,
    no_json,
    not_found,
    too_many_requests,
    unauthorized,
    wrong_method,
)
from integration.simulators.store.routes import ROUTES
from integration.simulators.store.scopes import allowed
from integration.simulators.store.state import NotThere, StoreState
from integration.simulators.store.xml_text import as_xml


class StoreApi:
    """What answers at ``url``, below ``/stores/{store_hash}``; ``scopes`` are those of the token."""

    def __init__(
        self, state: StoreState, token: str, scopes: Collection[str], store_hash: str, url: str
    ) -> None:
        self._state = state
        self._token = token
        self._scopes = scopes
        self._store_hash = store_hash
        self._prefix = f"/stores/{store_hash}"
        self._address = url + self._prefix

    def reply(self, request: Request, pause: Callable[[float], object]) -> Reply | None:
        """Return the reply, or None where the connection is to end without one. ``pause`` waits for seconds."""
        ours = request.path.startswith(f"{self._prefix}/")
        if ours:
            request = replace(request, path=request.path.removeprefix(self._prefix))
        fault = self._state.take_fault(request.method, request.path)
        share = self._state.rate_limit.take()
        if fault is not None and fault.kind not in CARRIED_OUT:
            answer = fault.answer(request.path)
        else:
            if fault is not None:
                pause(fault.delay)
            answer = self._answer(request, share) if ours else not_found(request.path).answer
        self._state.note(entry(request, answer.status, fault.kind if fault else ""))
        if fault is not None and fault.kind in SILENT:
            return None
        if answer.status == 429:
            share = share.refused()
        return _rendered(request, answer, share.headers() if fault is None or fault.headers else {})

    def _answer(self, request: Request, share: Share) -> Answer:
        try:
            if not share.granted:
                raise too_many_requests(request.path)
            if request.headers.get("x-auth-token") != self._token:
                raise unauthorized(request.path)
            if request.broken:
                raise no_json(request.path)
            return self._routed(request)
        except NotThere:
            return not_found(request.path).answer
        except Refusal as refusal:
            return refusal.answer

    def _routed(self, request: Request) -> Answer:
        known = False
        for route in ROUTES:
            ids = route.ids(request.path)
            if ids is None:
                continue
            known = True
            if route.method == request.method:
                if not allowed(self._scopes, route.needs, request.method):
                    raise forbidden()
                return route.act(Call(request, ids, self._state, self._store_hash, self._address))
        raise wrong_method(request.path) if known else not_found(request.path)


def _rendered(request: Request, answer: Answer, headers: dict[str, str]) -> Reply:
    if answer.data is None or answer.status == 204:
        return Reply(answer.status, headers, b"")
    if isinstance(answer.data, bytes):
        kind, content = answer.content_type, answer.data
    elif request.wants_xml:
        kind = "application/xml"
        content = as_xml(request.path, answer.data, failed=answer.status >= 400)
    else:
        kind, content = answer.content_type, json.dumps(answer.data).encode()
    return Reply(answer.status, {"Content-Type": kind, **headers}, content)
