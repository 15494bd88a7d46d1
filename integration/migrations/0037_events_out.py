"""Events that go out, and triggers that write to what state a row of ours came, whoever wrote it."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
import integration.models.event_out
import partners.secrets
from archive.facts import stamp_changes
from django.db import migrations, models

NOTE = """
    CREATE FUNCTION gridport_note_occurrence() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE found text := TG_ARGV[1];
    BEGIN
        IF EXISTS (SELECT 1 FROM integration_eventdestination) THEN
            IF TG_ARGV[1] LIKE 'column %' THEN
                EXECUTE format('SELECT ($1).%I', substr(TG_ARGV[1], 8)) INTO found USING NEW;
            END IF;
            INSERT INTO integration_occurrence (what, row_id, state, happened_at)
            VALUES (TG_ARGV[0], NEW.id, found, clock_timestamp());
        END IF;
        RETURN NULL;
    END $$;
    CREATE INDEX integration_occurrence_changed ON integration_occurrence (changed_xid, id);
"""
# Table, what it is called, the state or the column that holds it, when, and under which condition.
NOTED = (
    ("order", "order", "column state", "INSERT", ""),
    (
        "order", "order", "column state", "UPDATE",
        "(OLD.state, OLD.status_id, OLD.digest) IS DISTINCT FROM (NEW.state, NEW.status_id, NEW.digest)",
    ),
    (
        "purchaseorder", "purchase_order", "column state", "UPDATE",
        "OLD.state <> NEW.state AND NEW.state IN ('accepted', 'disputed', 'cancelled')",
    ),
    ("shipment", "shipment", "created", "INSERT", ""),
    ("shipment", "shipment", "withdrawn", "UPDATE", "OLD.withdrawn_by_id IS NULL AND NEW.withdrawn_by_id IS NOT NULL"),
    ("invoice", "invoice", "issued", "INSERT", "NEW.state = 'generated'"),
    ("invoice", "invoice", "issued", "UPDATE", "OLD.state <> 'generated' AND NEW.state = 'generated'"),
    ("returncase", "return", "column stage", "INSERT", ""),
    ("returncase", "return", "column stage", "UPDATE", "OLD.stage <> NEW.stage"),
    ("exceptioncase", "case", "opened", "INSERT", "NEW.closed_at IS NULL"),
    ("exceptioncase", "case", "opened", "UPDATE", "OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL"),
    ("exceptioncase", "case", "closed", "UPDATE", "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL"),
)  # fmt: skip


def note(number: int, table: str, what: str, state: str, moment: str, condition: str) -> migrations.RunSQL:
    """Return the operation that has ``table`` note to what state its rows come."""
    when = f"WHEN ({condition})" if condition else ""
    return migrations.RunSQL(
        sql=f"""
        CREATE TRIGGER note_occurrence_{number} AFTER {moment} ON integration_{table} FOR EACH ROW {when}
            EXECUTE FUNCTION gridport_note_occurrence('{what}', '{state}');
        """,
        reverse_sql=f"DROP TRIGGER note_occurrence_{number} ON integration_{table};",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0036_scorecards'),
        ('partners', '0015_onboarding'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventCursor',
            fields=[
                ('source', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('epoch', models.UUIDField()),
                ('xid', models.BigIntegerField()),
                ('row_id', models.BigIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EventDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=50)),
                ('message_id', models.UUIDField()),
                ('type', models.CharField(choices=[('document.recorded', 'Document recorded'), ('document.delivered', 'Document delivered'), ('document.acknowledged', 'Document acknowledged'), ('document.rejected', 'Document rejected'), ('order.changed', 'Order changed'), ('purchase_order.accepted', 'Purchase order accepted'), ('purchase_order.disputed', 'Purchase order answered differently'), ('purchase_order.cancelled', 'Purchase order cancelled'), ('shipment.created', 'Shipment told by a partner'), ('shipment.withdrawn', 'Shipment taken back by a partner'), ('invoice.issued', 'Invoice issued'), ('case.opened', 'Case opened'), ('case.closed', 'Case closed'), ('return.changed', 'Return changed')], max_length=40, verbose_name='event')),
                ('subject', models.CharField(max_length=60)),
                ('body', models.BinaryField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('given_up', 'Given up')], default='waiting', max_length=9)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('next_at', models.DateTimeField(help_text='When it is tried next; empty: it is not.', null=True)),
                ('settled_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'event delivery',
                'verbose_name_plural': 'event deliveries',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Occurrence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('what', models.CharField(max_length=20)),
                ('row_id', models.BigIntegerField()),
                ('state', models.CharField(max_length=20)),
                ('happened_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EventAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('words', models.CharField(max_length=300)),
                ('answer', models.CharField(blank=True, max_length=200)),
                ('milliseconds', models.PositiveIntegerField()),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='integration.eventdelivery')),
            ],
            options={
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EventDestination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="Such as the system's: data warehouse.", max_length=100, unique=True)),
                ('url', partners.secrets.EncryptedTextField(verbose_name='address')),
                ('secret', partners.secrets.EncryptedTextField(editable=False)),
                ('former_secret', partners.secrets.EncryptedTextField(blank=True, default='', editable=False)),
                ('former_until', models.DateTimeField(editable=False, null=True)),
                ('kinds', models.JSONField(blank=True, default=list, help_text='None chosen: all of them, those of later versions too.', verbose_name='events')),
                ('is_active', models.BooleanField(default=True, help_text='Switched off, its events are kept, and posted later.', verbose_name='post to it')),
                ('stopped_because', models.CharField(blank=True, editable=False, max_length=300)),
                ('began', models.TextField(db_default=integration.models.event_out.CurrentSnapshot(), editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('failing_since', models.DateTimeField(editable=False, null=True)),
                ('partners', models.ManyToManyField(blank=True, help_text='None chosen: all. Otherwise what is about one of these alone is told.', related_name='+', to='partners.tradingpartner')),
                ('stores', models.ManyToManyField(blank=True, help_text='None chosen: all. Otherwise what is about an order of one of these alone is told; a received document is recorded before it is known which order it is about, so of these nothing is told.', related_name='+', to='integration.store')),
            ],
            options={
                'verbose_name': 'event destination',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='eventdelivery',
            name='destination',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='integration.eventdestination'),
        ),
        migrations.AddIndex(
            model_name='eventdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['destination', 'next_at', 'id'], name='eventdelivery_due'),
        ),
        migrations.AddIndex(
            model_name='eventdelivery',
            index=models.Index(condition=models.Q(('state', 'given_up')), fields=['destination', 'settled_at'], name='eventdelivery_given_up'),
        ),
        migrations.AddIndex(
            model_name='eventdelivery',
            index=models.Index(fields=['created_at'], name='eventdelivery_age'),
        ),
        migrations.AddConstraint(
            model_name='eventdelivery',
            constraint=models.UniqueConstraint(fields=('destination', 'source'), name='eventdelivery_once'),
        ),
        migrations.AddConstraint(
            model_name='eventdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', False), ('settled_at', None), ('state', 'waiting')), models.Q(('next_at', None), ('settled_at__isnull', False), ('state__in', ['delivered', 'given_up'])), _connector='OR'), name='eventdelivery_state_known'),
        ),
        stamp_changes("integration_occurrence"),
        migrations.RunSQL(
            sql=NOTE,
            reverse_sql="""
            DROP INDEX integration_occurrence_changed;
            DROP FUNCTION gridport_note_occurrence();
            """,
        ),
        *(note(number, *each) for number, each in enumerate(NOTED)),
    ]
