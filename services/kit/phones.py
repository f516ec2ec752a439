"""Phone numbers as people may see them."""


def masked(phone: str) -> str:
    """Return a phone of which only the ends can be read: `138****5678`."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "****"
