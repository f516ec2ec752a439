"""What WeChat's error codes mean for us. WeChat answers 200 to everything; only the code counts."""

from enum import StrEnum


class Act(StrEnum):
    """What is done about a code."""

    DONE = "done"
    """The message was taken, or had been taken before."""
    AGAIN = "again"
    """WeChat is not well: try again."""
    SLOWER = "slower"
    """Too fast: try again in a minute."""
    TOKEN = "token"  # noqa: S105 (a word, not a secret)
    """The token is not good any more: get another one, once."""
    GONE = "gone"
    """This follower cannot be reached: leave him out."""
    QUOTA = "quota"
    """The day's quota is used up: wait for more."""
    MEND = "mend"
    """An operator must see to the account, the template or the address list."""
    OURS = "ours"
    """What we sent is wrong and will never do."""


CODES: dict[int, tuple[Act, str]] = {
    0: (Act.DONE, "ok"),
    45065: (Act.DONE, "the client message id was used before"),
    -1: (Act.AGAIN, "WeChat is busy"),
    45011: (Act.SLOWER, "too many messages a minute"),
    40001: (Act.TOKEN, "the token is wrong or not the latest"),
    40014: (Act.TOKEN, "the token is wrong"),
    40007: (Act.MEND, "the material is unknown"),
    41001: (Act.TOKEN, "the token is missing"),
    42001: (Act.TOKEN, "the token has expired"),
    40003: (Act.GONE, "the follower's id is unknown"),
    43004: (Act.GONE, "does not follow the account"),
    43101: (Act.GONE, "refuses messages of the account"),
    45028: (Act.QUOTA, "no mass message is left for this month"),
    48006: (Act.QUOTA, "the quota was cleared too often this month"),
    45009: (Act.QUOTA, "the day's quota is used up"),
    40013: (Act.MEND, "the app id is unknown"),
    40037: (Act.MEND, "the template is unknown"),
    40125: (Act.MEND, "the app secret is wrong"),
    40164: (Act.MEND, "our address is not on the account's list"),
    48001: (Act.MEND, "the account may not use this interface"),
    48004: (Act.MEND, "the account may not use this interface any more"),
    45047: (Act.MEND, "too many messages to one follower"),
    45064: (Act.MEND, "the template may not lead to that page"),
    40002: (Act.OURS, "the grant type is wrong"),
    44004: (Act.OURS, "the text is empty"),
    45002: (Act.OURS, "the text is too long"),
    47001: (Act.OURS, "the data is not well formed"),
    47003: (Act.OURS, "a field of the template is wrong or too long"),
}
"""Code -> what to do, and our own words for it: WeChat's may repeat what was sent."""


def meaning(code: int) -> tuple[Act, str]:
    """Return what a code means; an unknown one is for an operator to look at."""
    return CODES.get(code, (Act.MEND, f"WeChat's code {code} is unknown here"))
