"""Signed heads one after the other, and what is wrong with their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.finding import Finding
from audit.heads import SignedHead
from audit.notes import NotANote


class Found(Exception):
    """Ends a pass at its first finding."""

    def __init__(self, seq: int, kind: str, said: str) -> None:
        self.finding = Finding(seq, kind, said)
        super().__init__(str(self.finding))


class Heads:
    """Signed heads of one source, in the order it holds them; `next` is the one that is not judged yet."""

    def __init__(self, name: str, heads: Iterable[SignedHead]) -> None:
        self.name, self._heads = name, iter(heads)
        self.start = 0
        self.next: SignedHead | None = None
        self._advance()

    def pop(self) -> SignedHead:
        taken = self.next
        if taken is None:
            raise StopIteration
        self.start = taken.size
        self._advance(taken)
        return taken

    def _advance(self, taken: SignedHead | None = None) -> None:
        try:
            self.next = next(self._heads, None)
        except NotANote as error:
            raise Found(self.start + 1, "bad signature", f"{self.name}: {error}") from error
        if taken and self.next and (self.next.size, self.next.checkpoint.at) < (taken.size, taken.checkpoint.at):
            raise Found(
                self.next.size + 1, "replay", f"{self.name} holds the head of {self.next.size} events after that of "
                f"{taken.size}: an old head was put in place of a newer one",
            )  # fmt: skip

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Those of the events `first` to `last`, where the source keeps them."""
        if self.next is None:
            return ()
        before = self.next.size - len(self.next.leaves)
        return self.next.leaves[first - before - 1 : last - before] if first > before else ()
