"""Which relay takes a delivery: by domain, by list, by weight; another when it cannot."""

import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.config import RelayConfig

LAG = timedelta(seconds=5)  # a relay that has no room for so long is slow, and the others do not wait for it


@dataclass
class Routes:
    """The relays of a house as choices. What each is owed by its weight is kept between choices."""

    relays: Mapping[str, RelayConfig]
    _owed: dict[str, float] = field(default_factory=dict)
    _hungry_at: dict[str, datetime] = field(default_factory=dict)
    _left_over: dict[str, float] = field(default_factory=dict)  # parts of a copy that a share came to

    def tiers(self, list_name: str, domain: str) -> list[list[str]]:
        """Return the relays that may take it, the most particular first: made for its domain, its list, for all."""
        by_domain, by_list, for_all = [], [], []
        for name, relay in self.relays.items():
            if relay.lists and list_name not in relay.lists:
                continue
            if relay.domains:
                if any(fnmatch.fnmatchcase(domain, pattern) for pattern in relay.domains):
                    by_domain.append(name)
            elif relay.lists:
                by_list.append(name)
            else:
                for_all.append(name)
        return [tier for tier in (by_domain, by_list, for_all) if tier]

    def standing_by(self, works: Mapping[str, bool]) -> set[str]:
        """Return the relays of weight 0 to which nothing comes, as one that takes the very same works."""
        weighty = {(one.lists, one.domains) for name, one in self.relays.items() if one.weight and works.get(name)}
        return {name for name, one in self.relays.items() if not one.weight and (one.lists, one.domains) in weighty}

    def share(self, room: Mapping[str, int], able: Collection[str], now: datetime) -> dict[str, int]:
        """Return the room of relays cut to their shares by weight, among those that may take the very same mail.

        able: the relays that work and have permits. One of them without room for the moment is waited for, LAG long:
        else whichever is free first would take it all.
        """
        for name in able:
            if room.get(name, 0) > 0:
                self._hungry_at[name] = now
        cut = dict(room)
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for name in able:
            relay = self.relays[name]
            if relay.weight and now - self._hungry_at.setdefault(name, now) <= LAG:
                alike.setdefault((relay.lists, relay.domains), []).append(name)
        for names in alike.values():
            if len(names) < 2:
                continue
            least = min(room.get(name, 0) / self.relays[name].weight for name in names)
            for name in names:
                exact = least * self.relays[name].weight + self._left_over.get(name, 0.0)
                cut[name] = min(room.get(name, 0), int(exact))
                self._left_over[name] = exact - int(exact)
        return cut

    def choose(
        self, list_name: str, domain: str, before: str, works: Mapping[str, bool], room: Mapping[str, int]
    ) -> str | None:
        """Return the relay for a delivery, or None when it must wait.

        The first tier with a relay that works decides: in it the one that had the delivery before, as it gets the same
        bytes; else by weight among those with room. Weight 0 stands by for when no other of its tier works.
        """
        for tier in self.tiers(list_name, domain):
            working = [name for name in tier if works.get(name, False)]
            if not working:
                continue
            weighty = [name for name in working if self.relays[name].weight > 0]
            free = [name for name in weighty or working if room.get(name, 0) > 0]
            if before in free:
                return before
            return self._by_weight(free) if free else None
        return None

    def _by_weight(self, free: list[str]) -> str:
        weights = {name: max(self.relays[name].weight, 1) for name in free}
        for name, weight in weights.items():
            self._owed[name] = self._owed.get(name, 0.0) + weight
        chosen = max(free, key=lambda name: self._owed[name])
        self._owed[chosen] -= sum(weights.values())
        return chosen
