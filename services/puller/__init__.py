"""The reference puller: `yutian gateway --to smpp://...`. It knows the public contract and no service.

It leases SMS work, submits it to a short message centre over SMPP 3.4, and turns delivery receipts into
receipts. What it has submitted stands in a file, so that it can be killed at any moment and go on.
"""
