"""Evidence packs: everything that was exchanged about one thing, as a file that a stranger can check.

``scopes`` says what belongs to an order, a return, a partner's period or a search; ``gathering`` finds the facts about it;
``pages`` writes what helps to read them; ``making`` puts it together. ``archive.packing`` proves it.
"""
