"""Facts become write-once; projections carry the transaction that last wrote them."""

from django.db import migrations

from archive.facts import GUARD_FUNCTIONS, protect_fact, stamp_changes

FACTS = [
    "archive_payload",
    "archive_transmission",
    "archive_transmissionoutcome",
    "archive_interchange",
    "archive_document",
    "archive_acknowledgment",
    "archive_event",
    "archive_functionalanswer",
    "archive_accessrecord",
    "archive_auditentry",
]
PROJECTIONS = ["archive_documentstate", "archive_translation", "archive_documentreference"]


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]
    operations = [
        GUARD_FUNCTIONS,
        *(protect_fact(table) for table in FACTS),
        *(stamp_changes(table) for table in PROJECTIONS),
    ]
