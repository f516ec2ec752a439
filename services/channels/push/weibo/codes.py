"""What Weibo's error codes mean for us; they come with HTTP 400 and 403, and at times with 200."""

from enum import StrEnum


class Act(StrEnum):
    """What is done about a code."""

    AGAIN = "again"
    """Weibo is not well: try again."""
    SLOWER = "slower"
    """Too fast: try again in a while."""
    TWIN = "twin"
    """The same words are there already, or are being taken: look for them."""
    GONE = "gone"
    """There is no such post."""
    BARRED = "barred"
    """We may not do this, and an operator must see to it; what stands there stays."""
    MEND = "mend"
    """An operator must see to the token, the application or the address."""
    OURS = "ours"
    """What we sent is wrong and will never do."""


CODES: dict[int, tuple[Act, str]] = {
    10001: (Act.AGAIN, "Weibo has an error of its own"),
    10002: (Act.AGAIN, "Weibo is out of service"),
    10003: (Act.AGAIN, "a service behind Weibo fails"),
    10009: (Act.AGAIN, "Weibo has too much to do"),
    10010: (Act.AGAIN, "Weibo took too long"),
    20032: (Act.TWIN, "the post is taken and comes later"),
    20017: (Act.TWIN, "similar words were just posted"),
    20019: (Act.TWIN, "the same words were just posted"),
    10022: (Act.SLOWER, "too many calls from our address this hour"),
    10023: (Act.SLOWER, "too many calls of our account this hour"),
    10024: (Act.SLOWER, "too many posts of our account this hour"),
    20016: (Act.SLOWER, "too many posts in a short time"),
    20101: (Act.GONE, "there is no such post"),
    10005: (Act.BARRED, "the application may not use this interface"),
    10006: (Act.MEND, "the application is not named"),
    10013: (Act.MEND, "the account is not valid"),
    10014: (Act.BARRED, "the application lacks a permission"),
    10017: (Act.MEND, "the link is not in the domain that is bound to the application"),
    20003: (Act.MEND, "the account does not exist"),
    20102: (Act.BARRED, "the post is not ours"),
    20112: (Act.BARRED, "the account may not do this"),
    21314: (Act.MEND, "the token is used up"),
    21315: (Act.MEND, "the token has expired"),
    21316: (Act.MEND, "the token was revoked"),
    21317: (Act.MEND, "the token is refused"),
    21327: (Act.MEND, "the token has expired"),
    21332: (Act.MEND, "the token is wrong"),
    20008: (Act.OURS, "the post is empty"),
    20012: (Act.OURS, "the post is too long"),
    20018: (Act.OURS, "the post names a forbidden site"),
    20020: (Act.OURS, "the post was taken for an advertisement"),
    20021: (Act.OURS, "the words of the post are forbidden"),
}
"""Code -> what to do, and our own words for it: Weibo's may repeat what was sent."""


def meaning(code: int) -> tuple[Act, str]:
    """Return what a code means; an unknown one is for an operator to look at."""
    return CODES.get(code, (Act.MEND, f"Weibo's code {code} is unknown here"))
