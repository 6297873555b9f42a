"""Tasks, as wexec hosts run them, for plain Python: on a loop, threads and processes.

    from wexec import task

    @task(cpu=True)
    def square(n: int) -> int:
        return n * n

    @task
    async def total(upto: int) -> int:
        squares = [square(n) for n in range(upto)]
        return sum([await s for s in squares])

    if __name__ == "__main__":
        print(total(10).result())

`python tasks.py` runs this as it is. `wexec run tasks.py` runs it in a sandbox, with each
call in an instance of its own, and there the package is part of the host.
"""

import asyncio as _asyncio

from ._future import Future, as_completed, gather
from ._ops import Denied, Error, InvalidInput, Response, Timeout, call, config, fetch, log, op, sleep
from ._storage import Stream, emit, files, kv, pipe, progress
from ._task import Task, task

CancelledError = _asyncio.CancelledError

__all__ = [
    "task", "Task", "Future", "gather", "as_completed", "sleep", "fetch", "Response", "call", "config", "op", "log",
    "emit", "progress", "kv", "files", "Stream", "pipe", "Error", "Denied", "Timeout", "InvalidInput",
    "CancelledError",
]
