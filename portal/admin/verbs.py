"""Verbs of staff as forms: a reason, one call of ``integration.flows.decide``, and its answer as a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integration.flows.decide import Refused
from portal.admin.show import page_url

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin


class ReasonForm(forms.Form):
    """Why somebody does something; kept with what was done."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept with the decision and shown in the timeline."),
        error_messages={
            "required": gettext_lazy("Say why in a few words: the reason is kept with the decision.")
        },
    )


class LiveFromForm(ReasonForm):
    """Going live of a store: from which moment its orders are worked on."""

    live_from = forms.DateTimeField(
        label=gettext_lazy("Orders placed from"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy(
            "In your time zone, which “My settings” shows. Orders placed before this are history and never worked on."
        ),
    )

    field_order = ["live_from", "reason"]


def person(request: HttpRequest) -> User:
    """Return who asks; admin pages are behind a login."""
    return cast(User, request.user)


def require(request: HttpRequest, permission: str) -> User:
    """Return who asks, or refuse (403) where they may not."""
    user = person(request)
    if not user.has_perm(permission):
        raise PermissionDenied
    return user


def run(request: HttpRequest, verb: Callable[[], Any], done: str) -> bool:
    """Call ``verb``; say ``done``, or the sentence of its refusal. Return whether it was done."""
    try:
        verb()
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, done)
    return True


@dataclass(frozen=True)
class Asked:
    """What a page says that asks why: ``title``, ``heading``, what follows, its ``button``, and what is said when done."""

    title: str | Promise
    heading: str | Promise
    consequence: str | Promise
    button: str | Promise
    done: str | Promise


def reason_page(
    shown_by: GridAdmin, request: HttpRequest, subject: Model, verb: Callable[[str], Any], asked: Asked
) -> HttpResponse:
    """Ask why, call ``verb`` with the reason once, and go back to the page of ``subject``."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        run(request, lambda: verb(form.cleaned_data["reason"]), str(asked.done))
        return HttpResponseRedirect(page_url(subject))
    context = {
        "title": f"{subject}: {asked.title}",
        "heading": asked.heading,
        "consequence": asked.consequence,
        "button": asked.button,
        "form": form,
        "cancel_url": page_url(subject),
    }
    return shown_by.page(request, subject, "portal/verb.html", context)


def initial_moment(value: datetime) -> str:
    """Return a time as the browser's field for date and time wants it."""
    return value.strftime("%Y-%m-%dT%H:%M")
