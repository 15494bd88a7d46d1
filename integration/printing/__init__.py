"""What we print: packing slips and invoices as PDF, from our own data alone. The same input gives the same bytes."""
