"""Several people at the same time, each on a database connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from integration.flows.rights import Refused


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all ``acts`` at the same time, each on a database connection of its own; return what each was refused with."""
    ready = threading.Barrier(len(acts))
    database = connection.settings_dict["NAME"]

    def act_on_own_connection(act: Callable[[], object]) -> str:
        connection.settings_dict["NAME"] = database
        try:
            ready.wait(timeout=120)
            act()
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act_on_own_connection, acts))
