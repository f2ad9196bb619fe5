"""A mail server that takes a message and hangs up instead of answering: after that nobody knows whether it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def server_that_hangs_up() -> AsyncIterator[int]:
    """Serve SMTP on loopback; answers the port."""
    server = await asyncio.start_server(_talk, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 demo.example\r\n")
    while line := await reader.readline():
        if line[:4].upper() == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            break
        writer.write(b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 demo.example\r\n")
    writer.close()
