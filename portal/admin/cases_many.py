"""Many cases at once: given to somebody, or put off, as they were chosen in the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integration.flows import case_work
from integration.flows.decide import DECIDE
from integration.models import ExceptionCase
from portal.admin.base import GridAdmin
from portal.admin.show import list_url
from portal.admin.verbs import require, run

MOST = 500
"""So many are taken at once; a list holds 25 to a page, so more is a filter that somebody did not mean."""
_NAMED = 10


def deciders() -> list[User]:
    """Return everybody who may decide cases, by name."""
    app, codename = DECIDE.split(".")
    people = User.objects.with_perm(f"{app}.{codename}", backend="django.contrib.auth.backends.ModelBackend")
    return list(people.filter(is_active=True).order_by("username"))


class OwnerForm(forms.Form):
    """Who is to look after the cases."""

    owner = forms.TypedChoiceField(
        label=gettext_lazy("Owner"),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Somebody who may decide cases."),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["owner"].choices = [(each.pk, each.get_username()) for each in deciders()]  # type: ignore[attr-defined]

    def act(self, user: User, cases: list[ExceptionCase]) -> int:
        """Give the cases away."""
        return case_work.assign(user, cases, User.objects.get(pk=self.cleaned_data["owner"]))


class SnoozeForm(forms.Form):
    """Until when the cases are put off, and why."""

    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("In your time zone. They need somebody again then, by themselves."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept with the cases and shown in their timelines."),
        error_messages={
            "required": gettext_lazy("Say why in a few words: the reason is kept with the decision.")
        },
    )

    def act(self, user: User, cases: list[ExceptionCase]) -> int:
        """Put the cases off."""
        return case_work.snooze(user, cases, self.cleaned_data["until"], self.cleaned_data["reason"])


@dataclass(frozen=True)
class Many:
    """One thing that is done to many cases: its form, and its words."""

    form: Callable[[Any], Any]
    title: str | Promise
    consequence: str | Promise
    button: str | Promise
    done: str | Promise


_WHAT = {
    "assign": Many(
        OwnerForm,
        gettext_lazy("Assign cases"),
        gettext_lazy("Whoever you choose finds them under Mine."),
        gettext_lazy("Assign %(cases)s"),
        gettext_lazy("Assigned: %(cases)s."),
    ),
    "snooze": Many(
        SnoozeForm,
        gettext_lazy("Put cases off"),
        gettext_lazy("Until then they stand under Waiting, and nobody needs to look at them."),
        gettext_lazy("Put %(cases)s off"),
        gettext_lazy("Put off: %(cases)s."),
    ),
}


def address_for(what: str, chosen: QuerySet[ExceptionCase]) -> str:
    """Return the address of the page that does ``what`` to the cases that were chosen."""
    pks = ",".join(str(pk) for pk in chosen.order_by("pk").values_list("pk", flat=True)[:MOST])
    return f"{reverse('admin:integration_exceptioncase_many', args=[what])}?{urlencode({'ids': pks})}"


def many_page(shown_by: GridAdmin, request: HttpRequest, what: str) -> HttpResponse:
    """Ask what is needed to do ``what`` to the chosen cases; on POST do it, and go back to the list."""
    user = require(request, DECIDE)
    if what not in _WHAT:
        raise Http404
    wanted = _WHAT[what]
    given = [
        pk for pk in request.GET.get("ids", "").split(",") if pk.isascii() and pk.isdigit() and len(pk) < 19
    ]
    rows = shown_by.get_queryset(request).filter(pk__in=[int(pk) for pk in given[:MOST]], closed_at=None)
    cases = list(rows.order_by("pk"))
    form = wanted.form(request.POST if request.method == "POST" else None)
    words = ngettext("one case", "%(count)s cases", len(cases)) % {"count": len(cases)}
    back = list_url(ExceptionCase, request.GET.get("_changelist_filters", ""))
    if request.method == "POST" and form.is_valid():
        run(request, lambda: form.act(user, cases), wanted.done % {"cases": words})
        return HttpResponseRedirect(back)
    context = {
        "title": wanted.title,
        "heading": f"{wanted.title}?",
        "consequence": wanted.consequence,
        "button": wanted.button % {"cases": words},
        "cases": cases[:_NAMED],
        "more": len(cases) - _NAMED,
        "form": form,
        "cancel_url": back,
    }
    return shown_by.page(request, None, "portal/cases_many.html", context)
