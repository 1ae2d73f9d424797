"""What can go wrong with a cluster, told apart by what it proves about a command."""

from __future__ import annotations


class ClusterError(Exception):
    """`where` names the cluster or driver, `said` is what was seen there, safe to show and to store."""

    def __init__(self, where: str, said: str) -> None:
        super().__init__(f"{where}: {said}")
        self.where = where
        self.said = said


class NotSent(ClusterError):
    """No byte of the request was written (refused connection, TLS failure, DNS): provably nothing was applied."""


class NoAnswer(ClusterError):
    """Sent, but no usable answer came (time-out, reset, 5xx, unreadable body): the outcome is unknown."""


class Rejected(ClusterError):
    """A definite, documented refusal: provably nothing was applied."""


class NotServed(Rejected):
    """This cluster does not serve that call (404, 405, 40035): a guided action takes its place."""


class Unauthorised(Rejected):
    """The credential is missing, wrong, or lacks the right."""


class Malformed(NoAnswer):
    """An answer came, but not one that can be read."""


class Configuration(ClusterError):
    """The inventory or a secret it names cannot be used: nothing was sent."""
