"""The ledger becomes write-once; tables that readers follow carry the transaction that last wrote them."""

from django.db import migrations

from archive.facts import protect_fact, stamp_changes

REPORTED = [
    "integration_order",
    "integration_orderdocument",
    "integration_purchaseorder",
    "integration_storeeffect",
    "integration_exceptioncase",
]


class Migration(migrations.Migration):
    dependencies = [("integration", "0001_initial"), ("archive", "0002_guards")]
    operations = [
        protect_fact("integration_lineentry"),
        *(stamp_changes(table) for table in REPORTED),
    ]
