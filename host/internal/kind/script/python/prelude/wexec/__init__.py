"""Tasks for wexec hosts.

    from wexec import task, fetch

    @task(cpu=True)
    def square(n: int) -> int:
        return n * n

    @task
    async def total(upto: int) -> int:
        squares = [square(n) for n in range(upto)]  # each on a core of its own
        return sum([await s for s in squares])

An async function is a task of mode io: it mostly waits, and many calls share an
instance. A plain function is blocking. With cpu=True it is cpu: it computes, and must
not wait.
"""

from ._emit import emit, progress
from ._errors import Denied, Error, InvalidInput, Timeout
from ._future import Future, as_completed, gather
from ._host import log
from ._ops import Response, call, config, fetch, op, pipe, sleep
from ._storage import files, kv
from ._stream import Stream
from ._task import Task, task

__all__ = [
    "task", "Task", "Future", "gather", "as_completed", "sleep", "fetch", "Response", "call", "config", "op", "log",
    "emit", "progress", "kv", "files", "Stream", "pipe", "Error", "Denied", "Timeout", "InvalidInput",
    "CancelledError",
]


def __getattr__(name):
    if name == "CancelledError":  # asyncio takes long to import
        from asyncio import CancelledError
        return CancelledError
    raise AttributeError(f"module 'wexec' has no attribute {name!r}")
