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
(``read_translated``). Received 850 and 860 are read, shown and kept, and nothing follows. Of 824 and 864, ``match_advice``
ties what they say to what we sent.

Stock: ``match_stock`` takes an 846 and ``stock_files`` a plain file as a feed, ``stock_feeds`` holds, applies and rolls it
back (``stock_rows`` works out what stands, ``stock_items`` which items are meant). ``catalogue`` reads a store's items,
``stock_levels`` says what it may show of them (``sold_items``, ``stock_rules``), ``write_stock`` writes the difference and
``write_limits`` the order limits; ``stock_looks`` looks for drift. ``restock`` counts what came back.

Returns: ``returns`` are the verbs, ``write_return`` asks (180), ``match_returns`` matches, ``return_settling`` brings every return of a
purchase order to what was said of it, ``return_ledger`` posts it. ``return_proposals`` proposes, ``return_lists`` opens from CSV.
``return_files`` keeps and sends photos and forms, ``claim_forms`` says what the form says; ``refund`` decides and ``apply_refunds``
makes a refund, ``refunded`` says what of an order came back; ``restocking`` decides what ``restock`` counts.

What staff do stands in ``decide`` (settle, try again, go live, pause), ``decisions`` (carried out as ``plans`` show
them), ``resubmit`` and ``bulk`` (sending again, one and many), ``reprocess`` and ``reread`` (reading a document or a
file again), ``mapping_rows``, ``mapping_samples`` and ``mapping_release`` (a partner's variant), ``translations``
(items, code lists, agreements) and ``connect`` (the store's webhook), ``take_over`` and ``tolerance_trial``,
``routing_rules``, ``change_decisions``, ``mail_decisions``, ``shipment_decisions``, ``invoice_decisions``,
``stock_decisions``, ``roll_back_stock``, ``return_decisions``, ``invoice_rules``, ``customer_links`` (with ``kept_rows``), ``contact`` and ``remainder`` (decisions on an answer);
``rights`` says who may. ``cases`` opens and closes what only a person can settle; ``case_work`` shares cases out, puts them
off and keeps comments, ``undo`` takes a decision back. ``resending`` and ``written_again`` say what goes out once more.

``figures`` keeps what charts draw. ``notice_causes`` says what stands in the way and what is over, ``notices`` tells whom of
it, ``webhook_calls`` posts to chats, ``notice_settings`` keeps rules and choices. ``onboarding`` takes a partner on in test,
``onboarding_steps`` says what is done by which evidence. ``account_mails`` invites people, ``leaving`` sees them off.

Events out: ``events_out`` writes what happened (``event_sources`` reads it, ``event_bodies`` words it) for each destination,
``post_events`` posts and ``event_settings`` are its verbs; ``event_cases`` says what of it only a person can settle.

Archive: ``seal_archive`` seals, closes the day and publishes its root, ``check_archive`` holds a share of the archive against its
seals. ``copy_payloads`` copies, compares and removes, ``copy_again`` is its verb. ``retention``, ``holds`` and ``disposals`` are the
verbs of records managers, ``destroy`` carries an approved disposal out, ``trim_stock`` removes old lines of stock.
``persons`` ties documents to orders and so to people, ``erase`` forgets one, ``nameless`` keeps people out of what is written for good; ``exports`` counts what is taken out as files.

A step that asks a store or mailbox something says so when it is put (``Step.talks_to``): only then is it held while
that side is away, and counted among its sessions. Each has one function that makes it: ``import_step``,
``poll_step``, ``fetch_step``, ``transmit_step``, ``effect_step``, ``check_step``.
"""
