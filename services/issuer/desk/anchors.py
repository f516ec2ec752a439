"""Where each field of a draft is filled in: an error summary leads there."""

from services.issuer.desk.sheet import TEXTS

ANCHORS = {
    "level": "level",
    "window": "begin",
    "window.begin": "begin",
    "window.end": "end",
    "expires": "expires",
    "observed": "observed",
    "observed_en": "observed_en",
    "slots": "slots",
    "selection": "areas",
    "selection.polygons": "shapes",
    "selection.circles": "shapes",
    "shapes": "shapes",
    "names": "names",
    "areas": "areas",
    "text": "headline",
    "alongside": "others",
    "area": "area-name",
    "name": "area-name",
    "phrase": "phrase-text",
    "supersedes": "others",
    "beside": "others",
    "left_out": "ways",
    "consultation": "conclusion",
    "consultation.held_at": "held",
    "department": "department",
    "stage": "stage",
    **{f"text.{name}": name for name in TEXTS},
    **{f"text_en.{name}": f"en_{name}" for name in TEXTS},
}
"""The id of the input that holds each field."""
