"""Rules and holds by order, store, country and partner reach files without a document too: packing lists, photos of returns."""

from django.db import migrations

from archive.governing import FILE_TIES, GOVERNED
from archive.migrations._governed import OF_DOCUMENTS_ALONE


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0017_fewer_indexes'),
    ]

    operations = [FILE_TIES, migrations.RunSQL(GOVERNED, OF_DOCUMENTS_ALONE)]
