"""Running the sandbox: in a thread of a test, or as the process of a command line.

One event loop serves everything. Port 0 asks the system for a free one. Leaving stops the listener, then
whatever is still in flight, then the loop: no socket and no thread is left behind.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from restmill.sandbox.app import Sandbox
from restmill.sandbox.behaviour import Behaviour

T = TypeVar("T")

LOOPBACK = "127.0.0.1"

# How long requests in flight may take to end once the server stops, in seconds.
_GRACE_S = 0.1


@asynccontextmanager
async def serving(sandbox: Sandbox, port: int, host: str = LOOPBACK) -> AsyncIterator[str]:
    """Serve on the running loop; yields the base URL, without a slash at its end.

    Raises:
        OSError: the port is taken.
    """
    server = web.Server(sandbox.handle, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_GRACE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}"
    finally:
        left = [one.transport for one in server.connections if one.transport is not None]
        await runner.cleanup()
        for (
            transport
        ) in left:  # a client that reads no more keeps what was written to it, and the socket, open
            transport.abort()


class SandboxServer:
    """A sandbox in a thread of its own, for as long as the `with` block lasts.

    `base_url` is there once the block is entered. The methods may be called from any thread.

    Raises:
        OSError: (on entering) the port is taken.
    """

    def __init__(self, behaviour: Behaviour | None = None, port: int = 0) -> None:
        self._sandbox = Sandbox(behaviour or Behaviour())
        self._port = port
        self._ready: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, name="restmill-sandbox", daemon=True)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`."""
        return self._started()[0]

    def change(self, **switches: object) -> Behaviour:
        """Set switches from now on; returns the behaviour as it then stands.

        Raises:
            SwitchError: a switch does not exist or does not take the value.
        """
        return self._on_loop(lambda: self._sandbox.change(switches))

    def log(self) -> list[dict[str, object]]:
        """Return the last requests, oldest first: method, path, query (keys hidden), status, ms."""
        return self._on_loop(self._sandbox.log)

    def stats(self) -> Mapping[str, object]:
        """Return counts since the last reset: requests, max_in_flight, token_requests, statuses, paths."""
        return self._on_loop(self._sandbox.stats)

    def reset(self) -> None:
        """Forget log, counters, faults and drift; switches stay."""
        self._on_loop(self._sandbox.reset)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._started(wait=True)
        except OSError:
            self._thread.join()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _, loop, stop = self._started()
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def _started(self, *, wait: bool = False) -> tuple[str, asyncio.AbstractEventLoop, asyncio.Event]:
        if not (wait or self._ready.done()):
            raise RuntimeError("the sandbox runs inside its `with` block only")
        return self._ready.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        stop = asyncio.Event()
        async with serving(self._sandbox, self._port) as base_url:
            self._ready.set_result((base_url, asyncio.get_running_loop(), stop))
            await stop.wait()

    def _on_loop(self, call: Callable[[], T]) -> T:
        async def called() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(called(), self._started()[1]).result()


def run_forever(
    behaviour: Behaviour,
    port: int,
    on_ready: Callable[[str], None],
    *,
    warm: Iterable[str] = (),
) -> None:
    """Serve until SIGINT or SIGTERM, in the main thread of a process.

    `on_ready` is called with the base URL once the server listens. `warm` names collections to make
    beforehand.

    Raises:
        OSError: the port is taken.
        KeyError: `warm` names no collection.
    """

    async def serve() -> None:
        sandbox = Sandbox(behaviour)
        for name in warm:
            sandbox.warm(name)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with serving(sandbox, port) as base_url:
            on_ready(base_url)
            await stop.wait()

    asyncio.run(serve())
