"""Futures: what calls of tasks, and other ops, return."""

from _contextvars import copy_context

from . import _host

_GenericAlias = type(list[int])
from ._errors import failure, text_of

_PENDING, _VALUE, _ERROR, _CANCELLED = range(4)


def _no_loop():
    return None


# Set by _loop, which is loaded with asyncio.
running_loop = _no_loop  # returns the loop that runs, or None
idle_loop = _no_loop  # returns the loop that has tasks although it does not run, or None


class Future:
    """A result to come. It can be awaited in an async function, and waited for elsewhere."""

    __slots__ = ("_state", "_value", "_callbacks", "_stop", "__weakref__")

    def __init__(self):
        self._state, self._value = _PENDING, None
        self._callbacks = None
        self._stop = None  # stops what would end the future

    def __class_getitem__(cls, item):  # Future[int], in annotations
        return _GenericAlias(cls, item)

    @staticmethod
    def from_value(value):
        """Return a future that is done."""
        future = Future()
        future._settle(_VALUE, value)
        return future

    def done(self):
        return self._state != _PENDING

    def cancelled(self):
        return self._state == _CANCELLED

    def result(self, timeout=None):
        """Return the result, or raise the error. Wait for it, at most timeout seconds.

        In an async function it raises InvalidStateError if the future is not done: await it.
        """
        if self._state == _PENDING:
            wait_until(self.done, timeout)
        if self._state == _VALUE:
            return self._value
        raise self._error()

    def exception(self, timeout=None):
        """Return the error, or None. Wait for it like result."""
        if self._state == _PENDING:
            wait_until(self.done, timeout)
        if self._state == _CANCELLED:
            raise self._error()
        return self._value if self._state == _ERROR else None

    def _error(self):
        if self._state == _CANCELLED:
            from asyncio import CancelledError
            return CancelledError()
        return self._value

    def set_result(self, value):
        self._settle(_VALUE, value)

    def set_exception(self, error):
        if isinstance(error, type):
            error = error()
        self._settle(_ERROR, error)

    def cancel(self):
        """Cancel what would end the future. Return False if it was done before."""
        if self._state != _PENDING:
            return False
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        self._settle(_CANCELLED, None)
        return True

    def add_done_callback(self, callback):
        """Call callback with the future when it is done."""
        if self._state != _PENDING:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [(callback, copy_context())]
        else:
            self._callbacks.append((callback, copy_context()))

    def then(self, continuation):
        """Return the future of continuation(self), which is called if this one succeeds.

        If continuation returns a future or a coroutine, it is waited for.
        """
        out = Future()

        def after(source):
            if source._state != _VALUE:
                out._copy(source)
                return
            try:
                result = continuation(source)
            except BaseException as error:
                out.set_exception(error)
                return
            if hasattr(result, "__await__"):
                out._follow(as_future(result))
            else:
                out._settle(_VALUE, result)

        out._stop = self.cancel
        self.add_done_callback(after)
        return out

    def __await__(self):
        if self._state == _PENDING:
            waiter = running_loop().create_future()
            self.add_done_callback(lambda _: waiter.done() or waiter.set_result(None))
            try:
                yield from waiter
            except BaseException:  # the task that waits was cancelled
                self.cancel()
                raise
        return self.result()

    __iter__ = __await__

    def __repr__(self):
        return f"<Future {('pending', 'done', 'failed', 'cancelled')[self._state]}>"

    def _settle(self, state, value):
        if self._state != _PENDING:
            if self._state == _CANCELLED:
                return
            raise RuntimeError("the future is done already")
        self._state, self._value, self._stop = state, value, None
        callbacks, self._callbacks = self._callbacks, None
        for callback, context in callbacks or ():
            try:
                context.run(callback, self)
            except BaseException as error:  # it is nobody's to handle
                _host.log("a callback of a future failed: " + text_of(error), 3)

    def _copy(self, other):
        self._settle(other._state, other._value)

    def _follow(self, other):
        """End as other does."""
        self._stop = other.cancel
        other.add_done_callback(self._copy)


class Op(Future):
    """The future of an op of the host. decode turns its bytes into the result."""

    __slots__ = ("_handle", "_call", "_decode")

    def __init__(self, name, arg=b"", decode=None):
        super().__init__()
        self._decode = decode
        self._handle = _host.start(self, name, arg)
        self._call = _host.current.get()

    def _ended(self, handle, _, length):
        status, code, body = _host.take(handle, length)
        self._call.ops.discard(self)
        if status == 5:
            self._settle(_CANCELLED, None)
        elif status:
            self._settle(_ERROR, failure(status, code, body.decode("utf-8", "replace")))
        elif self._decode is None:
            self._settle(_VALUE, body)
        else:
            try:
                value = self._decode(body)
            except Exception as error:
                self._settle(_ERROR, error)
            else:
                self._settle(_VALUE, value)

    def cancel(self):
        if self._state != _PENDING:
            return False
        _host.drop(self._handle)
        self._call.ops.discard(self)
        self._settle(_CANCELLED, None)
        return True


def as_future(awaitable):
    """Return the future of an awaitable."""
    if isinstance(awaitable, Future):
        return awaitable
    from ._loop import spawn
    return spawn(awaitable)


def wait_until(done, timeout=None):
    """Run what can run, and wait for ops, until done() is true."""
    if running_loop() is not None:
        from asyncio import InvalidStateError
        raise InvalidStateError("the future is not done: await it, since others run on this loop")
    alarm = sleep_op(timeout) if timeout is not None else None
    while not done():
        if alarm is not None and alarm.done():
            raise TimeoutError(f"not done within {timeout} s")
        loop = idle_loop()
        if loop is None:
            _host.wait()
        else:
            loop.step()
    if alarm is not None:
        alarm.cancel()


def sleep_op(seconds):
    return Op("clock.sleep", max(0, int(seconds * 1e9)).to_bytes(8, "little"), _nothing)


def _nothing(_):
    return None


def gather(*awaitables, return_exceptions=False):
    """Return the future of the list of all results. The first error cancels the others.

    With return_exceptions, errors are among the results.
    """
    futures = [as_future(a) for a in awaitables]
    out, left = Future(), len(futures)
    if not futures:
        return Future.from_value([])

    def one(future):
        nonlocal left
        left -= 1
        if out.done():
            return
        if future._state != _VALUE and not return_exceptions:
            out._copy(future)
            stop()
        elif left == 0:
            out._settle(_VALUE, [f._value if f._state == _VALUE else f._error() for f in futures])

    def stop():
        for future in futures:
            future.cancel()

    out._stop = stop
    for future in futures:
        future.add_done_callback(one)
    return out


class as_completed:
    """Iterates over futures as they are done: by for, or async for in an async function."""

    def __init__(self, awaitables):
        futures = [as_future(a) for a in awaitables]
        self._left, self._done, self._waiter = len(futures), [], None
        for future in futures:
            future.add_done_callback(self._add)

    def _add(self, future):
        self._done.append(future)
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.set_result(None)

    def __iter__(self):
        return self

    def __next__(self):
        if self._left == 0:
            raise StopIteration
        wait_until(lambda: self._done)
        self._left -= 1
        return self._done.pop(0)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._left == 0:
            raise StopAsyncIteration
        if not self._done:
            self._waiter = Future()
            await self._waiter
        self._left -= 1
        return self._done.pop(0)


def spawn_or_run(function, args, kwargs):
    """Call a function here, in this instance, and return the future of its result."""
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        future = Future()
        future.set_exception(error)
        return future
    return as_future(result) if hasattr(result, "__await__") else Future.from_value(result)
