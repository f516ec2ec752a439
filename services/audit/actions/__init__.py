"""The verbs of the audit: record, sign, ask, reconcile, export."""
