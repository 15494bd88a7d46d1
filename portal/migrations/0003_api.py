"""Programs that ask: their tokens, and what tells them that something changed."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from archive.telling import tell_all, tell_changes

_STATEMENTS = "WHERE written.kind IN ('acknowledged', 'backordered', 'rejected', 'held')"
TOLD = {
    "archive_document": {"documents": "written.id"},
    "archive_documentstate": {"documents": "written.document_id"},
    "archive_translation": {"documents": "written.document_id"},
    "archive_documentreference": {"documents": "written.document_id"},
    "archive_acknowledgment": {"documents": "written.document_id"},
    "integration_orderdocument": {"documents": "written.document_id"},
    "archive_interchange": {"interchanges": "written.id"},
    "archive_transmission": {"interchanges": "written.interchange_id"},
    "archive_transmissionoutcome": {
        "interchanges": "t.interchange_id | JOIN archive_transmission t ON t.id = written.transmission_id"
    },
    "integration_order": {"orders": "written.id"},
    "integration_purchaseorder": {"purchase_orders": "written.id", "orders": "written.order_id"},
    "integration_purchaseorderline": {"purchase_order_lines": "written.id"},
    "integration_lineentry": {
        "purchase_order_lines": "written.line_id",
        "acknowledgment_lines": f"unnest(ARRAY[written.id, written.reverses_id]) | {_STATEMENTS}",
    },
    "integration_shipment": {"shipments": "written.id"},
    "integration_shipmentline": {"shipments": "written.shipment_id"},
    "integration_storeeffect": {
        "shipments": "s.id | JOIN integration_shipment s ON s.effect_id = written.id"
    },
    "integration_invoice": {"invoices": "written.id"},
    "integration_invoicecopy": {"invoices": "written.invoice_id"},
    "integration_supplierinvoice": {"supplier_invoices": "written.id"},
    "integration_supplierinvoicepart": {"supplier_invoices": "written.invoice_id"},
    "integration_returncase": {"returns": "written.id"},
    "integration_returnline": {"return_lines": "written.id"},
    "integration_exceptioncase": {"cases": "written.id"},
    "partners_tradingpartner": {"partners": "written.id"},
    "partners_partneridentifier": {"partners": "written.partner_id"},
    "partners_agreement": {
        "partners": "written.partner_id",
        "mappings": "d.id | JOIN partners_agreementdocument d ON d.agreement_id = written.id",
    },
    "partners_agreementdocument": {"mappings": "written.id"},
    "partners_mappingrevision": {
        "mappings": "d.id | JOIN partners_agreementdocument d ON d.profile_id = written.profile_id"
    },
    "integration_store": {"stores": "written.id"},
    "integration_reconciliation": {"reconciliations": "written.id"},
    "integration_gap": {"reconciliations": "written.reconciliation_id"},
    "integration_dailyfigure": {"daily_figures": "written.id"},
}
"""Of which tables the records of each resource are made."""

HELD_BY = {
    "documents": "archive_document",
    "interchanges": "archive_interchange",
    "orders": "integration_order",
    "purchase_orders": "integration_purchaseorder",
    "purchase_order_lines": "integration_purchaseorderline",
    "shipments": "integration_shipment",
    "invoices": "integration_invoice",
    "supplier_invoices": "integration_supplierinvoice",
    "returns": "integration_returncase",
    "return_lines": "integration_returnline",
    "acknowledgment_lines": "integration_lineentry",
    "cases": "integration_exceptioncase",
    "partners": "partners_tradingpartner",
    "stores": "integration_store",
    "mappings": "partners_agreementdocument",
    "reconciliations": "integration_reconciliation",
    "daily_figures": "integration_dailyfigure",
}


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0015_changes'),
        ('integration', '0035_ties'),
        ('partners', '0015_onboarding'),
        ('portal', '0002_saved_searches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="What for: Power BI, the warehouse's screen.", max_length=80)),
                ('prefix', models.CharField(editable=False, max_length=12, unique=True)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('resources', models.JSONField(default=list, help_text='What it reads, by the names of the API; none: nothing.')),
                ('reads_content', models.BooleanField(default=False, help_text='The bytes and the content of documents, beside what is known of them. Every reading is recorded.', verbose_name='reads what documents say')),
                ('may_write', models.BooleanField(default=False, help_text='Open returns, send documents again, comment and decide, where the user may.', verbose_name='may act')),
                ('limits_partners', models.BooleanField(default=False, verbose_name='only some partners')),
                ('limits_stores', models.BooleanField(default=False, verbose_name='only some stores')),
                ('addresses', models.JSONField(blank=True, default=list, help_text='Networks that it may ask from, such as 203.0.113.0/24; none named: any.', verbose_name='allowed addresses')),
                ('expires_at', models.DateTimeField(help_text='From then on it is refused.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('created_by', models.CharField(editable=False, max_length=150)),
                ('last_used_at', models.DateTimeField(editable=False, help_text='To the minute.', null=True)),
                ('last_address', models.GenericIPAddressField(editable=False, null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('revoked_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('partners', models.ManyToManyField(blank=True, related_name='+', to='partners.tradingpartner')),
                ('stores', models.ManyToManyField(blank=True, related_name='+', to='integration.store')),
                ('user', models.ForeignKey(help_text="In whose name it asks: with this person's rights and sight, never with more.", on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-pk'],
                'permissions': [('issue_tokens', 'Can make and revoke API tokens')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ApiWindow',
            fields=[
                ('token', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='window', serialize=False, to='portal.apitoken')),
                ('began_at', models.DateTimeField()),
                ('count', models.PositiveIntegerField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('request', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.JSONField()),
                ('answered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='portal.apitoken')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['answered_at'], name='keptanswer_age')],
                'constraints': [models.UniqueConstraint(fields=('token', 'key'), name='keptanswer_once')],
            },
        ),
        *(tell_all(table, resource) for resource, table in HELD_BY.items()),
        *(tell_changes(table, told) for table, told in TOLD.items()),
    ]
