"""What people write beside the record: comments on a case, an order, a return or a document."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from archive.facts import Reported


class Comment(Reported):
    """One remark of a person, on the subject of events (``case:7``, ``order:3``); it is neither changed nor removed.

    It may hold what events may not, such as a customer's name, and so is no fact.
    """

    subject = models.CharField(max_length=100, db_index=True)
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="comments")
    author_name = models.CharField(max_length=150)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Comment of {self.author_name} on {self.subject}"
