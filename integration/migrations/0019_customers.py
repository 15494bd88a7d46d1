"""Business customers who are trading partners, and the order acknowledgments (855) that they were sent."""

import archive.facts
import django.db.models.deletion
from django.db import migrations, models

from archive.facts import stamp_changes


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0008_document_revision'),
        ('integration', '0019_shipments'),
        ('partners', '0011_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='customer_number',
            field=models.CharField(blank=True, db_default='', help_text="The customer's own number of it, as it was read last.", max_length=300),
        ),
        migrations.AlterField(
            model_name='exceptioncase',
            name='kind',
            field=models.CharField(choices=[('no_partner', 'No partner for an item'), ('several_partners', 'Several partners for an item'), ('no_address', 'No shipping address'), ('missing_translation', 'Missing translation'), ('customer', 'Customer cannot be told'), ('not_writable', 'Document cannot be written'), ('acknowledgment_differs', 'Partner answered differently'), ('unknown_purchase_order', 'Unknown purchase order'), ('unmatched', 'Answer to nothing we sent'), ('order_changed', 'Order changed after it was sent'), ('change_answered', 'Partner does not take a change'), ('change_asked', 'Partner asks for a change'), ('shipment_differs', 'Partner shipped differently'), ('invoice_differs', "Supplier's invoice differs"), ('invoice_unproved', 'Our invoice does not add up'), ('rejected', 'Partner rejected our document'), ('contradicted', 'Partner acknowledged differently before'), ('application_error', 'Partner reports an application error'), ('message', 'Text message to read'), ('overdue', 'Answer overdue'), ('unreadable', 'File or document not readable'), ('not_for_us', 'Not for us, or not from there'), ('duplicate', 'Number used twice'), ('store', 'Store'), ('mailbox', 'Mailbox'), ('mail', 'Mail'), ('gap', 'Found missing by reconciliation'), ('parked', 'Work stopped')], max_length=24),
        ),
        migrations.AlterField(
            model_name='gap',
            name='check_name',
            field=models.CharField(choices=[('order', 'Orders of the stores'), ('purchase_order', 'Purchase orders'), ('receipt', 'Documents that we send'), ('acknowledgment', 'Functional acknowledgments (997)'), ('answer', 'Purchase order acknowledgments (855)'), ('shipment', 'Ship notices (856)'), ('invoice', 'Invoices that we write'), ('bill', "Suppliers' invoices (810)"), ('file', 'Files on the mailboxes'), ('received', 'Files that we took'), ('customer', 'Order acknowledgments to customers (855)'), ('effect', 'What is written to the stores')], max_length=14),
        ),
        migrations.AlterField(
            model_name='orderdocument',
            name='role',
            field=models.CharField(choices=[('purchase_order', 'Purchase order'), ('functional_acknowledgment', 'Functional acknowledgment'), ('interchange_acknowledgment', 'Interchange acknowledgment'), ('purchase_order_acknowledgment', 'Purchase order acknowledgment'), ('purchase_order_change', 'Purchase order change'), ('change_acknowledgment', 'Purchase order change acknowledgment'), ('ship_notice', 'Ship notice'), ('invoice', 'Invoice'), ('supplier_invoice', "Supplier's invoice"), ('application_advice', 'Application advice'), ('text_message', 'Text message'), ('order_acknowledgment', 'Order acknowledgment to the customer')], max_length=30),
        ),
        migrations.AlterField(
            model_name='expectation',
            name='what',
            field=models.CharField(choices=[('997', 'Functional acknowledgment (997)'), ('855', 'Purchase order acknowledgment (855)'), ('865', 'Purchase order change acknowledgment (865)'), ('856', 'Ship notice (856)')], max_length=3),
        ),
        migrations.CreateModel(
            name='CustomerLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('customer_ids', models.JSONField(blank=True, default=list, verbose_name='customer IDs')),
                ('companies', models.JSONField(blank=True, default=list)),
                ('email_domains', models.JSONField(blank=True, default=list, verbose_name='e-mail domains')),
                ('group_ids', models.JSONField(blank=True, default=list, verbose_name='customer groups')),
                ('number_source', models.CharField(choices=[('order', "The store's own order number"), ('form_field', 'A form field of the billing or shipping address'), ('message', "The customer's message, behind certain words"), ('staff_notes', 'The staff notes, behind certain words'), ('external_order_id', "The order's external order ID"), ('external_id', "The order's external ID")], default='external_order_id', max_length=17, verbose_name='their order number is')),
                ('number_name', models.CharField(blank=True, help_text='Of a form field its name; of a text the words before the number, such as PO number.', max_length=80, verbose_name='name of the field, or words before the number')),
                ('when', models.CharField(choices=[('at_once', 'As soon as the order is with the suppliers'), ('answered', 'Once every supplier has answered')], default='at_once', max_length=8, verbose_name='the 855 is sent')),
                ('note', models.CharField(blank=True, help_text='What the link is for, for those who come later.', max_length=300)),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customer_links', to='partners.agreement')),
                ('store', models.ForeignKey(blank=True, help_text='Empty: every store.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='customer_links', to='integration.store')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='customer_link',
            field=models.ForeignKey(help_text="Where it is a trading partner's order: the link that says so.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='integration.customerlink'),
        ),
        migrations.CreateModel(
            name='OrderAcknowledgment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('sequence', models.PositiveSmallIntegerField(help_text='From 1, the original; later ones replace it.')),
                ('number', models.CharField(help_text='BAK03, as the original had it.', max_length=22, verbose_name="the customer's order number")),
                ('lines', models.JSONField(help_text='What the customer was told, line by line.')),
                ('content', models.JSONField(help_text='The canonical acknowledgment, as it was written.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('document', models.OneToOneField(help_text='The 855 that carries it.', on_delete=django.db.models.deletion.PROTECT, related_name='order_acknowledgment', to='archive.document')),
                ('link', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acknowledgments', to='integration.customerlink')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acknowledgments', to='integration.order')),
            ],
            options={
                'ordering': ['order', 'sequence'],
                'constraints': [models.UniqueConstraint(fields=('order', 'sequence'), name='orderacknowledgment_once')],
            },
        ),
        stamp_changes("integration_orderacknowledgment"),
    ]
