"""Settings that are changed for a reason: it is asked on every form, and each change is kept and shown with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from archive.models import AuditEntry
from integration.flows.rights import Refused
from integration.flows.translations import Changed, change, subject_of
from portal.admin.base import GridAdmin
from portal.admin.show import list_url, moment
from portal.admin.verbs import ReasonForm, person, run

LONGEST = 50


class ReasonedAdmin(GridAdmin):
    """The base of what is saved, added and removed by a verb: ``integration.flows.translations.change``, unless a
    subclass has another."""

    change_form_outer_after_template = "portal/parts/changes.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the reason last; those who only look are asked nothing."""
        shown = list(super().get_fieldsets(request, obj))
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*shown, (gettext("Why"), {"fields": ("reason",)})] if may else shown

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form with the changes beneath."""
        row = self.find(request, object_id)
        extra = dict(extra_context or {})
        if row is not None:
            extra["changes"] = changes_of(self.recorded_as(row))
        page: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return page

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the row as it is now where somebody else was first; nothing of what was sent is saved then."""
        try:
            page: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())
        return page

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the verb."""
        tell(request, self._do(request, form, [obj], []))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows of an inline by the verb."""
        rows = formset.save(commit=False)
        tell(request, self._do(request, form, rows, formset.deleted_objects))
        formset.save_m2m()

    def _do(self, request: HttpRequest, form: Any, saved: Iterable[Any], removed: Iterable[Any]) -> Changed:
        return self.carry_out(request, form.cleaned_data["reason"], saved, removed)

    def carry_out(
        self, request: HttpRequest, reason: str, saved: Iterable[Any], removed: Iterable[Any]
    ) -> Changed:
        """Save and remove by the verb."""
        return change(person(request), reason, saved, removed)

    def recorded_as(self, row: Any) -> str:
        """Return the subject under which the changes of ``row`` are recorded."""
        return subject_of(row)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask why something is removed, and remove it."""
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            self.log_deletions(request, [row])
            if run(
                request,
                lambda: tell(request, self.carry_out(request, reason, [], self.removed(row))),
                gettext("Removed."),
            ):
                return HttpResponseRedirect(list_url(self.model))
        context = {
            "title": gettext("Remove %(named)s") % {"named": self.named(row)},
            "heading": gettext("Remove %(named)s?") % {"named": self.named(row)},
            "consequence": gettext(
                "What it was is kept with the reason; documents that were made with it stay as they are."
            ),
            "button": gettext("Remove"),
            "form": form,
            "cancel_url": "../change/",
        }
        return self.page(request, row, "portal/verb.html", context)

    def removed(self, row: Any) -> list[Any]:
        """Return what goes with ``row``, itself last."""
        return [row]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Refuse: nothing is removed without a reason."""
        raise PermissionDenied

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Refuse: nothing is removed without a reason."""
        raise PermissionDenied


def tell(request: HttpRequest, done: Changed) -> None:
    """Say what follows from a change: orders looked at again, documents that go on."""
    if done.orders:
        one = gettext("One order that was held for it is")
        words = (
            one
            if done.orders == 1
            else gettext("%(orders)s orders that were held for it are") % {"orders": done.orders}
        )
        messages.info(request, gettext("%(words)s looked at again now.") % {"words": words})
    if done.documents:
        one = gettext("One document that waited for it goes")
        words = (
            one
            if done.documents == 1
            else gettext("%(documents)s documents that waited for it go") % {"documents": done.documents}
        )
        messages.info(request, gettext("%(words)s on now.") % {"words": words})


def changes_of(subject: str) -> list[dict[str, Any]]:
    """Return the last changes of a subject, the newest first."""
    rows = AuditEntry.objects.filter(subject=subject, detail__has_key="what").order_by("-pk")[:LONGEST]
    return [
        {
            "what": f"{row.verb.capitalize()}: {row.detail['what']}",
            "was": row.detail.get("was", ""),
            "is": row.detail.get("is", ""),
            "reason": row.reason,
            "actor": row.actor,
            "at": moment(row.recorded_at),
        }
        for row in rows
    ]
