"""Retention, holds and disposals; what is due, and the one function that destroys it."""

import archive.facts
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from archive.facts import protect_fact
from archive.governing import DISPOSE, TIES, TURNS
from archive.migrations._governed import OF_DOCUMENTS_ALONE


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0013_copies'),
        ('partners', '0015_onboarding'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('name', models.CharField(max_length=100, unique=True)),
            ],
            options={
                'verbose_name': 'retention rule',
                'permissions': [('set_retention', 'Can say how long documents are kept')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='DisposalDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('approved', models.BooleanField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DisposalItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('kept_until', models.DateTimeField(help_text='When that was over.')),
                ('words', models.CharField(help_text='What it is.', max_length=300)),
                ('left', models.JSONField(default=list)),
                ('payload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disposal_items', to='archive.payload')),
            ],
        ),
        migrations.CreateModel(
            name='DisposalCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('key_destroyed', models.BooleanField(help_text='No: it was stored before payloads had keys of their own, and backups may hold it until they expire.')),
                ('payload', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='certificate', to='archive.payload')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='archive.disposaldecision')),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='certificate', to='archive.disposalitem')),
            ],
            options={
                'verbose_name': 'disposal certificate',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='DisposalRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('sentence', models.TextField()),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='refusal', to='archive.disposalitem')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DisposalRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('key', models.CharField(help_text="The form's: posting it twice proposes once.", max_length=64, unique=True)),
                ('scope', models.CharField(help_text='Which of what was due, in words.', max_length=300)),
                ('digest', models.CharField(help_text='SHA-256 of the list, as it was shown.', max_length=64)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'disposal',
                'permissions': [('propose_disposal', 'Can propose what is destroyed'), ('approve_disposal', 'Can approve what others propose to destroy')],
                'default_permissions': ('view',),
            },
        ),
        migrations.AddField(
            model_name='disposalitem',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='archive.disposalrun'),
        ),
        migrations.AddField(
            model_name='disposaldecision',
            name='proposal',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='archive.disposalrun'),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('scope', models.CharField(choices=[('order', 'An order'), ('partner', 'A partner'), ('period', 'A period'), ('search', 'What a search found'), ('matter', 'Documents of a matter')], max_length=7)),
                ('matter', models.CharField(help_text='What it is about, such as the name of a lawsuit.', max_length=200)),
                ('covers', models.CharField(help_text='In words.', max_length=300)),
                ('order', models.BigIntegerField(null=True)),
                ('begins_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField(help_text='The first moment after it.', null=True)),
                ('is_list', models.BooleanField(default=False)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('partner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.tradingpartner')),
            ],
            options={
                'permissions': [('take_hold', 'Can keep documents from being destroyed'), ('release_hold', 'Can release a hold, with a second person')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='HoldDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('actor', models.CharField(max_length=150)),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='archive.document')),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='archive.hold')),
            ],
        ),
        migrations.CreateModel(
            name='HoldRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='archive.hold')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HoldReleaseDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('approved', models.BooleanField()),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='archive.holdrelease')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RetentionRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('number', models.PositiveIntegerField()),
                ('kinds', models.JSONField(default=list, help_text='Transaction sets (850), FILE; empty: every kind.')),
                ('store', models.BigIntegerField(help_text='The store whose order it belongs to.', null=True)),
                ('country', models.CharField(blank=True, help_text='ISO 3166: where such an order goes.', max_length=2)),
                ('years', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
                ('starts', models.CharField(choices=[('exchanged', 'The day it was sent or received'), ('year_end', 'The end of that calendar year')], default='exchanged', max_length=9)),
                ('legal_reason', models.TextField(help_text='The law or contract that asks for it.')),
                ('is_retired', models.BooleanField(default=False, help_text='The rule holds no more.')),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField(help_text='Why it was written.')),
                ('partner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.tradingpartner')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='archive.retentionrule')),
            ],
        ),
        migrations.AddField(
            model_name='disposalitem',
            name='revision',
            field=models.ForeignKey(help_text='The rule that kept it the longest.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='archive.retentionrevision'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('is_list', True), ('order__isnull', False), ('partner__isnull', False), models.Q(('begins_at__isnull', False), ('ends_at__isnull', False)), _connector='OR'), name='hold_covers_something'),
        ),
        migrations.AddConstraint(
            model_name='holddocument',
            constraint=models.UniqueConstraint(fields=('document', 'hold'), name='holddocument_once'),
        ),
        migrations.AddConstraint(
            model_name='disposalitem',
            constraint=models.UniqueConstraint(fields=('run', 'payload'), name='disposalitem_once'),
        ),
        migrations.AddConstraint(
            model_name='retentionrevision',
            constraint=models.UniqueConstraint(fields=('rule', 'number'), name='retentionrevision_once'),
        ),
        migrations.AddConstraint(
            model_name='retentionrevision',
            constraint=models.CheckConstraint(condition=models.Q(('years__gte', 1)), name='retentionrevision_years'),
        ),
        protect_fact("archive_retentionrule"),
        protect_fact("archive_retentionrevision"),
        protect_fact("archive_hold"),
        protect_fact("archive_holddocument"),
        protect_fact("archive_holdrelease"),
        protect_fact("archive_holdreleasedecision"),
        protect_fact("archive_disposalrun"),
        protect_fact("archive_disposalitem"),
        protect_fact("archive_disposaldecision"),
        protect_fact("archive_disposalrefusal"),
        protect_fact("archive_disposalcertificate"),
        TIES,
        migrations.RunSQL(OF_DOCUMENTS_ALONE, "DROP FUNCTION gridport_governed(bigint[]);"),
        TURNS,
        DISPOSE,
    ]
