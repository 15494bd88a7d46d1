"""How documents move: one verb a module, each a function that returns the steps that come next.

Out: ``import_orders`` → ``route`` → ``compose`` → ``generate`` → ``transmit``. In: ``receive`` → ``translate`` →
``match`` → ``apply``. ``counted`` and ``agreed`` hold all answers to a purchase order against what is in force
(``positions``, by the ledger) and what the agreement lets pass. ``steps`` lists them all; ``integration.tasks``
claims, runs and hands over. ``clock`` looks for what should have come (``expectations``); ``reconciliation`` asks
``gaps`` what is missing anywhere, and mends what it safely can; ``hooks`` takes a store's calls, ``check_hooks``
looks after its webhook. Where lines go, ``routing`` plans and ``route`` carries out (``categories``, ``numbering``
and ``terms`` serve them). An edit after sending goes ``edited`` → ``changes`` → ``generate`` (``generate_change``) →
``transmit``; ``match_changes`` takes the 865. ``mails`` sends mail, ``bounces`` reads what came back.

Goods: ``match_ship_notices`` settles all notices (856) for a purchase order together, ``shipping`` intends what the store
is to hold of them and ``apply_shipments`` brings it there; ``effects`` begins and ends every effect on a store. ``packing_slips`` says what a slip tells,
``shipment_files`` puts a partner's own files with their shipment.

Money: ``invoicing`` says when an order is invoiced, ``invoice_order`` composes and proves, ``write_invoice`` numbers and
writes, ``outgoing_files`` stores what is no X12, ``sold`` reads the store. ``match_invoices`` judges all bills (810) for a
purchase order together (``supplier_invoices`` reads and posts them, ``bill_numbers`` finds numbers used twice).

``acknowledge`` tells a business customer what holds of his order (``customers`` finds whose it is, ``customer_lines``
reads the ledger); whoever changes what holds returns ``acknowledge_steps``.

Which guide maps a document says ``partners.guides_in_use``: the shipped one, or a released revision of a mapping
profile. Units, packs and item numbers are converted on the canonical document (``counted``, for 850 out and 855 in);
a missing translation is one case (``missing``), and entering it (``translations``) lets go what waited
(``read_translated``). Received 846, 180, 860 and 812 are read, shown and kept today, and nothing follows: each gets its branch in
``match``. Of 824 and 864, ``match_advice`` ties what they say to what we sent.

Returns are movements of the ledger already (``LineEntry.Kind``), and positions show
them: their flows only have to post them, and to add their question to ``gaps``.

What staff do stands in ``decide`` (settle, try again, go live, pause), ``decisions`` (carried out as ``plans`` show
them), ``resubmit`` and ``bulk`` (sending again, one and many), ``reprocess`` and ``reread`` (reading a document or a
file again), ``mapping_rows``, ``mapping_samples`` and ``mapping_release`` (a partner's variant), ``translations``
(items, code lists, agreements) and ``connect`` (the store's webhook), ``take_over`` and ``tolerance_trial``,
``routing_rules``, ``change_decisions``, ``mail_decisions``, ``shipment_decisions``, ``invoice_decisions``,
``invoice_rules``, ``customer_links`` (with ``kept_rows``), ``contact`` and ``remainder`` (decisions on an answer);
``rights`` says who may. ``cases`` opens and closes what only a person can settle.

A step that asks a store or mailbox something says so when it is put (``Step.talks_to``): only then is it held while
that side is away, and counted among its sessions. Each has one function that makes it: ``import_step``,
``poll_step``, ``fetch_step``, ``transmit_step``, ``effect_step``, ``check_step``.
"""
