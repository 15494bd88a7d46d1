"""V3 of the API: the hooks of the API account.

Official are the paths, fields, pages and filters, and the words for a missing field and a missing hook. Not published,
and in words of our own: what else is wrong with a field, and that a hook beyond the account's limits is refused with 422.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.exchange import Answer
from integration.simulators.store.hook_fields import FIELDS, REQUIRED, misread
from integration.simulators.store.hooks import Hook, HookRefused, NoSuchHook
from integration.simulators.store.paging import PAGING, v3_page
from integration.simulators.store.refusals import hook_error, hook_not_found, strange_filters, v3_error
from integration.simulators.store.state import OWNER
from integration.simulators.store.values import flag_text

FILTERS = frozenset({"is_active", "scope", "destination"})
INVALID = "JSON data is missing or invalid"


def list_hooks(call: Call) -> Answer:
    """Answer with a page of the hooks."""
    strange = [name for name in call.query if name not in FILTERS | PAGING]
    if strange:
        raise strange_filters(strange)
    wanted: dict[str, Any] = {name: value for name, value in call.query.items() if name in FILTERS}
    if "is_active" in wanted:
        try:
            wanted["is_active"] = flag_text(wanted["is_active"])
        except ValueError as error:
            raise v3_error(400, "Input is invalid", {"is_active": str(error)}) from error
    found = [_payload(call, hook) for hook in call.state.webhooks.hooks()]
    fitting = [each for each in found if all(each[name] == value for name, value in wanted.items())]
    return v3_page(fitting, call.query)


def read_hook(call: Call) -> Answer:
    """Answer with one hook."""
    return _answer(call, lambda: call.state.webhooks.hook(call.ids[0]))


def add_hook(call: Call) -> Answer:
    """Add a hook."""
    fields = _fields(call)
    missing = {name: "error.path.missing." for name in REQUIRED if name not in fields}
    if missing:
        raise hook_error(422, INVALID, missing)
    return _answer(call, lambda: call.state.webhooks.add(fields))


def write_hook(call: Call) -> Answer:
    """Write the fields of a hook that are told; the others stay. At least one has to be."""
    fields = _fields(call)
    if not fields:
        raise hook_error(422, INVALID, {name: "error.path.missing." for name in FIELDS})
    return _answer(call, lambda: call.state.webhooks.change(call.ids[0], fields))


def remove_hook(call: Call) -> Answer:
    """Remove a hook and answer with it."""
    return _answer(call, lambda: call.state.webhooks.remove(call.ids[0]))


def _fields(call: Call) -> dict[str, Any]:
    """Return the fields that a hook has; others are dropped, as the description closes nothing."""
    known = {name: value for name, value in call.body().items() if name in FIELDS}
    errors = misread(known)
    if errors:
        raise hook_error(422, INVALID, errors)
    return known


def _answer(call: Call, act: Callable[[], Hook]) -> Answer:
    try:
        return Answer(200, {"data": _payload(call, act()), "meta": {}})
    except NoSuchHook as error:
        raise hook_not_found(error.number) from error
    except HookRefused as error:
        raise hook_error(422, INVALID, {error.field: str(error)}) from error


def _payload(call: Call, hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "client_id": OWNER,
        "store_hash": call.store_hash,
        "created_at": int(hook.created_at),
        "updated_at": int(hook.updated_at),
        "scope": hook.scope,
        "destination": hook.destination,
        "is_active": hook.is_active,
        "headers": hook.headers,
    }
