"""Everybody in the registry, block after block, ready to be picked and counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.values import Channel
from services.router.model.cutting import Classes
from services.router.model.grid import Grid
from services.router.model.people import Mask, People, Rows

SEALED = (Channel.SMS, Channel.WECHAT)
"""Channels whose recipients are people on lists."""


@dataclass(frozen=True, eq=False)
class Picked:
    """Whom a sealed channel reaches: everybody once, whatever lists he is on."""

    rows: Mask
    counts: NDArray[np.int64]
    """For each block."""
    sums: NDArray[np.int64]
    """For each class of `Classes`."""
    again: Rows
    """Rows that were chosen and left out: another one with the same address is picked."""
    raised: Mask | None = None
    """Rows that a rule gives the wording of duty."""

    @property
    def count(self) -> int:
        """How many they are."""
        return int(self.counts.sum())


@dataclass(frozen=True, eq=False)
class Crowd:
    """The recipients of all blocks in the order of their keys."""

    keys: tuple[str, ...]
    people: People
    starts: NDArray[np.int64]
    """The first row of each block, and the end of the last."""
    classes: Mapping[Channel, Classes]
    """Who carries whom in which wording."""

    @classmethod
    def of(cls, parts: Mapping[str, People], routes: Mapping[Channel, Sequence[Sequence[str]]]) -> "Crowd":
        """Return everybody; `routes` names the carriers of each operator."""
        keys = tuple(sorted(parts))
        starts = np.cumsum([0, *(len(parts[key]) for key in keys)])
        classes = {channel: Classes.of(routes[channel]) for channel in SEALED}
        return cls(keys, People.joined([parts[key] for key in keys]), starts, classes)

    def part(self, number: int) -> People:
        """Return the people of one block; they are not copied."""
        return self.people.part(int(self.starts[number]), int(self.starts[number + 1]))

    @cached_property
    def grid(self) -> Grid:
        """Those who have a position of their own."""
        return Grid.of(self.people)

    @cached_property
    def reachable(self) -> Mapping[Channel, NDArray[np.int64]]:
        """How many rows of each block a sealed channel could reach."""
        return {channel: self.counted(self.people.hashes(channel) != 0) for channel in SEALED}

    def rows_of(self, keys: Iterable[str]) -> Mask:
        """Return which rows are in these blocks."""
        rows = np.zeros(len(self.people), bool)
        for key in keys:
            number = self._numbers[key]
            rows[self.starts[number] : self.starts[number + 1]] = True
        return rows

    def pick(self, channel: Channel, chosen: Mask, raised: Mask | None = None) -> Picked:
        """Return whom a channel reaches of these rows; who is there more than once is picked once."""
        rows = chosen & (self.people.hashes(channel) != 0)
        again = self._again(channel, rows, raised)
        rows[again] = False
        counts = self.counted(rows)
        if raised is None:
            return Picked(rows, counts, self._summed(channel, rows, counts, again), again)
        sums = self.classes[channel].sums(channel, self.people, np.flatnonzero(rows), raised)
        return Picked(rows, counts, sums, again, raised & rows)

    def bits(self, picked: Picked) -> bytes:
        """Return one bit for each row of the blocks from which somebody was picked, set for those picked.

        Where a rule raised somebody's wording, as many bits follow, set for them.
        """
        blocks = np.flatnonzero(picked.counts)
        masks = [picked.rows] if picked.raised is None else [picked.rows, picked.raised]
        parts = [[mask[self.starts[n] : self.starts[n + 1]] for n in blocks] for mask in masks]
        return b"".join(np.packbits(np.concatenate(part)).tobytes() for part in parts if part)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {key: number for number, key in enumerate(self.keys)}

    @cached_property
    def _twins(self) -> Mapping[Channel, Rows]:
        """The rows that share their address with another: the highest wording first, then the first list."""
        return {channel: _twins(self.people, channel) for channel in SEALED}

    @cached_property
    def _tallies(self) -> Mapping[Channel, NDArray[np.int64]]:
        """How many rows of each block are of which class."""
        return {channel: self._tallied(channel) for channel in SEALED}

    def _tallied(self, channel: Channel) -> NDArray[np.int64]:
        size = self.classes[channel].size
        tallies = np.zeros((len(self.keys), size), np.int64)
        for number in range(len(self.keys)):
            part = self.part(number)
            tallies[number] = self.classes[channel].sums(channel, part, part.hashes(channel) != 0)
        return tallies

    def _again(self, channel: Channel, rows: Mask, raised: Mask | None) -> Rows:
        """Return the chosen rows whose address another chosen row has, and comes first."""
        found: Rows = self._twins[channel][rows[self._twins[channel]]]
        if raised is not None:
            found = found[_precedence(self.people, channel, found, raised)]
        hashes = self.people.hashes(channel)[found]
        return np.sort(found[1:][hashes[1:] == hashes[:-1]])

    def counted(self, rows: Mask) -> NDArray[np.int64]:
        """Return how many of these rows are in each block."""
        edges = zip(self.starts[:-1], self.starts[1:], strict=True)
        return np.array([np.count_nonzero(rows[start:stop]) for start, stop in edges], np.int64)

    def _summed(
        self, channel: Channel, rows: Mask, counts: NDArray[np.int64], again: Rows
    ) -> NDArray[np.int64]:
        """Return the sums by class: of whole blocks as they are known, of the others row by row."""
        lost = np.diff(np.searchsorted(again, self.starts))
        whole = (counts + lost == self.reachable[channel]) & (counts > 0)
        sums: NDArray[np.int64] = self._tallies[channel][whole].sum(axis=0)
        classes = self.classes[channel]
        sums -= classes.sums(channel, self.people, again[np.repeat(whole, lost)])
        parts = np.flatnonzero((counts > 0) & ~whole).tolist()
        cut = [self.starts[n] + np.flatnonzero(rows[self.starts[n] : self.starts[n + 1]]) for n in parts]
        return sums + classes.sums(channel, self.people, np.concatenate(cut)) if cut else sums


def _twins(people: People, channel: Channel) -> Rows:
    hashes = people.hashes(channel)
    ordered = np.sort(hashes)
    shared = np.unique(ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)])
    rows = np.flatnonzero(np.isin(hashes, shared)) if len(shared) else np.empty(0, np.int64)
    return rows[_precedence(people, channel, rows)]


def _precedence(people: People, channel: Channel, rows: Rows, raised: Mask | None = None) -> Rows:
    """Return the order of rows: by address, and of one address the highest wording, then the first list."""
    ranks = people.renderings(channel, rows, raised).astype(np.int8)
    return np.lexsort((rows, -ranks, people.hashes(channel)[rows]))
