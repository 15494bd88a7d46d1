"""By which numbers and names an order is looked for (``archive.search``)."""

from __future__ import annotations

from django.db import models

from archive.models import Reference
from integration.models.store import Order


class OrderReference(Reference):
    """A reference of an order; the only table that holds customers' names and addresses for search."""

    # The constraint's index begins with the order.
    order = models.ForeignKey(Order, models.CASCADE, related_name="references", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "normal"], name="orderreference_once")
        ]
        indexes = [models.Index(fields=["normal", "-rank", "-order"], name="orderreference_found")]
