"""What programs are told of a row: flat records, the same columns whatever is empty.

``id`` and ``updated_at`` come first. Money and quantities are text, exact, with currency or unit beside them; words of a
vocabulary are the slugs that are stored, which stay; other rows are named by their id. Nothing tells who a customer is:
what a document says is asked for by its own address, and recorded as read.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

ALWAYS = ("id", "updated_at")


def row_id(help_text: str, source: str | None = None, **options: Any) -> serializers.IntegerField:
    """Return a column that names another row."""
    return serializers.IntegerField(help_text=help_text, read_only=True, source=source, **options)


def amount(help_text: str, source: str | None = None, **options: Any) -> serializers.DecimalField:
    """Return a column of money, or of a quantity: text with four places."""
    return serializers.DecimalField(20, 4, help_text=help_text, read_only=True, source=source, **options)


class Record(serializers.ModelSerializer):  # type: ignore[type-arg]
    """The columns that every record has. ``fields`` chooses among the others."""

    updated_at = serializers.DateTimeField(
        source="changed_at", read_only=True, help_text="When the transaction began that changed it last."
    )

    def __init__(self, *args: Any, chosen: frozenset[str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if chosen is not None:
            for name in set(self.fields) - chosen - set(ALWAYS):
                self.fields.pop(name)
