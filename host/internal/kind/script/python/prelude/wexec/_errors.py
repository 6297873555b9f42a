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
    head, _, trace = text.partition("\n")
    name, colon, message = head.rpartition("failed: ")[2].partition(": ")
    module, dot, name = name.rpartition(".")
    if module in ("__main__", _main[0]):
        module = "__main__" if "__main__" in sys.modules and hasattr(sys.modules["__main__"], name) else _main[0]
    space = sys.modules.get(module) if dot else builtins
    kind = getattr(space, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    error = _both(kind)(message)
    if trace:
        error.add_note(trace)
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


def code_of(error):
    """Return the code with which a task fails because of an exception."""
    if isinstance(error, Error):
        if error.code > 0:
            return error.code
        return -STATUSES.index(error.status) if error.status in STATUSES else 1
    return 1


def describe(error):
    """Return the type, message and traceback of an exception, the frames of the script only."""
    lines = [_head(error)]
    seen = set()
    _trace(error, lines, seen)
    return "\n".join(lines)


def _head(error):
    kind = type(error)
    if kind is Error:
        return str(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "wexec._errors"):
        name = f"{kind.__module__}.{name}"
    try:
        text = str(error)
    except BaseException:  # an exception of the script's may have any __str__
        text = "<its __str__ failed>"
    return f"{name}: {text}" if text else name


def _trace(error, lines, seen):
    seen.add(id(error))
    if isinstance(error, SyntaxError) and error.filename:
        lines.append(f'  File "{error.filename}", line {error.lineno}, column {error.offset}')
        if error.text:
            lines.append("    " + error.text.strip())
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    frames = [t for t in frames if not _own(t.tb_frame.f_code.co_filename)]
    if len(frames) > 40:  # of a recursion
        frames[20:-20] = [None]
    for t in frames:
        if t is None:
            lines.append("  …")
            continue
        code = t.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {t.tb_lineno}, in {code.co_qualname}')
        source = _line(t.tb_frame.f_globals.get("__loader__"), t.tb_lineno)
        if source:
            lines.append("    " + source)
    lines.extend(getattr(error, "__notes__", None) or ())
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            lines.append("  with " + _head(one))
            _trace(one, lines, seen)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        lines.append(("caused by " if error.__cause__ else "while handling ") + _head(cause))
        _trace(cause, lines, seen)


def _own(path):
    return path.startswith("wexec/") or path == "<string>" or path.startswith("<frozen importlib")


def _line(loader, number):
    try:
        return loader.get_source().split("\n")[number - 1].strip()
    except Exception:  # not one of ours, or not there
        return ""
