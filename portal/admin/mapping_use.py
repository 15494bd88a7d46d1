"""Which profile maps a document of an agreement: shown on the agreement's page, and changed by a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from integration.flows import mapping_release
from integration.flows.mapping_release import fitting, mapping_words
from integration.flows.mapping_rows import RELEASE
from partners.models import AgreementDocument, MappingProfile
from portal.access import seen
from portal.admin.show import link, page_url
from portal.admin.verbs import ReasonForm, require, run

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin


class UseForm(ReasonForm):
    """Which profile, and why."""

    profile = forms.ChoiceField(
        label=gettext_lazy("Mapped by"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Only released profiles are offered."),
    )

    field_order = ["profile", "reason"]


def shown_mapping(document: AgreementDocument, *, may_choose: bool) -> SafeString | str:
    """Return what maps a document of an agreement, with the way to change it for those who may."""
    if document.pk is None:
        return ""
    words = mapping_words(document.profile)
    shown = link(document.profile, words) if document.profile else f"{words[:1].upper()}{words[1:]}"
    if not may_choose:
        return shown
    address = reverse("admin:partners_mappingprofile_use", args=[document.pk])
    return format_html('{} · <a class="gp-link" href="{}">{}</a>', shown, address, gettext("Choose…"))


def use_page(shown_by: GridAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask which profile maps the document, and why."""
    user = require(request, RELEASE)
    document = seen(AgreementDocument.objects.filter(pk=pk)).select_related("agreement", "profile").first()
    if document is None:
        raise Http404
    profiles = {str(each.pk): each for each in fitting(document)}
    form = UseForm(
        request.POST if request.method == "POST" else None,
        initial={"profile": str(document.profile_id or "")},
    )
    choices = [
        ("", gettext("The shipped guide as it is")),
        *((pk, mapping_words(each)) for pk, each in profiles.items()),
    ]
    form.fields["profile"].choices = choices  # type: ignore[attr-defined]
    back = page_url(document.agreement)
    if request.method == "POST" and form.is_valid():
        chosen: MappingProfile | None = profiles.get(form.cleaned_data["profile"])
        run(
            request,
            lambda: mapping_release.use_profile(user, document, chosen, form.cleaned_data["reason"]),
            gettext("%(document)s: mapped by %(mapping)s from now on.")
            % {"document": document, "mapping": mapping_words(chosen)},
        )
        return HttpResponseRedirect(back)
    context = {
        "title": gettext("%(agreement)s: mapping of %(document)s")
        % {"agreement": document.agreement, "document": document},
        "heading": gettext("What maps %(document)s of %(agreement)s?")
        % {"document": document, "agreement": document.agreement},
        "consequence": gettext(
            "From now on documents are written and read by it; those that are there keep what made them."
        ),
        "waiting": "" if profiles else gettext("No profile for this document and version is released yet."),
        "button": gettext("Choose"),
        "form": form,
        "cancel_url": back,
    }
    return shown_by.page(request, None, "portal/verb.html", context)
