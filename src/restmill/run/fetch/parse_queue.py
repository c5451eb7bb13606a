"""The bench before a press: pages that have come at the same time go into it together.

A call into Arrow costs as much as some fifty records. So a busy loop, which finds many pages at a time,
presses them together, and an idle one presses each as it comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.shape.page_parser import Press


class Bench:
    """Feeds one press. Lives on the engine's loop."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._waiting: list[tuple[bytes, asyncio.Future[Json]]] = []

    async def document(self, body: bytes) -> Json:
        """The page in `body`, its records pressed; None when it has to be decoded."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._work)
        document: asyncio.Future[Json] = loop.create_future()
        self._waiting.append((body, document))
        return await document

    def _work(self) -> None:
        waiting = [one for one in self._waiting if not one[1].done()]  # done: its read was stopped
        self._waiting = []
        if not waiting:
            return
        try:
            documents = self._press.documents([body for body, _ in waiting])
        except Exception as error:  # noqa: BLE001  # whoever waits raises it
            for _, future in waiting:
                future.set_exception(error)
        else:
            for (_, future), document in zip(waiting, documents, strict=True):
                future.set_result(document)
