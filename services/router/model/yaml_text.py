"""YAML as people write it: what looks like a date stays the text that it is."""

from typing import Any

import yaml

_DATE = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.CSafeLoader):
    """A version such as 2026-11-31 is a name, and no day that a calendar must know."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _DATE]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def plain(text: str) -> Any:
    """Return what a file says; raise YAMLError when it is not YAML."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
