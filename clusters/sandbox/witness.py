"""A small service inside each region that says which clusters it can see; it dies with its region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .http import Request, Response, answer
from .journal import iso
from .wires import Wire

if TYPE_CHECKING:
    from .model import Pair


class Witness:
    def __init__(self, pair: Pair, side: str) -> None:
        self.pair = pair
        self.side = side
        self.name = f"{pair.sides[side].region}-witness"
        self._seen: dict[str, tuple[bool, float]] = {}

    def handle(self, request: Request) -> Response:
        if request.method != "GET" or request.path != f"/pairs/{self.pair.name}":
            return answer({"error": f"this witness serves GET /pairs/{self.pair.name}"}, 404)
        with self.pair.lock:
            self.pair.catch_up()
            self.look()
            now = self.pair.clock.now()
            sees = {side: self._row(side) for side in self.pair.sides}
            region = self.pair.sides[self.side].region
        return answer({"witness": self.name, "region": region, "at": iso(now), "sees": sees})

    def look(self) -> None:
        """Note since when each cluster is seen as it is now; called at every change of the faults."""
        with self.pair.lock:
            for side in self.pair.sides:
                reachable = self._reaches(side)
                known = self._seen.get(side)
                if known is None or known[0] is not reachable:
                    self._seen[side] = (reachable, self.pair.clock.now())

    def _reaches(self, side: str) -> bool:
        """A cluster whose clients are cut off is still seen from inside its own region."""
        if not self.pair.is_up(side):
            return False
        return side == self.side or self.pair.faults.mode(side, Wire.CLIENTS) is None

    def _row(self, side: str) -> dict[str, object]:
        reachable, since = self._seen[side]
        error = "" if reachable else f"no broker of {side} could be reached"
        return {"reachable": reachable, "since": iso(since), "error": error}
