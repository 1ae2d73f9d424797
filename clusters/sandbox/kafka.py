"""The brokers: one listener per broker id, all of them on one event loop in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from typing import TYPE_CHECKING, Any

from .kafka_answers import Answers
from .kafka_codec import NotServed, read, too_new, write
from .kafka_commands import Commands
from .sockets import Port
from .wires import Mode

if TYPE_CHECKING:
    from .cluster import Broker
    from .journal import Journal
    from .model import Pair

LENGTH = struct.Struct(">i")
NOTHING_NEW = 0.05  # seconds a fetch waits at the end of the logs: a client would else ask without a pause
LARGEST_REQUEST = 16 * 1024 * 1024


class KafkaServer:
    """Serves the Kafka protocol for every broker added to it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listeners: list[BrokerListener] = []

    def add(self, pair: Pair, side: str, broker: Broker) -> BrokerListener:
        listener = BrokerListener(pair, side, self._loop, self._journal)
        broker.port = listener.port.number
        self._listeners.append(listener)
        return listener

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        for listener in self._listeners:
            listener.stop()
        asyncio.run_coroutine_threadsafe(self._end_tasks(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end_tasks(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class BrokerListener:
    """One broker's port."""

    def __init__(self, pair: Pair, side: str, loop: asyncio.AbstractEventLoop, journal: Journal) -> None:
        self._pair = pair
        self._side = side
        self._commands = Commands(pair, side, journal)
        self._loop = loop
        self.port = Port()
        self._mode = Mode.REFUSE
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thawed = asyncio.Event()

    def obey(self, mode: Mode) -> None:
        asyncio.run_coroutine_threadsafe(self._obey(mode), self._loop).result(5)

    def stop(self) -> None:
        self.obey(Mode.REFUSE)
        self.port.close()

    async def _obey(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        if mode is Mode.HANG:
            self._thawed.clear()
        elif before is Mode.HANG:
            self._thawed.set()
            self._cut()
        if mode is Mode.REFUSE and self._server is not None:
            self._server.close()
            self._server = None
            self._cut()
        elif mode is not Mode.REFUSE and self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=self.port.listen())

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError, NotServed):
                while True:
                    await self._exchange(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if not 0 < size <= LARGEST_REQUEST:
            raise ConnectionAbortedError(f"a request of {size} bytes")
        frame = await reader.readexactly(size)
        if self._mode is Mode.HANG:
            await self._thawed.wait()
        writer.write(await self._answer(frame))
        await writer.drain()

    async def _answer(self, frame: bytes) -> bytes:
        name, version, correlation, request = read(frame)
        if request is None:
            return too_new(correlation)
        with self._pair.lock:
            wait = self._pair.faults.delay(self._side)
        if wait:
            await asyncio.sleep(wait)
        with self._pair.lock:
            self._pair.catch_up()
            answers = self._commands if self._commands.takes(name) else Answers(self._pair.sides[self._side])
            fields = answers.answer(name, request)
        if name == "Fetch" and not _holds_records(fields):
            await asyncio.sleep(NOTHING_NEW)
        return write(name, version, correlation, fields)


def _holds_records(fields: dict[str, Any]) -> bool:
    return any(part.records or part.error_code for topic in fields["responses"] for part in topic.partitions)
