"""The event loop of asyncio, on ops of the host.

The host enters an instance that holds many calls when there are events, and turn runs
what can run. In an instance with one call of another mode, the loop waits in the host.
In both, one op sleeps until the next timer of asyncio's is due.
"""

import asyncio
import heapq
from asyncio import base_events, events
from contextvars import copy_context

from . import _future, _host
from ._errors import failure

_running, set_running_loop = events._get_running_loop, events._set_running_loop


_TURN = 0.02  # seconds after which a turn ends, with the task that runs then


class Loop(base_events.BaseEventLoop):
    """An event loop whose timers are ops of the host."""

    def __init__(self):
        super().__init__()
        self._alarm = None
        self._until = 0  # the end of the turn
        self._blocks = False

    def _write_to_self(self):
        pass  # there are no other threads

    def close(self):
        if self._alarm is not None:
            self._alarm.cancel()
        super().close()

    def create_task(self, coro, *, name=None, context=None):
        task = super().create_task(coro, name=name, context=context)
        call = (context or copy_context()).get(_host.current)
        if call is not None and call.main is not None:
            if call.others is None:
                call.others = set()
            call.others.add(task)
            task.add_done_callback(call.others.discard)
        return task

    # In an instance with one call.

    def run_forever(self):
        self._blocks = True
        try:
            super().run_forever()
        finally:
            self._blocks = False

    def step(self):
        """Run what can run. If nothing can, wait."""
        set_running_loop(self)
        self._blocks = True
        try:
            self._run_once()
        finally:
            self._blocks = False
            set_running_loop(None)

    # In an instance that holds many.

    def turn(self):
        """Run what can run. Return whether there is more."""
        self._until = self.time() + _TURN
        for _ in range(64):
            self._run_once()
            if not self._ready:
                break
        if self._scheduled:
            self._arm(self._scheduled[0].when())
        return bool(self._ready)

    # In both.

    def turn_is_over(self):
        """Return whether what runs should give way, since the instance has many calls."""
        return not self._blocks and self.time() > self._until

    def _run_once(self):
        """Run what is ready. If nothing is, and the instance has one call, wait."""
        ready, timers = self._ready, self._scheduled
        if timers:
            self._due_timers(ready, timers)
        if self._blocks and not ready and not self._stopping:
            if timers:
                self._arm(timers[0].when())
            _host.wait()
            if timers:
                self._due_timers(ready, timers)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
                if self.turn_is_over():
                    return  # the host enters the loop again

    def _due_timers(self, ready, timers):
        """Move the timers that are due to ready, and drop those that were cancelled."""
        if self._timer_cancelled_count > max(100, len(timers) // 2):
            timers[:] = [t for t in timers if not t._cancelled]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        now = self.time() + self._clock_resolution
        while timers and (timers[0]._cancelled or timers[0].when() < now):
            timer = heapq.heappop(timers)
            timer._scheduled = False
            if timer._cancelled:
                self._timer_cancelled_count -= 1
            else:
                ready.append(timer)

    def _arm(self, when):
        """Have the host enter the loop at a time."""
        alarm = self._alarm
        if alarm is not None:
            if alarm.when == when:
                return
            alarm.cancel()
        call = self._owner()
        if call is not None:
            self._alarm = _Alarm(self, call, when)

    def _owner(self):
        """Return a call, for an op that is for all that have timers."""
        call = _host.current.get(None)
        if call is not None:
            return call
        for timer in self._scheduled:
            call = timer._context.get(_host.current)
            if call is not None and call.main is not None and not call.main.done():
                return call

    def _no_timers(self, error):
        """Cancel the calls whose timers the host does not run."""
        _host.log(f"no timers: {error}", 3)
        for timer in self._scheduled:
            call = timer._context.get(_host.current)
            if call is not None and call.main is not None:
                call.main.cancel()


class _Alarm:
    """The op that sleeps until the first timer of a loop is due."""

    __slots__ = ("loop", "call", "when", "handle")

    def __init__(self, loop, call, when):
        self.loop, self.call, self.when = loop, call, when
        nanoseconds = max(0, int((when - loop.time()) * 1e9))
        self.handle = _host.begin(call, self, "clock.sleep", nanoseconds.to_bytes(8, "little"))

    def _ended(self, handle, status, length):
        self._forget()
        _, code, text = _host.take(handle, length)
        if status not in (0, 5):  # ok and cancelled
            self.loop._no_timers(failure(status, code, text.decode("utf-8", "replace")))

    def cancel(self):
        self._forget()
        _host.drop(self.handle)

    def _forget(self):
        self.call.ops.discard(self)
        if self.loop._alarm is self:
            self.loop._alarm = None


class Policy(events.BaseDefaultEventLoopPolicy):
    _loop_factory = Loop


asyncio.set_event_loop_policy(Policy())

_ambient = None


def ambient():
    """Return the loop of tasks in async functions, and of coroutines that a function spawns."""
    global _ambient
    if _ambient is None:
        _ambient = Loop()
    return _ambient


def _idle():
    loop = _ambient
    return loop if loop is not None and (loop._ready or loop._scheduled) else None


_future.running_loop = _running
_future.idle_loop = _idle


def spawn(awaitable):
    """Run an awaitable as a task of the loop, and return its future."""
    loop = _running() or ambient()
    task = asyncio.ensure_future(awaitable, loop=loop)
    out = _future.Future()
    out._stop = task.cancel

    def done(task):
        if out.done():
            return
        if task.cancelled():
            out._settle(3, None)
        elif task.exception() is not None:
            out._settle(2, task.exception())
        else:
            out._settle(1, task.result())

    task.add_done_callback(done)
    return out
