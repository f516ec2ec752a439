"""Telecom gateways come here for SMS: batches of named recipients, and area orders.

Owns: batches and their results (one byte a recipient, no row for each), leases, halts, early receipts,
its own copy of gateways and keys.
Hears: `delivery.*.requested` and `.withdrawn` of the channels sms and area, the ends of warnings, the
district's registry block.
Says: `delivery.*.reported`; facts about late reports, dead batches and gateways that stopped pulling.
"""
