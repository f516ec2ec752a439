"""Audit: the ledger. Every fact once, in one order, chained, provable to somebody who trusts nobody here.

It owns the ledger and what can be asked of it; it hears one stream, `LEDGER`, which JetStream sources from
all others; it says nothing but that it was asked. It never acts: it compares, and names what does not add up.
"""
