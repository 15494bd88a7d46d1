"""Mapping profiles: their list, the page of one with its rows, samples and changes, and the ways to everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from archive.models import AuditEntry
from integration.flows import mapping_rows
from integration.flows.mapping_release import Readiness, readiness
from integration.flows.mapping_rows import CHANGE, RELEASE, subject_of
from partners.guides_in_use import shipped_guide
from partners.mapping.variants import known_places
from partners.models import AgreementDocument, MappingProfile, MappingRevision
from portal.admin import mapping_forms, mapping_revisions, mapping_use, rehearsals
from portal.admin.base import Crumb, EmptyState, GridAdmin
from portal.admin.content import READ_CONTENT
from portal.admin.mapping_words import (
    changes_of,
    operation_words,
    outcome_badge,
    outcome_words,
    profile_badge,
)
from portal.admin.show import moment, page_url
from portal.admin.verbs import ReasonForm, person

MOST_CHANGES = 50
PROFILE_PAGE = "portal/mapping_profile.html"


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new profile, with why it is begun."""

    reason = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept with the profile's changes."),
        error_messages=ReasonForm.base_fields["reason"].error_messages,
    )

    class Meta:
        model = MappingProfile
        fields = ("name", "transaction_set", "version", "note")

    def clean(self) -> dict[str, Any]:
        """Refuse a document for which no guide is shipped."""
        given: dict[str, Any] = super().clean() or {}
        chosen, version = given.get("transaction_set"), given.get("version")
        if chosen and version and shipped_guide(chosen, version) is None:
            self.add_error(
                "version",
                gettext("No guide is shipped for the %(chosen)s of version %(version)s yet.")
                % {"chosen": chosen, "version": version},
            )
        return given


class ProfileFilter(admin.SimpleListFilter):
    """Whether a profile is in use, being made, or retired."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [
            ("released", gettext("Released")),
            ("draft", gettext("Not released yet")),
            ("retired", gettext("Retired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the profiles in the chosen state."""
        if self.value() == "retired":
            return queryset.exclude(retired_at=None)
        if self.value() == "released":
            return queryset.filter(retired_at=None, revision_number__isnull=False)
        if self.value() == "draft":
            return queryset.filter(retired_at=None, revision_number=None)
        return queryset


@admin.register(MappingProfile)
class MappingProfileAdmin(GridAdmin):
    """Profiles; everything of them changes by verbs with a reason, on pages of their own."""

    form = ProfileForm
    words = (gettext_lazy("mapping profile"), gettext_lazy("mapping profiles"))
    list_display = (
        "name",
        "shown_document",
        "version",
        "shown_state",
        "shown_agreements",
        "shown_since",
        "shown_by",
    )
    list_filter = (ProfileFilter, "transaction_set", "version")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name")
    fields = ("name", ("transaction_set", "version"), "note", "reason")
    empty = EmptyState(
        gettext_lazy("No mapping profiles yet"),
        gettext_lazy(
            "A partner who takes our documents as they are needs none. For one with a variant of its own, begin a profile:"
            " its few differences are rows over the shipped guide."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[MappingProfile]:
        """Fetch the last release along."""
        rows: QuerySet[MappingProfile] = super().get_queryset(request)
        last = MappingRevision.objects.filter(profile=OuterRef("pk")).order_by("-number")
        return rows.prefetch_related("used_by__agreement").annotate(
            revision_number=Subquery(last.values("number")[:1]),
            revision_at=Subquery(last.values("released_at")[:1]),
        )

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach who changed each profile last."""
        subjects = {subject_of(row): row for row in rows}
        for row in rows:
            row.changed_by = ""
        last = AuditEntry.objects.filter(subject__in=subjects).order_by("subject", "-pk").distinct("subject")
        for entry in last.only("subject", "actor"):
            subjects[entry.subject].changed_by = entry.actor

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a profile is retired, and what its revisions made stays explained."""
        return False

    def save_model(self, request: HttpRequest, obj: MappingProfile, form: Any, change: bool) -> None:
        """Begin the profile by the verb."""
        given = form.cleaned_data
        made = mapping_rows.add_profile(
            person(request),
            given["name"],
            given["transaction_set"],
            given["version"],
            given["note"],
            given["reason"],
        )
        obj.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the new profile's page."""
        answer: HttpResponse = super().response_add(
            request, obj, reverse("admin:partners_mappingprofile_change", args=[obj.pk])
        )
        answer["Location"] = reverse("admin:partners_mappingprofile_change", args=[obj.pk])
        return answer

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a profile's rows, samples, rehearsals and revisions, and of its use."""
        pages = [
            ("use/<int:document>/", self.use, "use"),
            ("<int:object_id>/describe/", self.describe, "describe"),
            ("<int:object_id>/places/", self.places, "places"),
            ("<int:object_id>/rows/add/", self.add_row, "row_add"),
            ("<int:object_id>/rows/<int:row>/", self.change_row, "row"),
            ("<int:object_id>/rows/<int:row>/remove/", self.remove_row, "row_remove"),
            ("<int:object_id>/rehearse/", self.rehearse, "rehearse"),
            ("<int:object_id>/samples/<int:sample>/", self.sample, "sample"),
            ("<int:object_id>/samples/<int:sample>/remove/", self.remove_sample, "sample_remove"),
            ("<int:object_id>/revisions/", self.revisions, "revisions"),
            ("<int:object_id>/release/", self.release, "release"),
            ("<int:object_id>/retire/", self.retire, "retire"),
        ]
        return [
            *(
                path(address, self.admin_site.admin_view(view), name=f"partners_mappingprofile_{name}")
                for address, view, name in pages
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one profile; a form posted to it was not made by us."""
        mapping_forms.only_look(request)
        profile = self.find(request, object_id)
        if profile is None:
            return self.missing(request, object_id)
        return self.page(request, profile, PROFILE_PAGE, profile_context(request, profile))

    def _on(self, request: HttpRequest, object_id: int, show: Any, *args: Any) -> HttpResponse:
        profile = self.find(request, str(object_id))
        if profile is None:
            return self.missing(request, str(object_id))
        answer: HttpResponse = show(self, request, profile, *args)
        return answer

    def page(
        self, request: HttpRequest, row: Model | None, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        """Return a page of ours; the way to those below a profile leads over the profile's own."""
        answer = super().page(request, row, template, context)
        if isinstance(row, MappingProfile) and template != PROFILE_PAGE and answer.context_data is not None:
            first, last = answer.context_data["crumbs"]
            below = last.words.removeprefix(f"{row}: ")
            answer.context_data["crumbs"] = [
                first,
                Crumb(str(row), page_url(row)),
                Crumb(below[:1].upper() + below[1:]),
            ]
        return answer

    def describe(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for another name or note."""
        return self._on(request, object_id, mapping_forms.describe_page)

    def places(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show everything that a row can name."""
        return self._on(request, object_id, mapping_forms.places_page)

    def add_row(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a new row."""
        return self._on(request, object_id, mapping_forms.row_page, None)

    def change_row(self, request: HttpRequest, object_id: int, row: int) -> HttpResponse:
        """Ask what a row should be."""
        return self._on(request, object_id, mapping_forms.row_page, row)

    def remove_row(self, request: HttpRequest, object_id: int, row: int) -> HttpResponse:
        """Ask why a row goes."""
        return self._on(request, object_id, mapping_forms.remove_row_page, row)

    def rehearse(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show both sides of a document beside each other."""
        return self._on(request, object_id, rehearsals.rehearsal_page)

    def sample(self, request: HttpRequest, object_id: int, sample: int) -> HttpResponse:
        """Show what comes of a sample."""
        return self._on(request, object_id, rehearsals.sample_page, sample)

    def remove_sample(self, request: HttpRequest, object_id: int, sample: int) -> HttpResponse:
        """Ask why a sample goes."""
        return self._on(request, object_id, rehearsals.remove_sample_page, sample)

    def revisions(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what was released, and compare two."""
        return self._on(request, object_id, mapping_revisions.revisions_page)

    def release(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why the draft is released, or say what stands in the way."""
        return self._on(request, object_id, mapping_revisions.release_page)

    def retire(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why the profile is retired."""
        return self._on(request, object_id, mapping_revisions.retire_page)

    def use(self, request: HttpRequest, document: int) -> HttpResponse:
        """Ask which profile maps a document of an agreement."""
        return mapping_use.use_page(self, request, document)

    @display(description=gettext_lazy("Document"), ordering="transaction_set")
    def shown_document(self, profile: MappingProfile) -> str:
        """Return the document's name."""
        return profile.get_transaction_set_display()

    @display(description=gettext_lazy("State"))
    def shown_state(self, profile: Any) -> str:
        """Return whether it is released."""
        return profile_badge(profile, profile.revision_number)

    @display(description=gettext_lazy("Used by"))
    def shown_agreements(self, profile: MappingProfile) -> str:
        """Return the agreements."""
        names = {str(each.agreement) for each in profile.used_by.all()}
        return ", ".join(sorted(names)) or gettext("None")

    @display(description=gettext_lazy("Live since"))
    def shown_since(self, profile: Any) -> str:
        """Return when the last revision was released."""
        return moment(profile.revision_at)

    @display(description=gettext_lazy("Last changed by"))
    def shown_by(self, profile: Any) -> str:
        """Return who changed it last."""
        return str(getattr(profile, "changed_by", ""))


def profile_context(request: HttpRequest, profile: MappingProfile) -> dict[str, Any]:
    """Return what ``portal/mapping_profile.html`` shows."""
    user = person(request)
    ready = readiness(profile)
    current = profile.current
    may_read = user.has_perm(READ_CONTENT)
    may_change = user.has_perm(CHANGE) and profile.retired_at is None
    return {
        "title": str(profile),
        "profile": profile,
        "badge": profile_badge(profile, current.number if current else None),
        "current": current,
        "rows": _rows(ready),
        "samples": _samples(profile, ready, may_read=may_read),
        # They quote what samples hold.
        "obstacles": ready.obstacles if may_read else (),
        "changes": changes_of(profile)[:MOST_CHANGES],
        "users": _users(profile),
        "may_change": may_change,
        "may_release": user.has_perm(RELEASE) and profile.retired_at is None,
    }


def _rows(ready: Readiness) -> list[dict[str, Any]]:
    says = {each.address: each.text for each in known_places(ready.draft.base)}
    return [
        {
            "row": row,
            "operation": operation_words(row.operation),
            "says": says.get(row.address, ""),
            "refusal": ready.draft.refusals.get(row.pk, ""),
            "idle": row.pk in ready.idle,
        }
        for row in ready.draft.rows
    ]


def _samples(profile: MappingProfile, ready: Readiness, *, may_read: bool) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "badge": outcome_badge(ready.outcomes.get(row.pk)),
            "words": outcome_words(ready.outcomes.get(row.pk)) if may_read else [],
        }
        for row in profile.samples.all()
    ]


def _users(profile: MappingProfile) -> list[AgreementDocument]:
    return list(profile.used_by.select_related("agreement").order_by("agreement__name", "transaction_set"))
