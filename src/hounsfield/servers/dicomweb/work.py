"""Where synchronous services run: at once in the event loop when they are known to be quick, else in a thread.

A hop into a thread and back costs more than an index look-up, or than reading a frame out of the page cache: measured, answers with a
frame of 512 KiB fall from 16,000 to 4,000 a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Final, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

QUICK_READ_BYTES: Final = 4 << 20
"""What is read in one go without a thread, where it is cached."""

DECODING_THREADS: Final = 4

_END: Final = object()


Fill = Callable[..., bool]
"""`Retrieve.frame_into` and its like: takes `cached_only`, and tells whether it did."""


class Work:
    """quick_in_loop: whether look-ups in the index take microseconds (SQLite) or wait for a server (PostgreSQL)."""

    def __init__(self, executor: Executor, *, quick_in_loop: bool = True) -> None:
        self.executor = executor
        self._quick_in_loop = quick_in_loop
        self._decoding = asyncio.Semaphore(DECODING_THREADS)

    async def quick(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        """For look-ups by key."""
        if self._quick_in_loop:
            return call(*arguments, **named)
        return await self.slow(call, *arguments, **named)

    async def slow(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        """For all that may wait or compute."""
        if named:
            return await asyncio.get_running_loop().run_in_executor(self.executor, lambda: call(*arguments, **named))
        return await asyncio.get_running_loop().run_in_executor(self.executor, call, *arguments)

    async def decode(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        """For what waits for a decoder or holds a whole object in memory: a few at once, so that the other threads stay free."""
        async with self._decoding:
            return await self.slow(call, *arguments, **named)

    async def read(self, fill: Fill, *arguments: Any) -> None:
        """Fill a buffer, the last of `arguments`, from the archive: at once where the page cache has it all, else in a thread."""
        if len(arguments[-1]) > QUICK_READ_BYTES or not fill(*arguments, cached_only=True):
            await self.slow(fill, *arguments)

    async def each(self, pieces: Iterator[Result], *, decoding: bool = False) -> AsyncGenerator[Result, None]:
        """The items of a blocking iterator, each fetched in a thread; the iterator is closed in any case.

        decoding: whether it waits for a decoder.
        """
        run = self.decode if decoding else self.slow
        try:
            while (piece := await run(next, pieces, _END)) is not _END:
                yield piece  # type: ignore[misc]
        finally:
            if (close := getattr(pieces, "close", None)) is not None:
                await self.slow(close)
