"""A network mailbox with two suppliers behind it, and their own ledgers. Imports nothing of the portal."""
