"""Cases about acknowledgments, advices and messages, and their places at an order."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0011_channels'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exceptioncase',
            name='kind',
            field=models.CharField(choices=[('no_partner', 'No partner for an item'), ('several_partners', 'Several partners for an item'), ('no_address', 'No shipping address'), ('not_writable', 'Document cannot be written'), ('acknowledgment_differs', 'Partner answered differently'), ('unknown_purchase_order', 'Unknown purchase order'), ('unmatched', 'Answer to nothing we sent'), ('order_changed', 'Order changed after it was sent'), ('rejected', 'Partner rejected our document'), ('contradicted', 'Partner acknowledged differently before'), ('application_error', 'Partner reports an application error'), ('message', 'Text message to read'), ('overdue', 'Answer overdue'), ('unreadable', 'File or document not readable'), ('not_for_us', 'Not for us, or not from there'), ('duplicate', 'Number used twice'), ('store', 'Store'), ('mailbox', 'Mailbox'), ('parked', 'Work stopped')], max_length=24),
        ),
        migrations.AlterField(
            model_name='orderdocument',
            name='role',
            field=models.CharField(choices=[('purchase_order', 'Purchase order'), ('functional_acknowledgment', 'Functional acknowledgment'), ('interchange_acknowledgment', 'Interchange acknowledgment'), ('purchase_order_acknowledgment', 'Purchase order acknowledgment'), ('application_advice', 'Application advice'), ('text_message', 'Text message')], max_length=30),
        ),
    ]
