"""What we invoice: from what the store says of an order to an invoice whose total is proved.

``sold`` is what goes in, ``amounts`` is the arithmetic and the proof, ``composing`` makes the invoice, whole or for one
shipment, ``credits`` the credit memo of a refund, ``ubl`` and ``files`` write them for finance systems.
"""
