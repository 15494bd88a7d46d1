"""django-q's table as the place where knocks lie: names of lanes, each taken at most once.

A knock that is lost costs seconds, since the ticker knocks again (``integration.tasks``). So it is gone as soon as it
is taken: no lock on a worker's clock, nothing that a dead worker gives out again, nothing to be told when it is done.
And it is no pickle: what django-q wants to be handed is made of the lane's name, signed where it is taken.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import uuid4

from django.db import Error, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integration.models import Lane

logger = logging.getLogger(__name__)

DRAIN = "integration.tasks.drain"
WAIT_FOR_DATABASE = 0.5
_LONGEST_NAME = Lane._meta.get_field("name").max_length or 0


class KnockBroker(ORM):  # type: ignore[misc]
    """The broker in ``Q_CLUSTER``: knocks alone, from a table that may lose them."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Return the table. Nothing is asked of a database that may be away just now."""
        return OrmQ.objects.using(Conf.ORM)

    def enqueue(self, task: str) -> int:
        """Leave a knock, in the caller's transaction; return its id. ``ValueError`` for any other task."""
        asked = SignedPackage.loads(task)
        if asked["func"] != DRAIN:
            raise ValueError(f"{asked['func']} is no knock: work goes through integration.work.put.")
        (lane,) = asked["args"]
        return int(self.get_connection().create(key=self.list_key, payload=lane).pk)

    def dequeue(self) -> list[tuple[int, str]]:
        """Take the oldest knock away and return it; after a short pause nothing, where there is none or no database."""
        try:
            found = self._take()
        except Error as error:
            # Raised, it would end the process that takes knocks, after ten seconds of doing nothing.
            logger.warning("no knock could be taken: %s", str(error).splitlines()[0])
            connection.close()
            time.sleep(WAIT_FOR_DATABASE)
            return []
        if found is None:
            time.sleep(Conf.POLL)
            return []
        number, lane = found
        if len(lane) > _LONGEST_NAME:
            logger.warning("knock %s names no lane: passed over", number)
            return []
        return [(number, _task(number, lane))]

    def _take(self) -> tuple[int, str] | None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                DELETE FROM django_q_ormq
                 WHERE id = (SELECT id FROM django_q_ormq WHERE key = %s ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING id, payload
                """,
                [self.list_key],
            )
            found: tuple[int, str] | None = cursor.fetchone()
        return found

    def acknowledge(self, task_id: int) -> None:
        """Do nothing: it is gone."""

    def fail(self, task_id: int) -> None:
        """Do nothing: it is gone."""

    def delete(self, task_id: int) -> None:
        """Do nothing: it is gone."""


def _task(number: int, lane: str) -> str:
    made = {
        "id": uuid4().hex,
        "name": f"knock {number}",
        "func": DRAIN,
        "args": (lane,),
        "kwargs": {},
        "started": timezone.now(),
    }
    return str(SignedPackage.dumps(made))
