"""A network mailbox with two suppliers and a customer behind it, and their own ledgers. Imports nothing of the portal.

===================== ==========================================================================================
suppliers             the mailbox, who answers what and when, the ledger
customers             what an 855 tells a business customer
answers               every way to answer, by name: the table to begin with
order_answers         what an 855 says of the lines
finance               a finance system that takes invoices, on a mailbox of its own
functional_answers    what a 997 says of the 850
answer_files          the files that make up an answer
envelope_faults       what befalls a file on its way
purchase_orders       what is read of an 850
x12_text              envelopes and bytes
control, sftp_server  the doors of the process
===================== ==========================================================================================
"""
