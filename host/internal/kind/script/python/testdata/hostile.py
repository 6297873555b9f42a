"""Tasks that attack the host, the prelude, and the tasks that come after them."""

import builtins
import gc
import json
import os
import random
import sys

import wexec
from wexec import _host, _start, task

marks = []


def say(function, handle=0, data=b"", other=0):
    return os.pwrite(0, data, other << 40 | function << 32 | handle)


def ask(function, handle=0, size=64):
    return os.pread(0, size, function << 32 | handle)


@task
def fine():
    return [marks, builtins.len("ab"), json.dumps([1]), gc.isenabled(), sys.getrecursionlimit(), "SPY" in os.environ,
            random.random.__name__, sys.gettrace() is None, hasattr(_host, "spy")]


# Functions of the host, called with nonsense.


@task
def no_function():
    say(200)


@task
def hello_again():
    say(3, data=bytes(20))


@task
def hello_short():
    say(3, data=b"x")


@task
def broken_late():
    say(4, data=b"\1\0\0\0Type\0message")
    return "still here"


@task
def foreign_call():
    say(8, handle=77, data=b"x")


@task
def ends_twice():
    handle = _host.current.get().handle
    say(8, handle, b"first")
    say(8, handle, b"second")


@task
def no_op():
    ask(11, handle=5)


@task
def takes_early():
    op = wexec.op("clock.sleep", (10**12).to_bytes(8, "little"))
    ask(11, op._handle)


@task
def no_room():
    op = wexec.op("clock.sleep", bytes(8))
    say(6)
    ask(11, op._handle, size=4)


@task
def waits_for_nothing():
    say(6)


@task
async def waits_in_a_loop():
    say(6)


@task
def no_code():
    say(9, _host.current.get().handle, b"x")


@task
def opens_nonsense():
    return [say(1, data=path) for path in (b"", b"\xff", b"../tasks.py", b"/tasks.py", b"a" * 10000)]


@task
def other_offsets():
    for at in (1 << 62, 2**63 - 1, 255 << 32, 15 << 32):
        try:
            os.pread(0, 10, at)
        except OSError:
            pass


@task
def closes_it():
    os.close(0)
    return "closed"


@task
def floods():
    while True:
        wexec.op("clock.sleep", (10**12).to_bytes(8, "little"))


# The prelude.


@task
def unanswered():
    _start._host.Call.output = lambda self, data: None


@task
def patched():
    _start.resume = None
    _host.pwrite = None
    sys.modules.clear()
    return 1


@task
def traced():
    def trace(*args):
        raise RuntimeError("traced")
    sys.settrace(trace)


@task
def code_swapped():
    _start.resume.__code__ = (lambda: 5).__code__
    return 1


@task
def exits_hard():
    os._exit(0)


@task
def aborts():
    os.abort()


@task
def generator_exit():
    raise GeneratorExit


@task
async def base_exception():
    class Strange(BaseException):
        pass
    raise Strange("x")


# Hogs.


@task
def hog():
    kept = []
    while True:
        kept.append(" " * (1 << 20))


@task
def big_number():
    return len(str(2 ** 10**9))


@task
def spins():
    while True:
        pass


@task
async def spins_io():
    while True:
        pass


@task
def backtracks():
    import re
    re.match(r"(a+)+$", "a" * 60 + "b")


@task
def sleeps():
    import time
    time.sleep(1000)


@task
def deep():
    sys.setrecursionlimit(10**9)

    def f():
        return f()
    f()


@task
def deep_in_c():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    sys.setrecursionlimit(10**9)
    return len(repr(nested))


@task
def deep_code():
    eval("(" * 50_000 + ")" * 50_000)


@task
def threads():
    import threading
    threading.Thread(target=fine).start()


@task
def prints():
    for _ in range(5_000):
        print("x" * 100)
    return 1


@task
def no_memory():
    import _testcapi
    _testcapi.set_nomemory(0)
    return [[] for _ in range(10)]


# What a task leaves behind.


@task
def leaves():
    marks.append("left")
    builtins.len = lambda _: 0
    json.dumps = lambda _: "spy"
    gc.disable()
    sys.setrecursionlimit(50)
    os.environ["SPY"] = "1"
    _host.spy = 1
    random.random = leaves
    import atexit
    atexit.register(marks.append, "late")

    class Undead:
        def __del__(self):
            marks.append("undead")
    Undead.me = Undead()
    return "done"
