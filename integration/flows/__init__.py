"""How documents move: one verb a module, each a function that returns the steps that come next.

Out: ``import_orders`` → ``route`` → ``compose`` → ``generate`` → ``transmit``. In: ``receive`` → ``translate`` →
``match`` → ``apply``. ``steps`` lists them all; ``integration.tasks`` claims, runs and hands over. ``reconcile`` looks
for what should have come. What staff do stands in ``decide`` (settle, try again, go live, pause) and ``decisions``
(carried out as ``plans`` show them); ``cases`` opens and closes what only a person can settle.

Where the next things belong:

* Sending a document again by a person: ``resubmit``, with a fact of its own in the archive that links the new document
  to the first and carries the form's key, so that a double click and a second person find it. The guard is a plan as
  in ``plans``: what the partner answered already is part of its digest. Facts cannot be locked by the application's
  role (that needs UPDATE), so two people meet on the purchase order's row. ``reconcile`` and ``generate`` then have to
  take the latest of a purchase order's documents.
* Reading a received document again: ``reprocess``. It writes the projections anew, reverses the document's entries and
  matches again in one transaction; for a file that was kept and not read, documents are added to the interchange that
  stands.
* A breaker for each store and mailbox: ``tasks`` knows of trouble by channel already (``Work.channel``); what waits
  for a channel should not be claimed while its poll fails.
"""
