"""Find a scorecard's promises and purchase orders by when they were; a kind of case for a partner who is silent."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0035_ties'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exceptioncase',
            name='kind',
            field=models.CharField(choices=[('no_partner', 'No partner for an item'), ('several_partners', 'Several partners for an item'), ('no_address', 'No shipping address'), ('missing_translation', 'Missing translation'), ('customer', 'Customer cannot be told'), ('not_writable', 'Document cannot be written'), ('acknowledgment_differs', 'Partner answered differently'), ('unknown_purchase_order', 'Unknown purchase order'), ('unmatched', 'Answer to nothing we sent'), ('order_changed', 'Order changed after it was sent'), ('change_answered', 'Partner does not take a change'), ('change_asked', 'Partner asks for a change'), ('shipment_differs', 'Partner shipped differently'), ('invoice_differs', "Supplier's invoice differs"), ('invoice_unproved', 'Our invoice does not add up'), ('stock_held', 'Stock feed held'), ('stock_unclear', 'Stock advice not understood'), ('return_proposed', 'Return proposed'), ('return_differs', 'Return answered differently'), ('credit_differs', 'Credit of a return differs'), ('rejected', 'Partner rejected our document'), ('contradicted', 'Partner acknowledged differently before'), ('application_error', 'Partner reports an application error'), ('message', 'Text message to read'), ('overdue', 'Answer overdue'), ('silent', 'Silent longer than usual'), ('unreadable', 'File or document not readable'), ('not_for_us', 'Not for us, or not from there'), ('duplicate', 'Number used twice'), ('store', 'Store'), ('mailbox', 'Mailbox'), ('mail', 'Mail'), ('gap', 'Found missing by reconciliation'), ('archive', 'Archive not as it was sealed'), ('parked', 'Work stopped')], max_length=24),
        ),
        migrations.AddIndex(
            model_name='expectation',
            index=models.Index(fields=['agreement', 'due_at'], name='expectation_due'),
        ),
        migrations.AddIndex(
            model_name='lineentry',
            index=models.Index(condition=models.Q(('kind', 'ordered'), ('reverses', None)), fields=['stated_at'], name='lineentry_ordered'),
        ),
    ]
