"""The forms of a mapping profile: its name and note, its rows, and the places that a row can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration.documents import catalogue
from integration.flows import mapping_rows
from integration.flows.mapping_rows import CHANGE
from integration.flows.rights import Refused
from partners.guides_in_use import shipped_guide
from partners.mapping.compiler import shipped_text
from partners.mapping.overrides import OPERATIONS, Override, Place
from partners.mapping.variants import known_places
from partners.models import MappingOverride, MappingProfile
from portal.admin.show import page_url
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, require, run

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin

MOST_PLACES = 400


class DescribeForm(ReasonForm):
    """The name and note of a profile."""

    name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget)
    note = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Where its rules stand: the partner's guide, its date."),
    )

    field_order = ["name", "note", "reason"]


class RowForm(ReasonForm):
    """One row of a profile."""

    operation = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=lambda: [(name, f"{name}: {words}") for name, words in OPERATIONS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    address = forms.CharField(
        label=gettext_lazy("Where"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "places", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As the list of places names it, such as PO1.2 or N1[ST]/N4. Empty: the set itself, to add to it."
        ),
    )
    value = forms.CharField(
        label=gettext_lazy("Value"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "A field with its transforms for source, text for constant, a code for qualifier, an entry for add."
        ),
    )

    field_order = ["operation", "address", "value", "reason"]

    def override(self) -> Override:
        """Return what was entered."""
        given = self.cleaned_data
        return Override(given["operation"], given["address"].strip(), given["value"].strip())


def only_look(request: HttpRequest) -> None:
    """Refuse anything but looking."""
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied


def describe_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Ask for another name or note."""
    user = require(request, CHANGE)
    initial = {"name": profile.name, "note": profile.note}
    form = DescribeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        done = run(
            request,
            lambda: mapping_rows.change_profile(user, profile, given["name"], given["note"], given["reason"]),
            gettext("The name and note are changed."),
        )
        if done:
            return HttpResponseRedirect(page_url(profile))
    context = {
        "title": gettext("%(profile)s: name and note") % {"profile": profile},
        "heading": gettext("What is %(profile)s called?") % {"profile": profile},
        "consequence": gettext("Its document and version stay. Documents keep the revision that made them."),
        "button": gettext("Save"),
        "form": form,
        "cancel_url": page_url(profile),
    }
    return shown_by.page(request, profile, "portal/verb.html", context)


def row_page(
    shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile, pk: int | None
) -> HttpResponse:
    """Ask for a new row, or what a row should be; a refusal of the language stands beside the form."""
    user = require(request, CHANGE)
    row = profile.overrides.filter(pk=pk).first() if pk else None
    if pk and row is None:
        return gone(request, profile)
    form = RowForm(request.POST if request.method == "POST" else None, initial=_initial(request, row))
    if request.method == "POST" and form.is_valid():
        try:
            _save(user, profile, row, form)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("The row is changed.") if row else gettext("The row is added."))
            return HttpResponseRedirect(page_url(profile))
    known = known_places(shipped_text(profile.transaction_set, profile.version))
    address = str(form["address"].value() or "")
    context = {
        "title": gettext("%(profile)s: %(words)s a row")
        % {"profile": profile, "words": "change" if row else "add"},
        "profile": profile,
        "row": row,
        "form": form,
        "places": known,
        "place": next((each for each in known if each.address == address), None),
        "refusal": mapping_rows.draft_of(profile).refusals.get(row.pk, "") if row else "",
        "fields": _fields(profile),
        "cancel_url": page_url(profile),
    }
    return shown_by.page(request, profile, "portal/mapping_row.html", context)


def remove_row_page(
    shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile, pk: int
) -> HttpResponse:
    """Ask why a row goes."""
    user = require(request, CHANGE)
    row = profile.overrides.filter(pk=pk).first()
    if row is None:
        return gone(request, profile)
    asked = Asked(
        title=gettext("remove a row"),
        heading=gettext("Remove the row %(row)s?") % {"row": mapping_rows.words_of(row)},
        consequence=gettext("The shipped guide holds there again, from the next release on."),
        button=gettext("Remove the row"),
        done=gettext("The row is removed."),
    )
    return reason_page(
        shown_by, request, profile, lambda reason: mapping_rows.remove_row(user, row, reason), asked
    )


def places_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Show everything that a row can name: addresses, the standard's names, what the base says there."""
    only_look(request)
    term = request.GET.get("q", "").strip()
    known = known_places(shipped_text(profile.transaction_set, profile.version))
    found = [each for each in known if _is_meant(each, term.lower())]
    context = {
        "title": gettext("%(profile)s: places") % {"profile": profile},
        "profile": profile,
        "term": term,
        "places": found[:MOST_PLACES],
        "left_out": max(0, len(found) - MOST_PLACES),
        "may_change": person(request).has_perm(CHANGE) and profile.retired_at is None,
    }
    return shown_by.page(request, profile, "portal/mapping_places.html", context)


def _is_meant(place: Place, term: str) -> bool:
    return any(term in text.lower() for text in (place.address, place.name, place.field, place.text))


def _initial(request: HttpRequest, row: MappingOverride | None) -> dict[str, Any]:
    if row is not None:
        return {"operation": row.operation, "address": row.address, "value": row.value}
    return {"operation": request.GET.get("operation", "source"), "address": request.GET.get("address", "")}


def _save(user: Any, profile: MappingProfile, row: MappingOverride | None, form: RowForm) -> None:
    reason = form.cleaned_data["reason"]
    if row is None:
        mapping_rows.add_row(user, profile, form.override(), reason)
    else:
        mapping_rows.change_row(user, row, form.override(), reason)


def _fields(profile: MappingProfile) -> list[Any]:
    guide = shipped_guide(profile.transaction_set, profile.version)
    return list(catalogue(guide.document)) if guide else []


def gone(request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Say that somebody else was quicker, on the page of the profile."""
    messages.error(request, mapping_rows.GONE)
    return HttpResponseRedirect(page_url(profile))
