"""The rehearsal of a mapping: both sides of a real document beside each other, and samples made of what is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from integration.flows import mapping_samples
from integration.flows.mapping_rows import CHANGE, GONE, Draft, draft_of
from integration.flows.mapping_samples import digest_of, judged, sample_of, second_findings
from integration.flows.rights import Refused
from partners.guides_in_use import guide_of_revision
from partners.mapping.rehearsal import Part, Rehearsal, Row
from partners.mapping.rules import Guide
from partners.mapping.variants import variant
from partners.models import Agreement, MappingProfile
from portal.access import seen
from portal.admin.content import READ_CONTENT
from portal.admin.mapping_forms import gone
from portal.admin.mapping_words import outcome_badge
from portal.admin.record_words import label
from portal.admin.rehearsal_sources import IN, OUT, Source, choices, find_source, pasted, rehearse_beside
from portal.admin.show import BAD, QUIET, WARNING, badge, page_url
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, require, run
from portal.readings import telling

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin

_TONES = {
    "error": (gettext_lazy("Error"), BAD),
    "warning": (gettext_lazy("Remark"), WARNING),
    "note": (gettext_lazy("Note"), QUIET),
}
_WAYS = {
    OUT: gettext_lazy("Written: the document becomes X12"),
    IN: gettext_lazy("Read: X12 becomes the document"),
}


class KeepForm(ReasonForm):
    """A sample's name, and why it is one."""

    name = forms.CharField(
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("What it shows, such as: two ship dates, no price."),
    )

    field_order = ["name", "reason"]


@dataclass(frozen=True)
class ShownPart:
    """One element on the page: its text, what a person is told of it, and the field that it is linked to."""

    number: str
    text: str
    title: str
    anchor: str
    field: str
    rule: str
    has_row: bool


@dataclass(frozen=True)
class ShownRow:
    """One segment on the page."""

    position: int
    tag: str
    parts: list[ShownPart]
    is_new: bool
    is_unread: bool


@dataclass(frozen=True)
class ShownField:
    """One value of the document on the page, with links to the elements that carry it."""

    anchor: str
    label: str
    path: str
    text: str
    places: list[tuple[str, str]]
    address: str
    is_new: bool


def rehearsal_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile) -> HttpResponse:
    """Ask for a document and show both sides of it; on POST with a name, keep it as a sample."""
    draft = draft_of(profile)
    term = request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "title": gettext("%(profile)s: rehearsal") % {"profile": profile},
        "profile": profile,
        "term": term,
        "agreements": list(seen(Agreement.objects.all()).order_by("name").values_list("pk", "name")),
        "agreement": request.POST.get("agreement", ""),
        "text": request.POST.get("text", ""),
        "may_change": person(request).has_perm(CHANGE) and profile.retired_at is None,
        "refusals": list(draft.refusals.values()),
    }
    if draft.guide is None:
        return shown_by.page(request, profile, "portal/mapping_rehearsal.html", context)
    context["choices"] = choices(profile, draft.guide.document, term)
    try:
        source = _source(request, profile, draft.guide)
        if source is None:
            offered = shown_by.page(request, profile, "portal/mapping_rehearsal.html", context)
            return telling(offered, (each.source for each in context["choices"]))
        current = profile.current
        rehearsal = rehearse_beside(source, draft.guide, guide_of_revision(current) if current else None)
    except Refused as refusal:
        context["problem"] = str(refusal)
        return shown_by.page(request, profile, "portal/mapping_rehearsal.html", context)
    keep = KeepForm(request.POST if "keep" in request.POST else None)
    if "keep" in request.POST and keep.is_valid():
        require(request, CHANGE)
        if _keep(request, profile, source, rehearsal, keep):
            return HttpResponseRedirect(page_url(profile))
    context |= {
        "source": source,
        "ways": _WAYS,
        "form": keep,
        "released": current,
        **shown(rehearsal, draft.guide, overridden(draft), source.direction),
    }
    answer = shown_by.page(request, profile, "portal/mapping_rehearsal.html", context)
    return telling(answer, [source.subject] if source.subject else [])


def sample_page(shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile, pk: int) -> HttpResponse:
    """Show what comes of a sample under the draft, and in what that differs from what was accepted."""
    user = require(request, READ_CONTENT)
    row = profile.samples.filter(pk=pk).first()
    draft = draft_of(profile)
    if row is None or draft.guide is None:
        messages.error(request, GONE if row is None else gettext("A row is refused: mend it first."))
        return HttpResponseRedirect(page_url(profile))
    outcome = judged(sample_of(row), draft)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        digest = request.POST.get("digest", "")
        run(
            request,
            lambda: mapping_samples.accept_again(
                require(request, CHANGE), row, digest, form.cleaned_data["reason"]
            ),
            gettext("What it is now is what it has to be from now on."),
        )
        return HttpResponseRedirect(request.path)
    context: dict[str, Any] = {
        "title": gettext("%(profile)s: sample %(row)s") % {"profile": profile, "row": row},
        "profile": profile,
        "sample": row,
        "outcome": outcome,
        "badge": outcome_badge(outcome),
        "digest": digest_of(outcome),
        "form": form,
        "may_change": user.has_perm(CHANGE) and profile.retired_at is None,
    }
    if outcome.rehearsal is not None:
        context |= shown(outcome.rehearsal, draft.guide, overridden(draft), row.direction)
    return shown_by.page(request, profile, "portal/mapping_sample.html", context)


def remove_sample_page(
    shown_by: GridAdmin, request: HttpRequest, profile: MappingProfile, pk: int
) -> HttpResponse:
    """Ask why a sample goes."""
    user = require(request, CHANGE)
    row = profile.samples.filter(pk=pk).first()
    if row is None:
        return gone(request, profile)
    asked = Asked(
        title=gettext("remove a sample"),
        heading=gettext("Remove the sample %(row)s?") % {"row": row},
        consequence=gettext("What it proved is proved by nothing then, unless another sample does."),
        button=gettext("Remove the sample"),
        done=gettext("The sample is removed."),
    )
    return reason_page(
        shown_by, request, profile, lambda reason: mapping_samples.remove_sample(user, row, reason), asked
    )


def overridden(draft: Draft) -> set[str]:
    """Return the addresses that rows of ``draft`` have changed, and those that they have added."""
    if draft.guide is None:
        return set()
    added = set(draft.guide.addresses()) - set(variant(draft.base, ()).addresses())
    return added | {row.address for row in draft.overrides if row.operation != "add"}


def shown(
    rehearsal: Rehearsal, guide: Guide, changed: set[str], direction: str, *, second_opinion: bool = True
) -> dict[str, Any]:
    """Return both sides of ``rehearsal`` for a page; ``changed`` are the addresses that rows have to do with.

    The ``second_opinion`` is the second engine's, which takes its time.
    """
    names = {
        (tag, element.number): element.name
        for tag, table in guide.table.segments.items()
        for element in table.elements
    }
    anchors = {each.path: f"field-{number}" for number, each in enumerate(rehearsal.fields, start=1)}
    unread = {entry.position for entry in rehearsal.unread if entry.position}
    rows = [_row(row, names, anchors, changed, unread) for row in rehearsal.rows]
    rules = {
        (part.path): part.address
        for row in reversed(rehearsal.rows)
        for part in reversed(row.parts)
        if part.path and part.address
    }
    tags = {row.position: row.tag for row in rehearsal.rows}
    fields = [
        ShownField(
            anchors[each.path],
            label(each.path.rsplit("/", 1)[-1].split("[", 1)[0]),
            each.path,
            each.text,
            [(f"{tags[at]}{element:02d}", f"at-{at}-{element}") for at, element in each.places],
            rules.get(each.path, ""),
            each.is_new,
        )
        for each in rehearsal.fields
    ]
    return {
        "rehearsal": rehearsal,
        "rows": rows,
        "fields": fields,
        "direction": direction,
        "findings": [(badge(*_TONES[each.severity]), each) for each in rehearsal.findings],
        "second": [
            (badge(*_TONES[each.severity]), each)
            for each in (second_findings(rehearsal, guide) if second_opinion else ())
        ],
        "others": [each for each in rehearsal.report if each.kind not in ("unread", "not_carried")],
    }


def _row(
    row: Row,
    names: dict[tuple[str, int], str],
    anchors: dict[str, str],
    changed: set[str],
    unread: set[int],
) -> ShownRow:
    parts = [_part(row, part, names, anchors, changed) for part in row.parts]
    return ShownRow(row.position, row.tag, parts, row.is_new, row.position in unread)


def _part(
    row: Row,
    part: Part,
    names: dict[tuple[str, int], str],
    anchors: dict[str, str],
    changed: set[str],
) -> ShownPart:
    number = f"{row.tag}{part.element:02d}" + (f"-{part.component}" if part.component else "")
    name = names.get((row.tag, part.element), "")
    rule = (
        gettext("rule %(address)s") % {"address": part.address}
        if part.address
        else ("" if row.is_envelope else gettext("no rule"))
    )
    title = ", ".join(each for each in (f"{number} {name}".strip(), part.path, rule) if each)
    first = part.component in (None, 1)
    return ShownPart(
        number,
        part.text,
        title,
        f"at-{row.position}-{part.element}" if first else "",
        anchors.get(part.path) or anchors.get(f"{part.path}[0]", ""),
        part.address,
        any(part.address == each or part.address.startswith(f"{each}.") for each in changed),
    )


def _source(request: HttpRequest, profile: MappingProfile, guide: Guide) -> Source | None:
    if text := request.POST.get("text", "").strip():
        pk = request.POST.get("agreement", "")
        agreement = seen(Agreement.objects.filter(pk=pk)).first() if pk.isdecimal() else None
        return pasted(profile, guide, text, agreement)
    source = request.POST.get("source") or request.GET.get("source", "")
    way = request.POST.get("way") or request.GET.get("way", "")
    return find_source(person(request), profile, guide, source, way) if source else None


def _keep(
    request: HttpRequest,
    profile: MappingProfile,
    source: Source,
    rehearsal: Rehearsal,
    form: KeepForm,
) -> bool:
    given = form.cleaned_data
    return run(
        request,
        lambda: mapping_samples.keep_sample(
            person(request),
            profile,
            rehearsal,
            source.direction,
            given["name"],
            source.codes,
            given["reason"],
        ),
        gettext("It is kept as a sample: from now on it has to come out exactly so."),
    )
