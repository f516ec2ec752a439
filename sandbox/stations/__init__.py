"""Village stations in small: terminals on a stream, screens on long polls, people with a phone.

`world` runs them all in one process, `terminal`, `screen` and `person` behave, `receiver` is what devices
have in common, `verify` checks signed CAP, `wire` is their HTTP, `statistics` what they saw.
"""

from sandbox.stations.profile import Profile, StationFaults
from sandbox.stations.statistics import Statistics
from sandbox.stations.verify import Verdict, Verifier
from sandbox.stations.world import StationsWorld

__all__ = ["Profile", "StationFaults", "StationsWorld", "Statistics", "Verdict", "Verifier"]
