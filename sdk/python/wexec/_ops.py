"""What tasks ask of the host: here, of Python's own library."""

import asyncio
import io
import json as _json
import logging
import os
import time
import urllib.error
import urllib.request

from . import _task
from ._future import Future, in_loop, spawn
from ._storage import Stream

_logger = logging.getLogger("wexec")


class Error(Exception):
    """The failure of an op, or of a task with a code of its own.

    status is a word of the host: failed, timeout, denied, … code is the task's own, if it
    is positive.
    """

    def __init__(self, message="", code=1, status="failed"):
        super().__init__(message)
        self.code, self.status = code, status


class Denied(Error, PermissionError):
    """The host does not allow the op."""


class Timeout(Error, TimeoutError):
    """The op, or the task that it called, took too long."""


class InvalidInput(Error, ValueError):
    """The input is not what the task or the capability takes."""

    def __init__(self, message="", code=0, status="invalid_input"):
        super().__init__(message, code, status)


def _failed(error):
    future = Future()
    future.set_exception(error)
    return future


def op(name, arg=b""):
    """Start an op of a capability. Here there are none."""
    return _failed(Denied(f"no capability {name} outside of a wexec host", 0, "denied"))


def config(name):
    """Return the future of a value that the host sets: here, of an environment variable."""
    return Future.from_value(os.environ.get(name))


def log(line, level=1):
    """Log a line. The levels are 0 debug, 1 info, 2 warn, 3 error."""
    _logger.log((logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)[level], "%s", line)


def sleep(seconds):
    """Wait. In an async function, await it; elsewhere it has waited when it returns."""
    if in_loop():
        return spawn(asyncio.sleep(seconds))
    time.sleep(seconds)
    return Future.from_value(None)


def call(task, input=None, *, module=None, raw=False):
    """Call a task by its name, with an input as a wexec host takes it."""
    known = _task.registry.get(task)
    if module is not None or known is None:
        return _failed(Error(f"no task {task!r}", 0, "no_such_task"))
    if raw:
        return known(input or b"")
    if isinstance(input, dict):
        return known(**input)
    return known(*input) if isinstance(input, list) else known() if input is None else known(input)


class Response:
    """The answer to an HTTP request. It has a body, or a stream that gives it."""

    def __init__(self, status, headers, body, stream=None):
        self.status, self.headers, self.body, self.stream = status, headers, body, stream

    @property
    def ok(self):
        return 200 <= self.status < 300

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return _json.loads(self.body)

    def __repr__(self):
        return f"<Response {self.status}>"


def fetch(url, *, method="GET", headers=None, body=b"", json=None, stream=False):
    """Make an HTTP request, and return the future of its Response.

    body is text, bytes, or a Stream: see pipe. With stream, or if body is one, the Response
    has a stream in place of its body.
    """
    headers = dict(headers or {})
    if json is not None:
        body = _json.dumps(json)
        headers.setdefault("content-type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    stream = stream or isinstance(body, Stream)
    return Future(_task._pool(False).submit(_fetch, url, body, headers, method, stream))


def _fetch(url, body, headers, method, stream):
    if isinstance(body, Stream):
        body = b"".join(body)
    request = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:  # a status like others
        answer = error
    with answer:
        headers, body = {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        if stream:
            return Response(answer.status, headers, b"", Stream(io.BytesIO(body)))
        return Response(answer.status, headers, body)
