"""A document before and after its mapping: every field beside the elements that carry it, by the guide that it has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from archive.models import Direction, Document
from archive.projections import guide_of
from integration.x12.envelope import read_interchange
from partners.agreements import code_lists
from partners.guides_in_use import find_guide, guide_words
from partners.mapping.rehearsal import rehearse_reading
from partners.models import MappingRevision
from portal.admin.rehearsals import shown

LARGEST = 200_000
"""Bytes of a document that is still shown field by field."""


def both_sides(document: Document, data: bytes) -> dict[str, Any]:
    """Return what ``portal/parts/both_sides.html`` shows, or ``mapping_problem``, the sentence why there is nothing to show."""
    guide = find_guide(guide_of(document))
    if guide is None:
        return {
            "mapping_problem": _(
                "No mapping made or read this document: there is nothing to lay beside its segments."
            )
        }
    if document.length > LARGEST:
        return {
            "mapping_problem": _(
                "It is too large to be shown field by field: download it, or look at Raw X12."
            )
        }
    groups = read_interchange(data).groups
    located = next((each for group in groups for each in group.sets if each.offset == document.offset), None)
    if located is None or not located.segments:
        return {"mapping_problem": _("Its bytes are not where its interchange says.")}
    rehearsal = rehearse_reading(located.segments, guide, located.separators, code_lists(document.agreement))
    words = guide_words(guide_of(document))
    return {
        **shown(rehearsal, guide, set(), Direction.IN, second_opinion=False),
        "profile": _profile(guide_of(document)),
        "mapping_words": (
            _("Written by %s. Each field stands beside the elements that carry it.")
            if document.direction == Direction.OUT
            else _("Read by %s. Each element stands beside the field that it became.")
        )
        % words,
    }


def _profile(name: str) -> Any:
    kind, _rest, pk = name.partition("/")
    revision = (
        MappingRevision.objects.select_related("profile").filter(pk=pk).first()
        if kind == "revision" and pk.isdecimal()
        else None
    )
    return revision.profile if revision is not None else None
