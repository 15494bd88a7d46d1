"""What was open at another system, taken over: the file that said so, and who brought it."""

from __future__ import annotations

from django.db import models

from archive.facts import Fact
from archive.models import Payload
from integration.models.store import Store


class TakeOver(Fact):
    """One file of open purchase orders with their positions, kept as it was; entries of the ledger name it."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="take_overs")
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="take_overs")
    actor = models.CharField(max_length=150)
    reason = models.TextField()

    def __str__(self) -> str:
        return f"Take-over {self.pk}"
