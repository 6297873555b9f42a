"""How the prelude calls the host: by pread and pwrite on standard input.

The offset says which function of the host is called, on which call or op. See
channel.go, which lists them in the same order.
"""

from _contextvars import ContextVar
from _struct import iter_unpack, unpack_from
from posix import pread, pwrite

(ABOUT, _OPEN, _READ, HELLO, BROKEN, NEXT, WAIT, INPUT, OUTPUT, FAIL, START, TAKE, DROP, LOG, KEEP,
 EMIT) = (
    n << 32 for n in range(16)
)

# The kinds of event.
CALL, OP, CANCEL, ROOM = 1, 2, 3, 4

MOST_EVENTS = 256

# The call that runs: see Call. It is not set while the script is imported.
current = ContextVar("wexec.call")

# The ops that have not ended, by their handles.
ops = {}


class Call:
    """A call of one of the script's tasks."""

    __slots__ = ("handle", "task", "main", "others", "ops", "unsent")

    def __init__(self, handle, task):
        self.handle, self.task = handle, task
        self.main = None  # the asyncio.Task that runs it
        self.others = None  # the asyncio.Tasks that it has started
        self.ops = None  # futures of its ops that have not ended
        self.unsent = None  # what it emits, and there is no room for

    def input(self, length):
        return pread(0, length, INPUT | self.handle) if length else b""

    def output(self, data):
        self.drop()
        pwrite(0, data, OUTPUT | self.handle)

    def fail(self, description):
        self.drop()
        pwrite(0, description, FAIL | self.handle)

    def drop(self):
        """Cancel the ops that nobody has waited for."""
        while self.ops:
            self.ops.pop().cancel()


class Unguarded(BaseException):
    """The script calls a task, or reads its input, while it is imported."""


def start(future, name, arg):
    """Start an op of the call that runs, whose end future._ended is told. Return its handle."""
    call = current.get(None)
    if call is None:
        raise Unguarded(f"{name} is called while the script is imported: call it in a task, "
                        "or under if __name__ == '__main__'")
    return begin(call, future, name, arg)


def begin(call, future, name, arg):
    """Start an op of a call."""
    word = name.encode()
    handle = pwrite(0, word + arg, START | len(word) << 40 | call.handle)
    ops[handle] = future
    if call.ops is None:
        call.ops = set()
    call.ops.add(future)
    return handle


def take(handle, length):
    """Return status, code and result of an op that has ended, and drop it."""
    answer = pread(0, 12 + length, TAKE | handle)
    status, code, _ = unpack_from("<IiI", answer)
    return status, code, answer[12:]


def drop(handle):
    """Cancel an op."""
    del ops[handle]
    pwrite(0, b"", DROP | handle)


def events(most=MOST_EVENTS):
    """Yield what has happened: kind, handle, detail and length."""
    while True:
        some = pread(0, 16 * most, NEXT)
        yield from iter_unpack("<4I", some)
        if len(some) < 16 * most:
            return


def emit(call, kind, data):
    """Send a chunk, or progress, of a call. Return 0 if there is no room."""
    return pwrite(0, data, EMIT | kind << 40 | call.handle)


def wait():
    """Wait for the end of an op, and tell it to the futures of all that have ended."""
    if not ops:
        raise RuntimeError("the future would never be done: no op runs that could end it")
    pwrite(0, b"", WAIT)
    for kind, handle, status, length in events():
        if kind == OP and handle in ops:
            ops.pop(handle)._ended(handle, status, length)


def log(line, level=1):
    """Write a line to the host's log. The levels are 0 debug, 1 info, 2 warn, 3 error."""
    pwrite(0, str(line).encode("utf-8", "replace"), LOG | level << 40)
