"""The exam that every push adapter takes: with the partner's sandbox, and a network that a function spoils.

Nothing here knows a partner. A candidate brings its sandbox, its adapter, and what the partner says when it
refuses; a row in `CANDIDATES` (`tests/channels/push/candidates.py`) is all that it takes to sit for it.
"""

from tests.channels.exam.candidate import Candidate, examined
from tests.channels.exam.ending import Ending
from tests.channels.exam.going_on import GoingOn
from tests.channels.exam.network import BAD_ANSWERS, Network, after_acting, answering
from tests.channels.exam.roads import Roads
from tests.channels.exam.saying import Saying
from tests.channels.exam.showing import Showing

__all__ = ["BAD_ANSWERS", "Candidate", "Exam", "Network", "after_acting", "answering", "examined"]


class Exam(Saying, Ending, GoingOn, Roads, Showing):
    """What every adapter must do well."""
