"""The admin: importing this package registers every class, and takes away what staff do not need."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from portal.admin import (
    agreements,
    bulk_jobs,
    calendars,
    carriers,
    cases,
    customer_links,
    documents,
    due,
    files,
    invoices,
    mail_server,
    mailboxes,
    mails,
    mapping_profiles,
    orders,
    partners,
    pauses,
    purchase_orders,
    reconciliations,
    records,
    routing,
    shipments,
    stores,
    supplier_invoices,
    translations,
    users,
    work,
)

__all__ = [
    "agreements",
    "bulk_jobs",
    "calendars",
    "carriers",
    "cases",
    "customer_links",
    "documents",
    "due",
    "files",
    "invoices",
    "mail_server",
    "mailboxes",
    "mails",
    "mapping_profiles",
    "orders",
    "partners",
    "pauses",
    "purchase_orders",
    "reconciliations",
    "records",
    "routing",
    "shipments",
    "stores",
    "supplier_invoices",
    "translations",
    "users",
    "work",
]

# django-q2 only knocks: its tables say nothing to staff, and its "resubmit" would run pickled calls again.
for _model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
