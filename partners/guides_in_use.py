"""Which guide maps a document: the revision that an agreement's profile has released, else the guide as it is shipped.

A guide has a name that documents keep: ``shipped/004010/850`` or ``revision/12``. The name gives the guide back for
ever; that of a shipped guide gives the one that this version of Gridport ships.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from partners.mapping.compiler import load_shipped_guide
from partners.mapping.overrides import Override
from partners.mapping.rules import Guide
from partners.mapping.sources import GuideError
from partners.mapping.variants import left_out, variant
from partners.models import Agreement, AgreementDocument, MappingProfile, MappingRevision

SHIPPED, REVISION = "shipped", "revision"


@dataclass(frozen=True)
class GuideInUse:
    """A guide, the name that documents keep, and the revision that it comes from; None for a shipped one.

    ``left_out`` are the fields that the revision's rows leave out on purpose (``partners.mapping.variants``).
    """

    guide: Guide
    name: str
    revision: MappingRevision | None
    left_out: frozenset[str] = frozenset()


def guide_for(
    agreement: Agreement | None, transaction_set: str, direction: str, version: str
) -> GuideInUse | None:
    """Return the guide that maps such a document now, None where nothing maps it.

    A profile maps its own document and version alone: what a partner sends in another version is read by the shipped
    guide.
    """
    release = version[:6]
    profile = _profile(agreement, transaction_set, direction)
    if profile is not None and (profile.transaction_set, profile.version) == (transaction_set, release):
        revision = profile.current
        if revision is not None:
            rows = overrides_of(revision.overrides)
            guide = variant(revision.base, rows)
            return GuideInUse(guide, revision.guide_name, revision, left_out(revision.base, rows))
    shipped = shipped_guide(transaction_set, release)
    name = f"{SHIPPED}/{release}/{transaction_set}"
    return GuideInUse(shipped, name, None) if shipped else None


def find_guide(name: str) -> Guide | None:
    """Return the guide of that name, None where there is none."""
    kind, _, rest = name.partition("/")
    if kind == REVISION and rest.isdecimal():
        revision = MappingRevision.objects.filter(pk=rest).first()
        return guide_of_revision(revision) if revision is not None else None
    if kind == SHIPPED:
        release, _, transaction_set = rest.partition("/")
        return shipped_guide(transaction_set, release)
    return None


def guide_words(name: str) -> str:
    """Return what a guide is called in sentences: ``Birch orders, revision 2``, or ``the shipped guide``."""
    kind, _, pk = name.partition("/")
    if kind == REVISION and pk.isdecimal():
        revision = MappingRevision.objects.select_related("profile").filter(pk=pk).first()
        return str(revision) if revision is not None else name
    return "the shipped guide" if name else "no guide"


def shipped_guide(transaction_set: str, version: str) -> Guide | None:
    """Return the shipped guide of a set, None where none is shipped."""
    try:
        return load_shipped_guide(transaction_set, version)
    except GuideError:
        return None


def guide_of_revision(revision: MappingRevision) -> Guide:
    """Return the guide of a released revision."""
    return variant(revision.base, overrides_of(revision.overrides))


def overrides_of(rows: Iterable[Mapping[str, str]]) -> tuple[Override, ...]:
    """Return rows as a revision keeps them, as overrides."""
    return tuple(Override(row["operation"], row["address"], row["value"], row["was"]) for row in rows)


def _profile(agreement: Agreement | None, transaction_set: str, direction: str) -> MappingProfile | None:
    if agreement is None:
        return None
    row = (
        AgreementDocument.objects.filter(
            agreement=agreement, transaction_set=transaction_set, direction=direction
        )
        .select_related("profile")
        .first()
    )
    return row.profile if row else None
