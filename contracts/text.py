"""How long a text is for a phone: UTF-16 units, and the segments of an SMS in UCS-2."""

SINGLE_UNITS = 70
"""What fits into an SMS of one segment."""

PART_UNITS = 67
"""What fits into each segment of a longer one; six bytes tell the phone how to join them."""

MOST_SEGMENTS = 4
"""A warning takes no more segments than this: each is billed and receipted alone."""

OPENING, CLOSING = "【", "】"
"""What encloses the signature, and may stand nowhere else in the text."""


def utf16_units(text: str) -> int:
    """Return how many UTF-16 units a text has; a rare character outside the basic plane counts two."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def parts(text: str) -> tuple[str, ...]:
    """Return the segments that a text is sent in: one of 70 units, or several of 67, no pair cut in two."""
    if utf16_units(text) <= SINGLE_UNITS:
        return (text,)
    found: list[str] = []
    begun, used = 0, 0
    for place, character in enumerate(text):
        units = utf16_units(character)
        if used + units > PART_UNITS:
            found.append(text[begun:place])
            begun, used = place, 0
        used += units
    return (*found, text[begun:])


def segments(text: str) -> int:
    """Return in how many segments a text is sent."""
    return len(parts(text))
