"""The sentence that an approver ticks, and the words that he types: mode, colours, how many villages."""

import re
import unicodedata
from dataclasses import replace

from services.issuer.desk.asked import Asked
from services.issuer.desk.wording import Wording
from services.issuer.model import Kind, WeatherWarning
from services.issuer.model.follow import Follow
from services.kit.pages import LANGUAGES

_SEPARATORS = re.compile(r"[\W_]+")


def phrase(asked: Asked, say: Wording) -> str:
    """Return the few words that an approver types: every colour that goes out, each with its villages."""
    content = asked.warning.content
    words = [
        say.say("DRILL") if content.mode == "drill" else say.say("LIVE"),
        say.say("lift") if content.kind is Kind.CANCEL else "",
    ]
    for one in asked.every:
        words += [say.colour(one.content.level), str(_villages(one))]
    return " ".join(filter(None, words))


def sentence(asked: Asked, say: Wording) -> str:
    """Return what an approver says yes to, whole: each warning that goes out, and each that it ends."""
    warning = asked.warning
    said = [
        say.say(
            "%(mode)s: I have read text and targets. This %(deed)s the %(hazard)s %(colour)s warning for "
            "%(towns)s towns and %(villages)s villages (%(reached)s).",
            mode=say.say("DRILL") if warning.content.mode == "drill" else say.say("LIVE"),
            deed=say.say("lifts") if warning.content.kind is Kind.CANCEL else say.say("issues"),
            **_counted(warning, say),
        )
    ]
    said += [
        say.say(
            "Together with it goes the %(hazard)s %(colour)s warning for %(towns)s towns and "
            "%(villages)s villages (%(reached)s).",
            **_counted(part, say),
        )
        for part in asked.together
    ]
    if asked.together:
        every = [say.colour(one.content.level) for one in asked.every]
        count = sum(_villages(one) for one in asked.every)
        said.append(
            say.say("All together: %(colours)s, %(count)s villages.", colours=say.listed(every), count=count)
        )
    if asked.ends:
        headlines = say.listed(f"“{one.content.text.headline}”" for one in asked.ends)
        said.append(say.say("It supersedes %(headlines)s.", headlines=headlines))
    said += [_followed(follow, say) for one in asked.every for follow in one.content.follows]
    if warning.emergency:
        said.append(say.say("It goes by the emergency flow and is reviewed afterwards."))
    return " ".join(said)


def _followed(follow: Follow, say: Wording) -> str:
    return say.say(
        "At once follows, in the name of %(department)s: %(sector)s, %(towns)s towns.",
        department=say.both(say.catalogue.products.departments[follow.department]),
        sector=say.both(say.catalogue.suspension.once(follow.sector).order),
        towns=len(follow.towns),
    )


def _counted(warning: WeatherWarning, say: Wording) -> dict[str, object]:
    content, manifest = warning.content, warning.manifest
    assert manifest is not None
    return {
        "hazard": say.hazard(content.hazard),
        "colour": say.colour(content.level),
        "towns": len(manifest.towns),
        "villages": len(manifest.villages),
        "reached": say.listed(
            f"{say.channel(c.channel)} {c.count:,}" for c in say.in_order(manifest.channels)
        ),
    }


def _villages(warning: WeatherWarning) -> int:
    return len(warning.manifest.villages) if warning.manifest else 0


def agrees(typed: str, asked: Asked, say: Wording) -> bool:
    """Tell whether these are the words, in any of our languages, spaces and marks aside."""
    wanted = {_bare(phrase(asked, replace(say, language=language))) for language in LANGUAGES}
    return _bare(typed) in wanted


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).casefold()
