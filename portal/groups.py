"""The roles of staff as groups: what each may look at, which verbs are theirs, and which settings they edit.

==========================  ===========================================================================================
Customer service            looks at the day's work; decides; sends one document again
Partner administrator       looks at everything; edits what is agreed with partners; decides; lets go live
Operator                    looks at everything; edits connections; decides; pauses; sends many documents again
Records manager             looks at everything; says how long documents are kept; takes and releases holds; proposes and
                            approves what is destroyed, and who is forgotten
Auditor                     looks at everything, users and changes of settings too, and does nothing
==========================  ===========================================================================================

A person may hold several. How far each sees within what their role shows is ``portal.models.Access``.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

CUSTOMER_SERVICE = "Customer service"
PARTNER_ADMINISTRATOR = "Partner administrator"
OPERATOR = "Operator"
RECORDS_MANAGER = "Records manager"
AUDITOR = "Auditor"
ROLES = (CUSTOMER_SERVICE, PARTNER_ADMINISTRATOR, OPERATOR, RECORDS_MANAGER, AUDITOR)

SHOWN_APPS = ("archive", "integration", "partners")
EVERYTHING_SHOWN = Q(content_type__app_label__in=SHOWN_APPS, codename__startswith="view_")
READ_CONTENT = ("archive", "view_payload")
DAILY_WORK = (
    ("archive", "document"),
    ("integration", "exceptioncase"),
    ("integration", "expectation"),
    ("integration", "order"),
    ("integration", "purchaseorder"),
    ("integration", "shipment"),
    ("integration", "returncase"),
    ("integration", "invoice"),
    ("integration", "supplierinvoice"),
    ("integration", "storeitem"),
    ("integration", "stockfeed"),
    ("integration", "supplierstock"),
    ("integration", "outgoingmail"),
)
OF_AUDITORS = (
    ("auth", "view_user"),
    ("auth", "view_group"),
    ("admin", "view_logentry"),
    ("portal", "view_access"),
    ("portal", "view_apitoken"),
    ("portal", "view_export"),
)
OF_TOKENS = (("portal", "view_apitoken"), ("portal", "view_export"))

DECIDE = ("integration", "decide")
RESUBMIT = ("integration", "resubmit")
RESUBMIT_BULK = ("integration", "resubmit_bulk")
PAUSE = ("integration", "pause")
ERASE = ("integration", "erase")
GO_LIVE = ("partners", "go_live")
ISSUE_TOKENS = ("portal", "issue_tokens")
COPY_AGAIN = ("archive", "copy_again")
RELEASE_MAPPING = ("partners", "release_mapping")
SET_RETENTION = ("archive", "set_retention")
TAKE_HOLD = ("archive", "take_hold")
RELEASE_HOLD = ("archive", "release_hold")
PROPOSE_DISPOSAL = ("archive", "propose_disposal")
APPROVE_DISPOSAL = ("archive", "approve_disposal")
VERBS = {
    CUSTOMER_SERVICE: (DECIDE, RESUBMIT),
    PARTNER_ADMINISTRATOR: (DECIDE, RESUBMIT, PAUSE, GO_LIVE, RELEASE_MAPPING, ERASE, ISSUE_TOKENS),
    OPERATOR: (DECIDE, RESUBMIT, RESUBMIT_BULK, PAUSE, GO_LIVE, ERASE, COPY_AGAIN, ISSUE_TOKENS),
    RECORDS_MANAGER: (SET_RETENTION, TAKE_HOLD, RELEASE_HOLD, PROPOSE_DISPOSAL, APPROVE_DISPOSAL, ERASE),
    AUDITOR: (),
}

_OF_PARTNERS = (
    ("partners", "tradingpartner"),
    ("partners", "partneridentifier"),
    ("partners", "partnercontact"),
    ("partners", "agreement"),
    ("partners", "agreementdocument"),
    ("partners", "shipmenttolerances"),
    ("partners", "billtolerances"),
    ("integration", "stockterms"),
    ("integration", "stocklocation"),
    ("partners", "returnterms"),
    ("partners", "itemcrossreference"),
    ("partners", "codelist"),
    ("partners", "codelistentry"),
    ("partners", "mappingprofile"),
    ("integration", "routingrule"),
    ("integration", "invoicerule"),
    ("integration", "invoiceseries"),
    ("integration", "customerlink"),
)
_OF_CONNECTIONS = (
    ("integration", "store"),
    ("integration", "stockrule"),
    ("integration", "mailserver"),
    ("integration", "noticewebhook"),
    ("integration", "eventdestination"),
)
_OF_BOTH = (
    ("partners", "mailbox"),
    ("partners", "hostkey"),
    ("partners", "partnership"),
    ("partners", "businesscalendar"),
    ("partners", "holiday"),
    ("integration", "warehouse"),
    ("integration", "carrier"),
    ("integration", "noticerule"),
)
SETTINGS = {
    CUSTOMER_SERVICE: (),
    PARTNER_ADMINISTRATOR: (*_OF_PARTNERS, *_OF_BOTH),
    OPERATOR: (*_OF_CONNECTIONS, *_OF_BOTH),
    RECORDS_MANAGER: (),
    AUDITOR: (),
}
CONFIGURATION = (*_OF_PARTNERS, *_OF_CONNECTIONS, *_OF_BOTH)


def ensure_groups(using: str = DEFAULT_DB_ALIAS) -> dict[str, Group]:
    """Create the groups where they are missing and give them what they lack; return them by role.

    Permissions that an administrator added by hand stay. Reading the content of documents is
    ``archive.view_payload``: take it from a copy of a group for people who may know that a document exists
    and not what it says.
    """
    groups, permissions = Group.objects.using(using), Permission.objects.using(using)
    made = {}
    for role in ROLES:
        made[role], _ = groups.get_or_create(name=role)
        made[role].permissions.add(*permissions.filter(_looks_at(role) | _verbs(role) | _edits(role)))
    return made


def _looks_at(role: str) -> Q:
    if role == CUSTOMER_SERVICE:
        return _named([READ_CONTENT, *((app, f"view_{model}") for app, model in DAILY_WORK)])
    if role == AUDITOR:
        return EVERYTHING_SHOWN | _named(OF_AUDITORS)
    return EVERYTHING_SHOWN | _named(OF_TOKENS if ISSUE_TOKENS in VERBS[role] else ())


def _verbs(role: str) -> Q:
    return _named(VERBS[role])


def _edits(role: str) -> Q:
    return _named(
        [(app, f"{verb}_{model}") for app, model in SETTINGS[role] for verb in ("add", "change", "delete")]
    )


def _named(wanted: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> Q:
    found = Q(pk=None)
    for app, codename in wanted:
        found |= Q(content_type__app_label=app, codename=codename)
    return found
