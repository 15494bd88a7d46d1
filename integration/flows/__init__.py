"""How documents move: one verb a module, each a function that returns the steps that come next.

Out: ``import_orders`` → ``route`` → ``compose`` → ``generate`` → ``transmit``. In: ``receive`` → ``translate`` →
``match`` → ``apply``. ``steps`` lists them all; ``integration.tasks`` claims, runs and hands over. ``reconcile`` looks
for what should have come; ``hooks`` takes a store's calls, ``check_hooks`` looks after its webhook.

What staff do stands in ``decide`` (settle, try again, go live, pause), ``decisions`` (carried out as ``plans`` show
them), ``resubmit`` and ``bulk`` (sending again, one and many), ``reprocess`` and ``reread`` (reading a document or a file
again) and ``connect`` (the store's webhook); ``rights`` says who may. ``cases`` opens and closes what only a person can
settle.

A step that asks a store or mailbox something says so when it is put (``Step.talks_to``): only then is it held while that
side is away, and counted among its sessions. Each has one function that makes it: ``import_step``, ``poll_step``,
``fetch_step``, ``transmit_step``, ``effect_step``, ``check_step``.
"""
