"""Who looks, and how far their sight reaches: asked by every page, list, search, export and count."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from archive.reach import EVERYTHING, Reach
from integration.reach import within
from portal.models import Access

Row = TypeVar("Row", bound=Model)

NOTHING = Reach(partners=frozenset(), stores=frozenset(), sets=frozenset())

_KEPT, _UNASKED = "_access", object()
_looking: ContextVar[HttpRequest | None] = ContextVar("looking", default=None)
# The request and not its user: the bridge between threads looks at what a context holds, and a user who is looked at
# is fetched, which the loop's own thread must not do.


def reach_of(user: User | AnonymousUser) -> Reach:
    """Return how far the sight of ``user`` reaches.

    Administrators see everything; so does whom nobody limited. Who may not log in sees nothing.
    """
    if not user.is_active:
        return NOTHING
    access = None if user.is_superuser else access_of(user)
    return EVERYTHING if access is None else access.reach


def access_of(user: User | AnonymousUser) -> Access | None:
    """Return what is kept of ``user``, None where nothing is; asked of the database once for each object."""
    if user.pk is None:
        return None
    known = user.__dict__.get(_KEPT, _UNASKED)
    if known is _UNASKED:
        known = user.__dict__[_KEPT] = Access.objects.filter(user=user.pk).first()
    found: Access | None = known
    return found


def current_reach() -> Reach:
    """Return the reach of whoever asked for the page that is made now; everything outside of a request."""
    request = _looking.get()
    return EVERYTHING if request is None else reach_of(request.user)


def seen(rows: QuerySet[Row], user: User | AnonymousUser | None = None) -> QuerySet[Row]:
    """Return those of ``rows`` that ``user`` may see; without one, whoever asked for the page that is made now."""
    reach = current_reach() if user is None else reach_of(user)
    return rows.filter(within(rows.model, reach)) if reach.is_limited else rows


def sees(row: Any) -> bool:
    """Say whether whoever asked for the page may see ``row``."""
    return not current_reach().is_limited or seen(type(row)._default_manager.filter(pk=row.pk)).exists()


class ReachMiddleware:
    """Keeps who asks at hand while their page is made, so that every part of it asks the same person's reach."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with who asks at hand; a template that is rendered later is rendered within."""
        token = _looking.set(request)
        try:
            return self.get_response(request)
        finally:
            _looking.reset(token)
