"""The two groups of staff: *view* sees everything that the portal shows, *decide* acts on it."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

VIEW = "view"
DECIDE = "decide"

SHOWN_APPS = ("archive", "integration", "partners")
VERBS = (
    ("integration", "decide"),
    ("integration", "pause"),
    ("partners", "go_live"),
    ("partners", "release_mapping"),
)
CONFIGURATION = (
    ("partners", "tradingpartner"),
    ("partners", "partneridentifier"),
    ("partners", "partnercontact"),
    ("partners", "businesscalendar"),
    ("partners", "holiday"),
    ("partners", "mailbox"),
    ("partners", "hostkey"),
    ("partners", "partnership"),
    ("partners", "agreement"),
    ("partners", "agreementdocument"),
    ("partners", "shipmenttolerances"),
    ("partners", "billtolerances"),
    ("partners", "itemcrossreference"),
    ("partners", "codelist"),
    ("partners", "codelistentry"),
    ("partners", "mappingprofile"),
    ("integration", "store"),
    ("integration", "mailserver"),
    ("integration", "routingrule"),
    ("integration", "invoicerule"),
    ("integration", "invoiceseries"),
    ("integration", "warehouse"),
    ("integration", "customerlink"),
    ("integration", "carrier"),
)


def ensure_groups(using: str = DEFAULT_DB_ALIAS) -> tuple[Group, Group]:
    """Create the groups where they are missing and give them what they lack; return (view, decide).

    Permissions that an administrator added by hand stay. Reading the content of documents is
    ``archive.view_payload``: take it from a copy of *view* for people who may know that a document exists
    and not what it says.
    """
    groups, permissions = Group.objects.using(using), Permission.objects.using(using)
    view, _ = groups.get_or_create(name=VIEW)
    decide, _ = groups.get_or_create(name=DECIDE)
    shown = permissions.filter(content_type__app_label__in=SHOWN_APPS, codename__startswith="view_")
    view.permissions.add(*shown)
    decide.permissions.add(*shown, *permissions.filter(_verbs() | _configuration()))
    return view, decide


def _verbs() -> Q:
    wanted = Q()
    for app, codename in VERBS:
        wanted |= Q(content_type__app_label=app, codename=codename)
    return wanted


def _configuration() -> Q:
    wanted = Q()
    for app, model in CONFIGURATION:
        names = [f"{verb}_{model}" for verb in ("add", "change", "delete")]
        wanted |= Q(content_type__app_label=app, content_type__model=model, codename__in=names)
    return wanted
