"""Released revisions of a profile: their list, two of them compared, a draft released, a profile retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from integration.flows import mapping_release
from integration.flows.mapping_rows import RELEASE
from partners.models import MappingProfile
from portal.admin.content import READ_CONTENT
from portal.admin.mapping_forms import only_look
from portal.admin.mapping_words import outcome_badge
from portal.admin.show import page_url
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, require, run

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin

DRAFT = "draft"


def revisions_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Show what was released; with ``before`` and ``after`` (a number or ``draft``) compare the two."""
    only_look(request)
    revisions = list(profile.revisions.all())
    numbers = {str(each.number): each for each in revisions}
    before = numbers.get(request.GET.get("before", "")) or (revisions[0] if revisions else None)
    asked = request.GET.get("after", DRAFT)
    after = numbers.get(asked)
    context: dict[str, Any] = {
        "title": gettext("%(profile)s: revisions") % {"profile": profile},
        "profile": profile,
        "revisions": revisions,
        "before": before,
        "after": after,
        "comparison": mapping_release.compare(profile, before, after) if before else None,
        "may_read": person(request).has_perm(READ_CONTENT),
    }
    return shown_by.page(request, profile, "portal/mapping_revisions.html", context)


def release_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Say what stands in the way of a release; where nothing does, ask why, and release."""
    user = require(request, RELEASE)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        run(
            request,
            lambda: mapping_release.release(user, profile, form.cleaned_data["reason"]),
            gettext("It is released: agreements that use it write and read by it from now on."),
        )
        return HttpResponseRedirect(page_url(profile))
    ready = mapping_release.readiness(profile)
    current = profile.current
    context = {
        "title": gettext("%(profile)s: release") % {"profile": profile},
        "profile": profile,
        "obstacles": ready.obstacles,
        "number": current.number + 1 if current else 1,
        "current": current,
        "comparison": mapping_release.compare(profile, current, None) if current else None,
        "may_read": user.has_perm(READ_CONTENT),
        "samples": [
            {"name": each.sample.name, "badge": outcome_badge(each)} for each in ready.outcomes.values()
        ],
        "users": list(profile.used_by.select_related("agreement")),
        "form": form,
        "cancel_url": page_url(profile),
    }
    return shown_by.page(request, profile, "portal/mapping_release.html", context)


def retire_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Ask why a profile is taken out of use."""
    user = require(request, RELEASE)
    asked = Asked(
        title=gettext("retire"),
        heading=gettext("Retire %(profile)s?") % {"profile": profile},
        consequence=gettext(
            "No agreement can use it any more, and nothing of it changes. Documents keep the revision that"
            " made them."
        ),
        button=gettext("Retire the profile"),
        done=gettext("%(profile)s is retired.") % {"profile": profile},
    )
    return reason_page(
        shown_by, request, profile, lambda reason: mapping_release.retire(user, profile, reason), asked
    )
