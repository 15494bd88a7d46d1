"""Searches that people keep: their own, and those that somebody shares with everybody."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from portal.admin.verbs import person
from portal.models import SavedSearch

KEPT = ("q", "period", "status", "set", "direction", "partner")
"""What of a search is kept: not the page that it was on."""


@dataclass(frozen=True)
class Kept:
    """One kept search as the page offers it."""

    row: SavedSearch
    url: str
    is_own: bool
    is_shown: bool


class SaveForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its name, and whether everybody is offered it."""

    class Meta:
        model = SavedSearch
        fields = ("name", "query", "is_shared")
        widgets = {"query": forms.HiddenInput}
        labels = {"name": gettext_lazy("Name"), "is_shared": gettext_lazy("For everybody")}

    def clean_query(self) -> str:
        """Keep what a search is made of, and refuse one that looks for nothing."""
        query = kept_query(self.cleaned_data["query"])
        if not query:
            raise forms.ValidationError(gettext("Look for something first: there is nothing to keep."))
        return query


def kept_query(text: str) -> str:
    """Return of the query string ``text`` what is kept, in one order."""
    given = QueryDict(text)
    wanted = QueryDict(mutable=True)
    for name in KEPT:
        if given.get(name):
            wanted[name] = given[name]
    return wanted.urlencode()


def offered(user: User, query: str, most: int | None = None) -> list[Kept]:
    """Return the searches of ``user``, then those that others share, ``most`` of them at most; the one that is shown now
    is marked."""
    now = kept_query(query)
    rows = SavedSearch.objects.filter(Q(user=user) | Q(is_shared=True)).select_related("user")
    own_first = rows.order_by(Case(When(user=user, then=0), default=1), "name", "pk")
    return [
        Kept(row, f"{reverse('find')}?{row.query}", row.user_id == user.pk, row.query == now)
        for row in own_first[:most]
    ]


@require_POST
def save(request: HttpRequest, may_find: bool) -> HttpResponse:
    """Keep a search; one of the same name is replaced."""
    if not may_find:
        raise PermissionDenied
    form = SaveForm(request.POST)
    if not form.is_valid():
        said = " ".join(str(problem) for problems in form.errors.values() for problem in problems)
        messages.error(request, gettext("The search is not kept. %(said)s") % {"said": said})
        return HttpResponseRedirect(f"{reverse('find')}?{kept_query(request.POST.get('query', ''))}")
    given = form.cleaned_data
    SavedSearch.objects.update_or_create(
        user=person(request),
        name=given["name"],
        defaults={"query": given["query"], "is_shared": given["is_shared"]},
    )
    messages.success(request, gettext("“%(name)s” is kept.") % {"name": given["name"]})
    return HttpResponseRedirect(f"{reverse('find')}?{given['query']}")


@require_POST
def remove(request: HttpRequest, pk: int, may_find: bool) -> HttpResponse:
    """Remove a search of one's own; anybody else's is not there."""
    if not may_find:
        raise PermissionDenied
    row = SavedSearch.objects.filter(pk=pk, user=person(request)).first()
    if row is None:
        raise Http404
    row.delete()
    messages.success(request, gettext("“%(name)s” is removed.") % {"name": row.name})
    return HttpResponseRedirect(urlsplit(reverse("find")).path)
