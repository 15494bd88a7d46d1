"""A BigCommerce store that answers like a real one, with a ledger of its own. Imports nothing of the portal."""
