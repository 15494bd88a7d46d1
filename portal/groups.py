"""The two groups of staff: *view* sees everything, *decide* also settles cases and configures."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

OURS = ("partners", "archive", "integration")
CONFIGURED = (
    "tradingpartner", "partneridentifier", "mailbox", "partnership", "agreement", "agreementdocument",
    "itemcrossreference", "codelist", "codelistentry", "store",
)  # fmt: skip


def ensure_groups() -> tuple[Group, Group]:
    """Create or mend the groups and return (view, decide)."""
    ours = Permission.objects.filter(content_type__app_label__in=OURS)
    looking = ours.filter(codename__startswith="view_")
    deciding = ours.filter(
        Q(codename__in=["decide", "go_live"])
        | Q(content_type__model__in=CONFIGURED, codename__regex="^(add|change|delete)_")
    )
    view, _ = Group.objects.get_or_create(name="view")
    view.permissions.set(looking)
    decide, _ = Group.objects.get_or_create(name="decide")
    decide.permissions.set(looking | deciding)
    return view, decide
