"""What few of very many rows are found by in lists; control numbers stand behind what people number."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0008_document_revision'),
        ('partners', '0014_return_terms'),
    ]

    operations = [
        # Control numbers stand a step behind what people number (archive.search.reference_rows).
        migrations.RunSQL(
            """
            UPDATE archive_documentreference SET rank = rank - 100
             WHERE kind IN ('control_number', 'group_control_number', 'set_control_number') AND rank >= 100
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['recorded_at'], name='document_recorded'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['transaction_set', '-id'], name='document_kind'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['partner', '-id'], name='document_partner'),
        ),
        migrations.AddIndex(
            model_name='documentstate',
            index=models.Index(condition=models.Q(('delivery__in', ['waiting', 'sending', 'unknown', 'failed'])), fields=['delivery', '-document'], name='documentstate_undelivered'),
        ),
        migrations.AddIndex(
            model_name='documentstate',
            index=models.Index(condition=models.Q(('acknowledgment__in', ['waiting', 'overdue', 'accepted_with_errors', 'partially_accepted', 'rejected'])), fields=['acknowledgment', '-document'], name='documentstate_unaccepted'),
        ),
        migrations.AddIndex(
            model_name='documentstate',
            index=models.Index(condition=models.Q(('validation', 'invalid')), fields=['-document'], name='documentstate_invalid'),
        ),
        migrations.AddIndex(
            model_name='transmission',
            index=models.Index(fields=['mailbox', '-recorded_at'], name='transmission_mailbox_last'),
        ),
    ]
