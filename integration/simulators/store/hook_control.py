"""The control door's part for callbacks; see ``control``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from integration.simulators.store.hook_faults import hook_fault_from
from integration.simulators.store.state import StoreState
from integration.simulators.store.webhooks import HookSettings

Fields = Mapping[str, Any]


def _tell(state: StoreState, told: Fields) -> Any:
    webhooks = state.webhooks
    return {**asdict(webhooks.settings), "waiting": webhooks.waiting(), "blocked": webhooks.blocked()}


def _set(state: StoreState, told: Fields) -> Any:
    known = sorted(field.name for field in fields(HookSettings))
    for name in told:
        if name not in known:
            raise ValueError(f"Callbacks have no setting {name!r}. Their settings are: {', '.join(known)}.")
    state.webhooks.settings = replace(state.webhooks.settings, **told)
    return _tell(state, {})


def _deliveries(state: StoreState, told: Fields) -> Any:
    return list(state.webhooks.ledger)


def _faults(state: StoreState, told: Fields) -> Any:
    return [asdict(fault) for fault in state.webhooks.faults]


def _arm(state: StoreState, told: Fields) -> Any:
    state.webhooks.arm(hook_fault_from(told))
    return {"armed": len(state.webhooks.faults)}


def _disarm(state: StoreState, told: Fields) -> Any:
    state.webhooks.faults.clear()
    return {"armed": 0}


HOOK_CONTROLS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "webhooks", _tell),
    ("POST", "webhooks", _set),
    ("GET", "webhooks/deliveries", _deliveries),
    ("GET", "webhooks/faults", _faults),
    ("POST", "webhooks/faults", _arm),
    ("DELETE", "webhooks/faults", _disarm),
)
