"""Errors: what the host says of an op that failed, and how a task's own error is told."""

import builtins
import sys

STATUSES = (
    "ok", "failed", "trap", "exit", "timeout", "cancelled", "denied", "queue_full", "instance_lost",
    "no_such_task", "invalid_input", "closed", "invalid_module", "invalid_manifest", "out_of_fuel",
)


class Error(Exception):
    """The failure of an op, or of a task with a code of its own.

    status is a word of the host: failed, timeout, denied, … code is the task's own, if it
    is positive. A task that raises Error(message, code=7) fails with that code.
    """

    def __init__(self, message="", code=1, status="failed"):
        super().__init__(message)
        self.code, self.status = code, status

    def __str__(self):
        return str(self.args[0]) if self.args else ""


class Denied(Error, PermissionError):
    """The host does not allow the op."""


class Timeout(Error, TimeoutError):
    """The op, or the task that it called, took too long."""


class InvalidInput(Error, ValueError):
    """The input is not what the task or the capability takes."""

    def __init__(self, message="", code=0, status="invalid_input"):
        super().__init__(message, code, status)


_classes = {"denied": Denied, "timeout": Timeout, "invalid_input": InvalidInput}


def failure(status, code, text):
    """Return the exception for an op that failed."""
    word = STATUSES[status] if status < len(STATUSES) else "failed"
    if word == "failed" and code <= 1:
        raised = _raised(text)
        if raised:
            return raised
    return _classes.get(word, Error)(text, code, word)


def _raised(text):
    """Return the exception of the type that a task in Python has raised, from its text."""
    head, _, trace = text.partition("\n    at ")
    name, _, message = head.rpartition("failed: ")[2].partition(": ")
    module, dot, name = name.rpartition(".")
    if module in ("__main__", _main[0]):
        module = "__main__" if "__main__" in sys.modules and hasattr(sys.modules["__main__"], name) else _main[0]
    space = sys.modules.get(module) if dot else builtins
    kind = getattr(space, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    error = _both(kind)(message)
    for frame in filter(None, trace.split("\n    at ")):
        error.add_note(frame)
    return error


_main = [None]  # the name by which the script is imported
_pairs = {}


def _both(kind):
    """Return the class of errors of that type that come from another task."""
    if kind not in _pairs:
        try:
            _pairs[kind] = type(kind.__name__, (Error, kind), {"__module__": kind.__module__})
        except TypeError:  # the layouts of the two do not go together
            _pairs[kind] = Error
    return _pairs[kind]


def _code(error):
    """Return the code with which a task fails because of an exception."""
    if isinstance(error, Error):
        if error.code > 0:
            return error.code
        return -STATUSES.index(error.status) if error.status in STATUSES else 1
    return -STATUSES.index("cancelled") if type(error).__name__ == "CancelledError" else 1


def describe(error):
    """Return the code, type, message and frames of an exception, for the host."""
    name, message = _head(error)
    frames = []
    _trace(error, frames, set())
    text = "\0".join(part.replace("\0", "\\0") for part in (name, message, *frames))
    return _code(error).to_bytes(4, "little", signed=True) + text.encode("utf-8", "replace")


def text_of(error):
    """Return type and message of an exception, and its frames in lines of their own."""
    frames = []
    _trace(error, frames, set())
    return "\n    at ".join([": ".join(filter(None, _head(error))), *frames])


def _head(error):
    kind = type(error)
    try:
        message = str(error)
    except BaseException:  # an exception of the script's may have any __str__
        message = "<its __str__ failed>"
    if kind is Error:
        return "", message
    plain = kind.__module__ in ("builtins", "wexec._errors", "asyncio.exceptions")
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}", message


def _trace(error, frames, seen):
    """Add the frames of an exception and of its causes, the innermost first."""
    seen.add(id(error))
    if isinstance(error, SyntaxError) and error.filename:
        frames.append(f"{error.filename}:{error.lineno}:{error.offset}: {(error.text or '').strip()}")
    trace, own = error.__traceback__, []
    while trace is not None:
        if not _own(trace.tb_frame.f_code.co_filename):
            own.append(trace)
        trace = trace.tb_next
    own.reverse()
    frames.extend(map(_frame, own[:20]))
    if len(own) > 40:  # of a recursion
        frames.append(f"… {len(own) - 40} more")
    frames.extend(map(_frame, own[20:][-20:]))
    frames.extend(getattr(error, "__notes__", None) or ())
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            frames.append("with " + ": ".join(_head(one)))
            _trace(one, frames, seen)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        frames.append(("because of " if error.__cause__ else "while handling ") + ": ".join(_head(cause)))
        _trace(cause, frames, seen)


def _frame(trace):
    code = trace.tb_frame.f_code
    line = _line(trace.tb_frame.f_globals.get("__loader__"), trace.tb_lineno)
    return f"{code.co_qualname} ({code.co_filename}:{trace.tb_lineno})" + (line and ": " + line)


def _own(path):
    return path.startswith("wexec/") or path == "<string>" or path.startswith("<frozen importlib")


def _line(loader, number):
    try:
        return loader.get_source().split("\n")[number - 1].strip()
    except Exception:  # not one of ours, or not there
        return ""
