"""How documents move: one verb a module, each a function that returns the steps that come next.

Out: ``import_orders`` → ``route`` → ``compose`` → ``generate`` → ``transmit``. In: ``receive`` → ``translate`` →
``match`` → ``apply``. ``steps`` lists them all; ``integration.tasks`` claims, runs and hands over. ``reconcile`` looks
for what should have come. What staff do stands in ``decide`` (settle, try again, go live, pause), ``decisions``
(carried out as ``plans`` show them) and ``resubmit``; ``cases`` opens and closes what only a person can settle.

Where the next things belong:

* Reading a received document again: ``reprocess``. It writes the projections anew, reverses the document's entries and
  matches again in one transaction; for a file that was kept and not read, documents are added to the interchange that
  stands.
* Sending many again at once: one plan over many documents, each carried out by ``resubmit`` under a key made of the
  job's and the document's.
* A breaker for each store and mailbox: ``tasks`` knows of trouble by channel already (``Work.channel``); what waits
  for a channel should not be claimed while its poll fails.
"""
