"""What is wrong with the archive is one kind of case: seals that are late and backups that cannot be restored too."""

from django.db import migrations, models

MOVE = migrations.RunSQL(
    sql="""
    UPDATE integration_exceptioncase SET kind = 'archive'
     WHERE kind = 'gap' AND closed_at IS NULL AND cause IN ('drill:restore', 'seals:late', 'seals:unpublished');
    """,
    reverse_sql="""
    UPDATE integration_exceptioncase SET kind = 'gap'
     WHERE kind = 'archive' AND closed_at IS NULL AND cause IN ('drill:restore', 'seals:late', 'seals:unpublished');
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0038_certified_erasure'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exceptioncase',
            name='kind',
            field=models.CharField(choices=[('no_partner', 'No partner for an item'), ('several_partners', 'Several partners for an item'), ('no_address', 'No shipping address'), ('missing_translation', 'Missing translation'), ('customer', 'Customer cannot be told'), ('not_writable', 'Document cannot be written'), ('acknowledgment_differs', 'Partner answered differently'), ('unknown_purchase_order', 'Unknown purchase order'), ('unmatched', 'Answer to nothing we sent'), ('order_changed', 'Order changed after it was sent'), ('change_answered', 'Partner does not take a change'), ('change_asked', 'Partner asks for a change'), ('shipment_differs', 'Partner shipped differently'), ('invoice_differs', "Supplier's invoice differs"), ('invoice_unproved', 'Our invoice does not add up'), ('stock_held', 'Stock feed held'), ('stock_unclear', 'Stock advice not understood'), ('return_proposed', 'Return proposed'), ('return_differs', 'Return answered differently'), ('credit_differs', 'Credit of a return differs'), ('rejected', 'Partner rejected our document'), ('contradicted', 'Partner acknowledged differently before'), ('application_error', 'Partner reports an application error'), ('message', 'Text message to read'), ('overdue', 'Answer overdue'), ('silent', 'Silent longer than usual'), ('unreadable', 'File or document not readable'), ('not_for_us', 'Not for us, or not from there'), ('duplicate', 'Number used twice'), ('store', 'Store'), ('mailbox', 'Mailbox'), ('mail', 'Mail'), ('gap', 'Found missing by reconciliation'), ('archive', 'Archive not as it should be'), ('parked', 'Work stopped')], max_length=24),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('case', 'Case opened'), ('connection', 'Connection stands still'), ('work', 'Work stopped'), ('feed', 'Stock feed held'), ('gap', 'Found missing by reconciliation'), ('archive', 'Archive not as it should be'), ('bulk', 'Bulk job finished')], max_length=10),
        ),
        migrations.AlterField(
            model_name='noticerule',
            name='kind',
            field=models.CharField(choices=[('case', 'Case opened'), ('connection', 'Connection stands still'), ('work', 'Work stopped'), ('feed', 'Stock feed held'), ('gap', 'Found missing by reconciliation'), ('archive', 'Archive not as it should be'), ('bulk', 'Bulk job finished')], max_length=10, verbose_name='of what'),
        ),
        MOVE,
    ]
