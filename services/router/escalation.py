"""Reading the rules of escalation: a file that is not right is refused, with what is wrong with it."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.kit.errors import Invalid
from services.router.model.ladder import Ladders

OURS = files("services.router") / "escalation.yaml"


def load(path: str = "") -> Ladders:
    """Return the rules of a file, ours when none is named; raise Invalid when it is not right."""
    place: Traversable = Path(path) if path else OURS
    try:
        return parse(place.read_text("utf-8"), place.name)
    except OSError as error:
        why = f"cannot be read: {type(error).__name__}"
        raise Invalid(place.name, why, "name a file with rules of escalation") from None


def parse(text: str, name: str = "escalation.yaml") -> Ladders:
    """Return the rules that a text holds; raise Invalid with the place of what is wrong."""
    try:
        return Ladders.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" near line {mark.line + 1}" if mark else ""
        raise Invalid(name, f"is not YAML{line}", "mend the file") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or name
        raise Invalid(field, first["msg"], f"mend it in {name}") from None
