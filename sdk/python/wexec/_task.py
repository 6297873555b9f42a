"""Tasks: functions that say how they are best run."""

import concurrent.futures
import functools
import inspect
import os
import sys
import threading

from ._future import Future, spawn

_lock = threading.Lock()
_pools = {}
registry = {}


def _pool(cpu):
    with _lock:
        if cpu not in _pools:
            _pools[cpu] = (
                concurrent.futures.ProcessPoolExecutor() if cpu
                else concurrent.futures.ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4), "wexec")
            )
        return _pools[cpu]


class Task:
    """A function that runs on the loop, a thread or a process. A call returns a Future."""

    def __init__(self, function, mode, name=None):
        functools.update_wrapper(self, function)
        self.function, self.mode = function, mode
        self.name = name or function.__name__
        registry[self.name] = self

    def __call__(self, *args, **kwargs):
        if self.mode == "io":
            return spawn(self.function(*args, **kwargs))
        if self.mode == "cpu":
            path = self.function.__module__, self.function.__qualname__
            return Future(_pool(True).submit(_run, path, args, kwargs))
        return Future(_pool(False).submit(self.function, *args, **kwargs))

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self):
        return f"<task {self.name} ({self.mode})>"


def _run(path, args, kwargs):
    """Run a cpu task in a process, which imports its module."""
    module, name = path
    __import__(module)
    found = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found.function(*args, **kwargs)


def task(function=None, /, *, cpu=False, cpu_bound=False, name=None, timeout=None, memory=None, fuel=None,
         uses=None):
    """Make a function a task.

    An async function is io: it runs on a loop with others. A plain function is blocking,
    and runs on a thread; with cpu=True it is cpu, and runs in a process. timeout (seconds),
    memory (bytes), fuel (about instructions) and uses (the names of capabilities) narrow
    what a wexec host gives it; here they do nothing.
    """
    if function is None:
        return lambda f: task(f, cpu=cpu, cpu_bound=cpu_bound, name=name)
    if not callable(function):
        raise TypeError(f"@task takes a function, not {type(function).__name__}")
    waits = inspect.iscoroutinefunction(function)
    if waits and (cpu or cpu_bound):
        raise TypeError(f"the task {function.__name__} is async, and so can't be cpu: "
                        "remove cpu=True, or make it a plain function")
    return Task(function, "io" if waits else "cpu" if cpu or cpu_bound else "blocking", name)
