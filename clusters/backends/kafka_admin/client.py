"""One AdminClient per side and process: made at first use, asked under a deadline, its errors told in our words."""

from __future__ import annotations

import logging
import os
import socket
import threading
import weakref
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from clusters.backends.kafka_admin.settings import KafkaSettings, client_config
from clusters.bounded import left
from clusters.errors import ClusterError, Configuration, NoAnswer, NotSent, Rejected, Unauthorised
from clusters.outbound import printable

T = TypeVar("T")
REFUSED = {KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
REFUSED |= {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._AUTHENTICATION}
quiet = logging.getLogger("clusters.backends.kafka_admin.librdkafka")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False


_living: list[weakref.ref[object]] = []  # a list: other threads may add to it while it is copied
_held: list[object] = []


def _hold() -> None:
    """A child keeps what it inherits for ever: freeing a client whose threads did not survive the fork crashes it.

    Held before the fork, because other hooks of the child may drop their clients before one of ours could run there.
    """
    _held.extend(client for made in list(_living) if (client := made()) is not None)


os.register_at_fork(before=_hold, after_in_parent=_held.clear)


def kept_over_forks(client: object) -> None:
    """For every client of the library, whoever makes it."""
    _living.append(weakref.ref(client, _living.remove))


class NoGroup(Rejected):
    """The coordinator does not know the group."""


class KafkaClient:
    def __init__(self, side: str, settings: KafkaSettings) -> None:
        self.side = side
        self._settings = settings
        self._client: AdminClient | None = None
        self._made_in = 0
        self._lock = threading.Lock()

    def admin(self) -> AdminClient:
        """Made anew after a fork: librdkafka's threads do not survive one."""
        with self._lock:
            if self._client is None or self._made_in != os.getpid():
                self._client, self._made_in = self._make(), os.getpid()
            return self._client

    def _make(self) -> AdminClient:
        try:
            made = AdminClient(client_config(self._settings), logger=quiet)
        except KafkaException as error:
            raise Configuration(self.side, printable(f"the client cannot be made: {error.args[0].str()}")) from error
        kept_over_forks(made)
        return made

    def close(self) -> None:
        """The client is shut down when its last reference goes: librdkafka's threads end with it."""
        with self._lock:
            self._client = None

    def rest(self, deadline: float) -> float:
        if (rest := left(deadline)) <= 0:
            raise NotSent(self.side, "no time was left before asking the brokers")
        return rest

    @property
    def settings(self) -> KafkaSettings:
        return self._settings

    @property
    def bootstrap(self) -> str:
        return self._settings.bootstrap

    def answer(self, future: Future[T], deadline: float) -> T:
        try:
            return self.wait(future, deadline)
        except KafkaException as error:
            raise self.error(error.args[0]) from error

    def wait(self, future: Future[T], deadline: float) -> T:
        """With the errors of the library as they are: what one proves depends on what was asked."""
        try:
            return future.result(timeout=max(0.0, left(deadline)))
        except FutureTimeout:
            self.close()
            raise NoAnswer(self.side, "no answer from the brokers in time") from None

    def said(self, error: KafkaError) -> str:
        return printable(f"{error.name()}: {error.str()}")

    def error(self, error: KafkaError) -> ClusterError:
        """What the error proves. Where brokers did not answer, the next call gets a new client.

        Once librdkafka (2.16) has lost all brokers it begins again at the bootstrap addresses, and never reconnects to
        a coordinator it remembers: groups would stay unreadable long after the region is back.
        """
        text = self.said(error)
        if error.code() == KafkaError.GROUP_ID_NOT_FOUND:
            return NoGroup(self.side, text)
        if error.code() in REFUSED:
            return Unauthorised(self.side, text)
        self.close()
        if error.code() in {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE}:
            return NotSent(self.side, text)
        return NoAnswer(self.side, text)

    def knock(self, deadline: float) -> None:
        """Raises where no broker takes a connection at all.

        librdkafka waits until the deadline for a broker to come back, even where every port refuses at once. To be
        asked only after a look without an answer: a connection without a request leaves a line in a broker's log.
        """
        failed = ""
        for address in self._settings.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), min(2.0, self.rest(deadline))).close()
            except OSError as error:
                failed = f"{address}: {error.strerror or error}"
            else:
                return
        if failed:
            raise NotSent(self.side, f"no broker takes a connection ({failed})")
