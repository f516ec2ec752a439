"""The public face of the audit: accounts, records, proofs, reconciling, export."""
