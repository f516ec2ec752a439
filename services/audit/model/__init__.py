"""What the ledger holds and what can be concluded from it. Pure: values in, values out."""
