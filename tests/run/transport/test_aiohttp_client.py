"""The default client against a real socket: one request is one request."""

from __future__ import annotations

import asyncio

import pytest

from restmill.plan.spec import Transport
from restmill.run.clock import SystemClock
from restmill.run.transport.aiohttp_client import AiohttpTransport
from restmill.run.transport.protocol import Failed
from restmill.wire.message import Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]"


def test_a_dropped_connection_is_told_and_not_asked_again() -> None:
    """The budget, the breaker and the receipt see each attempt; a client that repeats a GET hides one."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.startswith(b"GET"):
                asked.append(line)
            if line == b"\r\n":
                if len(asked) > 1:
                    break
                writer.write(OK)
                await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = AiohttpTransport(Transport(), SystemClock())
        request = Request("GET", f"http://127.0.0.1:{port}/x")
        try:
            assert (await client.send(request)).status == 200
            with pytest.raises(Failed, match="closed the connection without an answer"):
                await client.send(request)
        finally:
            await client.close()
            server.close()
            await server.wait_closed()

    asyncio.run(main())
    assert len(asked) == 2
