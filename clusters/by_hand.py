"""A pair's commands for people, made from the inventory alone: what to type when this program is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clusters.backends import backends
from clusters.curl import curl
from clusters.declared import PairEntry, SideEntry
from clusters.gateway import Command, Commands, MirrorAction, RegistryMode
from clusters.routing import drivers
from clusters.schema_registry import RegistryByHand


class SideSpelt:
    """Each way in adds what it can; a side without a way that can do it has no command for it."""

    def __init__(self, entry: SideEntry) -> None:
        self.side = entry.name
        self._ways = [made(entry) for name in entry.ways if (made := getattr(backends.get(name), "by_hand", None))]
        self._registries = [RegistryByHand(entry.name, entry.schema_registry)] if entry.schema_registry else []

    def looks_alive(self) -> Commands:
        return self._all("looks_alive")

    def looks_at_link(self, link: str) -> Commands:
        return self._all("looks_at_link", link)

    def looks_at_mirrors(self, link: str) -> Commands:
        return self._all("looks_at_mirrors", link)

    def looks_at_groups(self, groups: Sequence[str]) -> Commands:
        return self._all("looks_at_groups", groups) if groups else ()

    def looks_at_ends(self, topics: Sequence[str]) -> Commands:
        return self._all("looks_at_ends", topics) if topics else ()

    def alters_mirrors(self, action: MirrorAction, link: str, topics: Sequence[str]) -> Commands:
        return self._all("alters_mirrors", action, link, topics)

    def alters_link(self, link: str, changes: Mapping[str, str | None]) -> Commands:
        return self._all("alters_link", link, changes)

    def creates_mirror(self, link: str, source: str, topic: str) -> Commands:
        return self._all("creates_mirror", link, source, topic)

    def deletes_link(self, link: str) -> Commands:
        return self._all("deletes_link", link)

    def deletes_topic(self, topic: str) -> Commands:
        return self._all("deletes_topic", topic)

    def sets_offsets(self, group: str) -> Commands:
        return self._all("sets_offsets", group)

    def looks_at_registry(self, subjects: tuple[str, ...] = ()) -> Commands:
        return tuple(command for each in self._registries for command in each.looks_at_registry(subjects))

    def sets_registry_mode(self, mode: RegistryMode, subject: str, *, force: bool) -> Commands:
        spelt = (each.sets_registry_mode(mode, subject, force=force) for each in self._registries)
        return tuple(command for commands in spelt for command in commands)

    def _all(self, name: str, *given: object) -> Commands:
        spelling = [getattr(way, name) for way in self._ways if hasattr(way, name)]
        return tuple(command for spell in spelling for command in spell(*given))


class PairSpelt:
    def __init__(self, entry: PairEntry) -> None:
        self._entry = entry
        self._sides = {side.name: SideSpelt(side) for side in entry.sides}

    def side(self, name: str) -> SideSpelt:
        return self._sides[name]

    def witnesses(self) -> Commands:
        return tuple(
            Command(f"What {each.name} ({each.region}) sees", curl(each.url)) for each in self._entry.witnesses
        )

    def looks_at_client(self, driver: str, target: str) -> Commands:
        return tuple(self._of_driver(driver, "looks_by_hand", target))

    def moves_client(self, driver: str, target: str, to: str | None) -> Commands:
        return tuple(self._of_driver(driver, "moves_by_hand", target, to))

    def endpoint(self, name: str, path: str) -> Commands:
        url = self._entry.endpoints.get(name)
        return (Command(f"What {name} says", curl(f"{url.rstrip('/')}/{path.lstrip('/')}")),) if url else ()

    def _of_driver(self, name: str, spelling: str, *given: Any) -> Iterator[Command]:  # noqa: ANN401
        entry = next((driver for driver in self._entry.drivers if driver.name == name), None)
        spell = getattr(drivers.get(entry.kind), spelling, None) if entry else None
        if entry and spell:
            yield from spell(entry.settings, *given)
