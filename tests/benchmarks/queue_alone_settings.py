"""Settings of django-q2 alone, beside which ``bench_flow`` puts our path: its own broker on our database, one task a document.

Everything else is as it comes, but for the number of workers, that every result is kept, and what our own check asks for.
"""

from __future__ import annotations

from portal.settings import *  # noqa: F403 - settings are a module

Q_CLUSTER = {
    "name": "gridport",  # signs tasks, so it is the name under which they are put
    "orm": "default",
    "workers": 2,
    "timeout": 60,
    "retry": 90,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 0,
}
