"""All stations of the district in one process, over the public contract only."""

import asyncio
from collections.abc import Mapping
from typing import Any

from contracts.values import Mode, StationClass
from sandbox.stations.devices import Screen, Terminal
from sandbox.stations.person import People
from sandbox.stations.profile import Identity, Profile, StationFaults
from sandbox.stations.receiver import Receiver
from sandbox.stations.statistics import Statistics
from sandbox.stations.verify import Verifier
from sandbox.stations.wire import Wire


class StationsWorld:
    """Terminals, screens and people. `credentials` is what `yutian seed` writes.

    Of it are read: `stations` (code, name, class, duty_name) and `keys` ({code: {live: key, drill: key}}).
    `certificate` is the PEM that terminals have, for live alerts, or one for each mode.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, Any],
        certificate: str | Mapping[str, str],
        profile: Profile | None = None,
        faults: StationFaults | None = None,
    ) -> None:
        self.profile = profile or Profile()
        self.faults = faults or StationFaults()
        self.statistics = Statistics()
        self._wire = Wire(base_url)
        by_mode = {Mode.LIVE: certificate} if isinstance(certificate, str) else certificate
        self._verifier = Verifier({Mode(mode): pem for mode, pem in by_mode.items()})
        stations = credentials["stations"]
        names = {station["code"]: station.get("duty_name") or "" for station in stations}
        self._people = People(names, self.profile, self._wire, self.faults, self.statistics)
        self._receivers = [
            self._receiver(station, mode, credentials["keys"][station["code"]][mode])
            for station in stations
            if station["class"] != StationClass.PERSON
            for mode in self.profile.modes
        ]
        for station in stations:
            self.faults.of(station["code"])
        self._reading: set[asyncio.Task[None]] = set()

    def _receiver(self, station: Mapping[str, Any], mode: Mode, key: str) -> Receiver:
        identity = Identity(
            code=station["code"],
            name=station["name"],
            station_class=StationClass(station["class"]),
            mode=mode,
            key=key,
            duty_name=station.get("duty_name") or f"{station['name']}值班员",
        )
        faults = self.faults.of(identity.code)
        return Receiver(identity, self.profile, self._wire, self._verifier, faults, self.statistics)

    async def run(self) -> None:
        """Run every device until this is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for receiver in self._receivers:
                    kind = receiver.identity.station_class
                    device = Terminal(receiver) if kind is StationClass.TERMINAL else Screen(receiver)
                    group.create_task(device.run())
                    group.create_task(receiver.beat())
        finally:
            for receiver in self._receivers:
                receiver.stop()
            for task in self._reading:
                task.cancel()
            self._wire.close()

    async def on_sms(self, phone: str, text: str) -> None:  # noqa: ARG002 (the link says whose it is)
        """Take an SMS that a gateway delivers; whoever gets it reads it in his own time."""
        task = asyncio.get_running_loop().create_task(self._people.read(text))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    def view(self) -> dict[str, Any]:
        """Return what the stations have seen and done, as JSON; `connected` counts devices, in all modes."""
        devices = {receiver.identity.code for receiver in self._receivers}
        known = ((receiver.identity.code, receiver.identity.mode) for receiver in self._receivers)
        apart = {code for code, mode in known if (code, mode) not in self.statistics.connected}
        return {
            "devices": len(devices),
            "connected": len(devices - apart),
            **self.statistics.view(),
            "faults": self.faults.view(),
        }
