"""Words of the timeline, the map of outcomes and the case folder."""

LANES = {"people": "People", "plan": "Plan", "duty": "Clocks on silence"}

STEPS = {
    "asked": "asked to speak",
    "first": "first received",
    "half": "half received",
    "last": "last received",
    "told": "last report",
    "answered": "first answer",
    "answered-last": "last answer",
}

MARKS = {
    "warning.approved": "approve",
    "warning.issued": "approve",
    "warning.updated": "approve",
    "warning.cancelled": "end",
    "warning.halted": "end",
    "warning.expired": "end",
    "plan.made": "full",
    "half": "half",
    "last": "full",
    "told": "full",
    "answered": "answer",
    "answered-last": "answer",
    "duty.climbed": "call",
    "duty.unanswered": "call",
    "duty.answered": "answer",
}
"""How a step is drawn; those that are not here are a plain ring."""

OUTCOMES = {
    "absent": "not meant",
    "waiting": "on its way",
    "silent": "nothing heard",
    "received": "received",
    "played": "played",
    "confirmed": "confirmed",
    "failed": "failed",
    "withdrawn": "taken back or run out",
}

LETTERS = {
    "absent": "·",
    "waiting": "(letter) W",
    "silent": "(letter) S",
    "received": "(letter) R",
    "played": "(letter) P",
    "confirmed": "(letter) C",
    "failed": "(letter) F",
    "withdrawn": "(letter) X",
}
"""One letter for each outcome on a map, so that no colour stands alone."""

LEGEND = {
    "approve": "approved or issued",
    "plain": "begins",
    "half": "half received",
    "full": "last received",
    "answer": "answered by people",
    "call": "somebody is called",
    "end": "came to an end",
}
"""What the marks of a timeline mean."""

PIECES = {
    "title": "title",
    "text": "text",
    "instruction": "instruction",
    "speech": "read aloud",
    "display": "display",
    "crawl": "crawl",
    "headline": "headline",
    "message": "message",
    "post": "post as sent",
}
"""Parts of what a channel says."""

RENDERINGS = {
    "public": "to the public",
    "duty": "to those on duty",
    "person": "to a person who confirms",
    "first": "first",
    "update": "update",
    "lift": "lift",
}

ALL = {
    "lane": LANES,
    "step": STEPS,
    "mark": MARKS,
    "rendering": RENDERINGS,
    "outcome": OUTCOMES,
    "legend": LEGEND,
    "piece": PIECES,
}
