"""What SQLAlchemy makes of our statements, kept for all databases of a kind: each test opens its own.

In service a process opens a database once, and compiles each of its statements once.
"""

from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache


class _Known(LRUCache[Any, Any]):
    """Compiled statements; two databases are one here if they speak the same dialect in the same version."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what was made of a statement."""
        return super().get(_alike(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_alike(key), value)


def _alike(key: Any) -> Any:
    dialect, *rest = key
    return (type(dialect), dialect.paramstyle, dialect.server_version_info, *rest)


_KNOWN = _Known(2_000)


def share() -> None:
    """Let all engines from now on compile a statement once for all of them."""
    Engine._compiled_cache = property(lambda _: _KNOWN, lambda *_: None)  # type: ignore[assignment]
