"""Evidence packs from the portal: what about, why, and the file that a stranger can check."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from archive import verify
from archive.models import SealRoot
from archive.record import record_audit
from integration.models import ReturnCase
from integration.search import documents_found, orders_numbered
from partners.models import TradingPartner
from portal.access import reach_of
from portal.admin.base import Crumb
from portal.admin.content import READ_CONTENT, as_attachment, refusal_of_export
from portal.admin.streamed import as_streamed_attachment
from portal.admin.verbs import ReasonForm, person
from portal.evidence.making import NotMade, make
from portal.evidence.scopes import Scope, of_order, of_partner, of_return, of_search
from portal.readings import telling

VERB = "make evidence pack"
MOST = 2000
"""Documents and files of a pack that is made while somebody waits. A zip that every program opens holds 65,534 members, and a document comes
to about two dozen with what was recorded about it; the command tries more."""
_RIGHTS = (READ_CONTENT, "archive.view_auditentry", "archive.view_accessrecord")
_KINDS = (
    ("order", _("An order")),
    ("return", _("A return")),
    ("partner", _("A partner, for a period")),
    ("search", _("A search")),
)


def may_make(request: HttpRequest) -> bool:
    """Say whether the user may take whole files and their history out: raw files hold other documents too."""
    user = person(request)
    return user.has_perms(_RIGHTS) and not reach_of(user).is_limited


def _day() -> forms.Widget:
    widget: forms.Widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    return widget


class EvidenceForm(ReasonForm):
    """What a pack is about, and for whom it is made."""

    kind = forms.ChoiceField(label=_("About"), choices=_KINDS, widget=UnfoldAdminSelectWidget)
    text = forms.CharField(
        label=_("Order number, return number, or words to search for"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Not needed for a partner."),
    )
    partner = forms.ModelChoiceField(
        TradingPartner.objects.order_by("name"),
        label=_("Partner"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    first = forms.DateField(
        label=_("From"), required=False, widget=_day(), help_text=_("A partner's first day, in UTC.")
    )
    last = forms.DateField(
        label=_("To"), required=False, widget=_day(), help_text=_("The last day, itself included.")
    )

    row = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """The order that was open when the pack was asked for: two stores may have one of that number."""

    field_order = ["kind", "text", "partner", "first", "last", "reason"]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.scope: Scope | None = None
        self.fields["reason"].help_text = _("For whom and why: kept with the decision.")

    def clean(self) -> dict[str, Any]:
        """Find what the pack is about."""
        said = super().clean() or {}
        if self.errors:
            return said
        if said["kind"] == "partner":
            self.scope = self._partner(said["partner"], said["first"], said["last"])
        elif not said["text"].strip():
            self.add_error("text", _("Say which: a number, or words to search for."))
        else:
            self.scope = getattr(self, f"_{said['kind']}")(said["text"].strip())
        return said

    def _order(self, text: str) -> Scope | None:
        found = orders_numbered(text)
        meant = [each for each in found if each.pk == self.cleaned_data.get("row")] or found
        if len(meant) == 1:
            return of_order(meant[0])
        words = _("Two stores have an order {}: open the one that you mean, and make the pack from there.")
        self.add_error("text", (words if meant else _("There is no order {}.")).format(text))
        return None

    def _return(self, text: str) -> Scope | None:
        case = ReturnCase.objects.filter(number__iexact=text).first()
        if case is None:
            self.add_error("text", _("There is no return {}.").format(text))
            return None
        return of_return(case)

    def _partner(self, partner: TradingPartner | None, first: date | None, last: date | None) -> Scope | None:
        if partner is None or first is None or last is None:
            self.add_error("partner", _("Choose the partner, and the first and the last day."))
            return None
        if first > last:
            self.add_error("last", _("The last day is before the first."))
            return None
        return of_partner(partner, first, last)

    def _search(self, text: str) -> Scope:
        return of_search(text, documents_found(text, MOST, reach_of(person(self.request))))


def evidence_page(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and give the pack as a file."""
    if not may_make(request):
        raise PermissionDenied
    form = EvidenceForm(
        request, request.POST if request.method == "POST" else None, initial=_asked_for(request)
    )
    if request.method == "POST" and form.is_valid() and form.scope is not None:
        answer = _made(request, form.scope, form.cleaned_data["reason"])
        if answer is not None:
            return answer
    request.current_app = admin.site.name
    title = _("Evidence")
    last = SealRoot.objects.order_by("-tree").first()
    context = {
        **admin.site.each_context(request),
        "title": title,
        "crumbs": [Crumb(str(title))],
        "form": form,
        "most": MOST,
        "last": last,
        "roots_url": "roots.txt" if Path(settings.PUBLISHED_ROOTS).is_file() else "",
    }
    return TemplateResponse(request, "portal/evidence.html", context)


def verify_program(request: HttpRequest) -> HttpResponse:
    """Give ``verify.py``."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    if not may_make(request):
        raise PermissionDenied
    return as_attachment(Path(verify.__file__).read_bytes(), "verify.py", "text/x-python")


def published_roots(request: HttpRequest) -> HttpResponse:
    """Give the published roots as they stand here."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    if not may_make(request):
        raise PermissionDenied
    path = Path(settings.PUBLISHED_ROOTS)
    if not path.is_file():
        raise Http404
    return as_attachment(path.read_bytes(), "roots.txt", "text/plain")


def _made(request: HttpRequest, scope: Scope, reason: str) -> HttpResponseBase | None:
    user = person(request)
    refused = refusal_of_export(user, f"evidence: {scope.told}"[:100], scope.size)
    if refused is not None:
        return refused
    try:
        pack = make(scope, user.get_username(), MOST)
    except NotMade as why:
        messages.error(request, str(why))
        return None
    record_audit(
        user,
        VERB,
        f"evidence:{scope.kind}",
        reason=reason,
        detail={"name": scope.told, "documents": len(scope.documents)},
    )
    return telling(as_streamed_attachment(request, pack, "application/zip"), scope.tells_of)


def _asked_for(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("kind", "text", "partner", "row") if name in request.GET}
