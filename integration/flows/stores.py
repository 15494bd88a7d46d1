"""The client of a store, with the budget that all workers share."""

from __future__ import annotations

from integration.bigcommerce.budget import SharedBudget
from integration.bigcommerce.client import StoreClient
from integration.models import Store


def client_for(store: Store) -> StoreClient:
    """Return a client for ``store``; a context manager that closes its connections."""
    return StoreClient(store.base_url, store.store_hash, store.token, SharedBudget(store.pk))
