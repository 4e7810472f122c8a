"""All accounts listen at once, on as many servers as they are linked with."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from devices.client.calls import Calls
from devices.client.desk import Desk
from devices.client.errors import ClientError, ExitCode
from devices.client.identity import Identity, forgotten_when_revoked
from devices.client.listener import Listener
from devices.client.replies import Replies
from devices.client.terminal import Terminal
from devices.client.waits import Waits


async def listen(
    identities: Sequence[Identity],
    *,
    http: httpx.AsyncClient,
    terminal: Terminal,
    replies: Replies,
    once: bool,
    waits: Waits,
) -> ExitCode:
    """Returns when no account is left or, with `once`, after the first outcome."""
    desk = Desk(terminal=terminal, replies=replies, once=once)
    tasks = [
        asyncio.create_task(
            _until_its_end(
                Listener(
                    identity=identity,
                    calls=Calls(http, identity.account.origin),
                    desk=desk,
                    waits=waits.like(),
                ),
                identity,
                terminal,
            )
        )
        for identity in identities
    ]
    ending = asyncio.gather(*tasks)
    either: list[asyncio.Future[Any]] = [ending, desk.finished]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return desk.finished.result() if desk.finished.done() else max(ending.result())
    finally:
        ending.cancel()
        # Each of them: `ending` is over as soon as the first one is.
        await asyncio.gather(ending, *tasks, return_exceptions=True)


async def _until_its_end(listener: Listener, identity: Identity, terminal: Terminal) -> ExitCode:
    """One account's end is no end for the others."""
    try:
        with forgotten_when_revoked(identity):
            await listener.run()
    except ClientError as error:
        terminal.warn(str(error))
        return error.exit_code
    return ExitCode.DONE
