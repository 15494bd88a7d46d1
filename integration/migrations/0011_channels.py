"""Stores and mailboxes get a breaker and a budget; work that waits already is told whom it talks to."""

import django.core.validators
from django.db import migrations, models


# What each step asks something of, as its rows said only by step and subject.
TALKS_TO = """
    UPDATE integration_work SET talks_to = 'store:' || split_part(subject, ':', 1)
     WHERE step IN ('poll_store', 'check_hooks', 'import_order');
    UPDATE integration_work SET talks_to = 'mailbox:' || subject WHERE step = 'fetch_mailbox';
    UPDATE integration_work w SET talks_to = 'mailbox:' || i.mailbox_id
      FROM archive_interchange i WHERE w.step = 'transmit' AND i.id::text = w.subject AND i.mailbox_id IS NOT NULL;
    UPDATE integration_work w SET talks_to = 'store:' || o.store_id
      FROM integration_purchaseorder p JOIN integration_order o ON o.id = p.order_id
     WHERE w.step = 'compose' AND p.id::text = w.subject;
    UPDATE integration_work w SET talks_to = 'store:' || o.store_id
      FROM integration_storeeffect e JOIN integration_order o ON o.id = e.order_id
     WHERE w.step = 'apply_effect' AND e.id::text = w.subject;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0010_sightings'),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('name', models.CharField(max_length=30, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(db_default=0, default=0)),
                ('opened_at', models.DateTimeField(null=True)),
                ('probe_at', models.DateTimeField(null=True)),
                ('probes', models.PositiveIntegerField(db_default=0, default=0)),
                ('rests_until', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': ('view',),
            },
        ),
        migrations.RemoveIndex(
            model_name='work',
            name='work_due',
        ),
        migrations.AddField(
            model_name='store',
            name='sessions',
            field=models.PositiveSmallIntegerField(db_default=4, default=4, help_text='So many pieces of work ask it at the same time at most, and never all workers at once.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)]),
        ),
        migrations.AddField(
            model_name='work',
            name='talks_to',
            field=models.CharField(blank=True, db_default='', default='', max_length=30),
        ),
        migrations.RunSQL(TALKS_TO, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(condition=models.Q(('parked_at', None)), fields=['lane', 'talks_to', 'due_at'], name='work_due'),
        ),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(condition=models.Q(('lease_token__isnull', False)), fields=['talks_to'], name='work_running'),
        ),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(condition=models.Q(('parked_at', None), models.Q(('talks_to', ''), _negated=True)), fields=['talks_to', 'lane', 'due_at'], name='work_of_side'),
        ),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(condition=models.Q(('channel', ''), _negated=True), fields=['channel'], name='work_waits'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('opened_at', None), ('probe_at', None), ('probes', 0)), models.Q(('opened_at__isnull', False), ('probe_at__isnull', False)), _connector='OR'), name='channel_open_has_probe'),
        ),
    ]
