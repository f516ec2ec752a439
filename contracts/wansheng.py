"""The trap: towns that have the district's number and are not the district's."""

WANSHENG = frozenset(
    f"500110{unit}" for unit in ("004", "005", "100", "101", "102", "103", "104", "105", "106", "107")
)
"""Towns with the district's number that the Wansheng zone runs. None of them is ever a target here."""
