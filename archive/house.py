"""The language of the house: a record reads the same for whoever reads it, whoever did what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import override


@contextmanager
def house_language() -> Iterator[None]:
    """Have labels come in the language of the house while it lasts: around what goes into a record."""
    with override(settings.LANGUAGE_CODE):
        yield
