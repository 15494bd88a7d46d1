"""Routing rules, our warehouses, the catalog's categories as last read, and how purchase orders are numbered."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0016_reconciliation_and_take_over'),
        ('partners', '0010_routing_terms'),
    ]

    operations = [
        migrations.CreateModel(
            name='PurchaseOrderCounter',
            fields=[
                ('store', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='purchase_order_counter', serialize=False, to='integration.store')),
                ('next_number', models.PositiveBigIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)])),
            ],
        ),
        migrations.CreateModel(
            name='Warehouse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('party_id', models.CharField(blank=True, help_text='By which partners know the place, N104; empty: none.', max_length=20, verbose_name='number')),
                ('party_id_kind', models.CharField(blank=True, choices=[('1', '1 · D-U-N-S number'), ('9', '9 · D-U-N-S plus 4'), ('91', '91 · Assigned by the seller'), ('92', '92 · Assigned by the buyer'), ('UL', 'UL · Global location number (GLN)'), ('ZZ', 'ZZ · Mutually defined')], help_text='N103.', max_length=2, verbose_name='kind of number')),
                ('street_1', models.CharField(max_length=55, verbose_name='street')),
                ('street_2', models.CharField(blank=True, max_length=55, verbose_name='street, second line')),
                ('city', models.CharField(max_length=30)),
                ('state', models.CharField(blank=True, max_length=30, verbose_name='state or province')),
                ('zip', models.CharField(max_length=15, verbose_name='postal code')),
                ('country_iso2', models.CharField(default='US', max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}$', 'Two capital letters, such as US.')], verbose_name='country')),
                ('phone', models.CharField(blank=True, max_length=30)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='routing',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='By line id: where each line went when it was routed last, and why.'),
        ),
        migrations.AddField(
            model_name='store',
            name='purchase_order_pattern',
            field=models.CharField(default='{prefix}{order}-{place}', help_text='How purchase orders are numbered.', max_length=60),
        ),
        migrations.AlterField(
            model_name='purchaseorder',
            name='ship_to',
            field=models.CharField(help_text="Id of the order's shipping address, or warehouse:1.", max_length=20),
        ),
        migrations.CreateModel(
            name='ProductCategories',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product_id', models.PositiveBigIntegerField()),
                ('categories', models.JSONField(default=list, help_text='Ids; empty too where the store has no such product.')),
                ('read_at', models.DateTimeField()),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='product_categories', to='integration.store')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('store', 'product_id'), name='productcategories_once')],
            },
        ),
        migrations.CreateModel(
            name='StoreCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category_id', models.PositiveBigIntegerField()),
                ('parent_id', models.PositiveBigIntegerField(default=0)),
                ('name', models.CharField(max_length=255)),
                ('read_at', models.DateTimeField()),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='integration.store')),
            ],
            options={
                'verbose_name_plural': 'store categories',
                'constraints': [models.UniqueConstraint(fields=('store', 'category_id'), name='storecategory_once')],
            },
        ),
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('priority', models.PositiveIntegerField(default=100, help_text='The lowest number is asked first; of equal numbers, the older rule.')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('channels', models.JSONField(blank=True, default=list)),
                ('skus', models.JSONField(blank=True, default=list, verbose_name='SKUs')),
                ('brands', models.JSONField(blank=True, default=list)),
                ('categories', models.JSONField(blank=True, default=list)),
                ('delivery', models.CharField(choices=[('shipped', 'Shipped to the customer'), ('pickup', 'Collected by the customer')], default='shipped', max_length=7, verbose_name='lines that are')),
                ('pickup_methods', models.JSONField(blank=True, default=list)),
                ('countries', models.JSONField(blank=True, default=list)),
                ('regions', models.JSONField(blank=True, default=list)),
                ('postal_prefixes', models.JSONField(blank=True, default=list, verbose_name='postal codes')),
                ('fulfilment', models.CharField(choices=[('dropship', 'The partner ships to the customer (drop-ship)'), ('warehouse', 'The partner ships to our warehouse (stock order)')], default='dropship', max_length=9)),
                ('bundles', models.CharField(choices=[('exploded', 'Its parts go, each by its own rule'), ('parent', 'The bundle goes whole, its parts do not')], default='exploded', max_length=8, verbose_name='a bundle that it takes')),
                ('note', models.CharField(blank=True, help_text='What the rule is for, for those who come later.', max_length=300)),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='routing_rules', to='partners.agreement')),
                ('store', models.ForeignKey(blank=True, help_text='Empty: every store.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='routing_rules', to='integration.store')),
                ('warehouse', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='routing_rules', to='integration.warehouse')),
            ],
            options={
                'ordering': ['priority', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('delivery', 'shipped'), ('fulfilment', 'dropship'), ('warehouse', None)), models.Q(('fulfilment', 'warehouse'), ('warehouse__isnull', False)), _connector='OR'), name='routingrule_warehouse_where_one_is_meant')],
            },
        ),
    ]
