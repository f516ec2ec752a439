"""The sentence that an approver ticks, and the words that he types: mode, colour, how many villages."""

import re
import unicodedata
from dataclasses import replace

from services.issuer.desk.wording import Wording
from services.issuer.model import Kind, WeatherWarning
from services.kit.pages import LANGUAGES

_SEPARATORS = re.compile(r"[\W_]+")


def phrase(warning: WeatherWarning, say: Wording) -> str:
    """Return the few words that an approver types."""
    content, manifest = warning.content, warning.manifest
    assert manifest is not None
    words = [
        say.say("DRILL") if content.mode == "drill" else say.say("LIVE"),
        say.say("lift") if content.kind is Kind.CANCEL else "",
        say.colour(content.level),
        str(len(manifest.villages)),
    ]
    return " ".join(filter(None, words))


def sentence(warning: WeatherWarning, say: Wording) -> str:
    """Return what an approver says yes to, whole."""
    content, manifest = warning.content, warning.manifest
    assert manifest is not None
    deed = say.say("lifts") if content.kind is Kind.CANCEL else say.say("issues")
    reached = [f"{say.channel(c.channel)} {c.count:,}" for c in say.in_order(manifest.channels)]
    whole = say.say(
        "%(mode)s: I have read text and targets. This %(deed)s the %(hazard)s %(colour)s warning for "
        "%(towns)s towns and %(villages)s villages (%(reached)s).",
        mode=say.say("DRILL") if content.mode == "drill" else say.say("LIVE"),
        deed=deed,
        hazard=say.hazard(content.hazard),
        colour=say.colour(content.level),
        towns=len(manifest.towns),
        villages=len(manifest.villages),
        reached=say.listed(reached),
    )
    flow = say.say("It goes by the emergency flow and is reviewed afterwards.") if warning.emergency else ""
    return f"{whole} {flow}".strip()


def agrees(typed: str, warning: WeatherWarning, say: Wording) -> bool:
    """Tell whether these are the words, in any of our languages, spaces and marks aside."""
    wanted = {_bare(phrase(warning, replace(say, language=language))) for language in LANGUAGES}
    return _bare(typed) in wanted


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).casefold()
