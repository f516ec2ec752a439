"""Browsers of citizens, by Web Push (RFC 8030, 8291, 8292): an encrypted message of its own to each."""
