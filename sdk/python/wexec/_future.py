"""Futures, and the loop that async tasks run on."""

import asyncio
import concurrent.futures
import queue
import threading
import types

_lock = threading.Lock()
_loop = None


def loop():
    """Return the event loop of async tasks, which runs in a thread of its own."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="wexec", daemon=True).start()
        return _loop


def in_loop():
    """Report whether the caller runs on an event loop, which it must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Future:
    """A result to come. It can be awaited in an async function, and waited for elsewhere."""

    __slots__ = ("_source",)

    def __init__(self, source=None):
        self._source = source if source is not None else concurrent.futures.Future()

    __class_getitem__ = classmethod(types.GenericAlias)  # Future[int], in annotations

    @staticmethod
    def from_value(value):
        """Return a future that is done."""
        future = Future()
        future.set_result(value)
        return future

    def done(self):
        return self._source.done()

    def cancelled(self):
        return self._source.cancelled()

    def result(self, timeout=None):
        """Return the result, or raise the error. Wait for it, at most timeout seconds.

        In an async function it raises InvalidStateError if the future is not done: await it.
        """
        self._check()
        try:
            return self._source.result(timeout)
        except concurrent.futures.CancelledError:
            raise asyncio.CancelledError from None

    def exception(self, timeout=None):
        """Return the error, or None. Wait for it like result."""
        self._check()
        try:
            return self._source.exception(timeout)
        except concurrent.futures.CancelledError:
            raise asyncio.CancelledError from None

    def _check(self):
        if not self.done() and in_loop():
            raise asyncio.InvalidStateError("the future is not done: await it, since others run on this loop")

    def set_result(self, value):
        self._source.set_result(value)

    def set_exception(self, error):
        self._source.set_exception(error() if isinstance(error, type) else error)

    def cancel(self):
        """Cancel what would end the future, if it can be. A thread that runs goes on."""
        if self._source.done():
            return False
        if not self._source.cancel():
            # It runs on a thread or in a process, which nobody can stop: forget it.
            abandoned, self._source = self._source, concurrent.futures.Future()
            self._source.cancel()
            abandoned.add_done_callback(lambda f: f.cancelled() or f.exception())
        return True

    def add_done_callback(self, callback):
        """Call callback with the future when it is done."""
        self._source.add_done_callback(lambda _: callback(self))

    def then(self, continuation):
        """Return the future of continuation(self), which is called if this one succeeds.

        If continuation returns a future or a coroutine, it is waited for.
        """
        async def after():
            await self
            result = continuation(self)
            return await result if hasattr(result, "__await__") else result

        return spawn(after())

    def __await__(self):
        if not self._source.done():
            inner = asyncio.wrap_future(self._source)
            try:
                yield from inner
            except asyncio.CancelledError:
                self.cancel()
                raise
            except BaseException:
                pass  # result raises it
        return self.result()

    __iter__ = __await__

    def __repr__(self):
        return f"<Future {self._source._state.lower()}>"


def spawn(coroutine):
    """Run a coroutine on the loop, and return its future."""
    return Future(asyncio.run_coroutine_threadsafe(coroutine, loop()))


def as_future(awaitable):
    """Return the future of an awaitable."""
    if isinstance(awaitable, Future):
        return awaitable

    async def wait():
        return await awaitable

    return spawn(wait())


def gather(*awaitables, return_exceptions=False):
    """Return the future of the list of all results. The first error cancels the others.

    With return_exceptions, errors are among the results.
    """
    futures = [as_future(a) for a in awaitables]

    async def all_of_them():
        try:
            return await asyncio.gather(*map(_wait, futures), return_exceptions=return_exceptions)
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    return spawn(all_of_them())


async def _wait(future):
    return await future


class as_completed:
    """Iterates over futures as they are done: by for, or async for in an async function."""

    def __init__(self, awaitables):
        futures = [as_future(a) for a in awaitables]
        self._left, self._done, self._waiter = len(futures), queue.SimpleQueue(), None
        for future in futures:
            future.add_done_callback(self._add)

    def _add(self, future):
        self._done.put(future)
        waiter = self._waiter
        if waiter is not None:
            waiter[0].call_soon_threadsafe(waiter[1].set)

    def __iter__(self):
        return self

    def __next__(self):
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return self._done.get()

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._left == 0:
            raise StopAsyncIteration
        event = asyncio.Event()
        self._waiter = asyncio.get_running_loop(), event
        while self._done.empty():
            await event.wait()
            event.clear()
        self._left -= 1
        return self._done.get()
