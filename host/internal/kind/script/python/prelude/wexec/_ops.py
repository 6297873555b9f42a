"""What tasks ask of the host."""

from . import _codec, _future
from ._future import Op, sleep_op
from ._stream import Stream, number


def op(name, arg=b""):
    """Start an op of any capability of the host, and return the future of its bytes."""
    return Op(name, bytes(arg))


def sleep(seconds):
    """Wait. In an async function, await it; elsewhere it has waited when it returns."""
    future = sleep_op(seconds)
    if _future.running_loop() is None:
        future.result()
    return future


def config(name):
    """Return the future of a value that the host sets for the module: text, or None."""
    return Op("config.get", name.encode(), lambda found: found[1:].decode() if found else None)


def call(task, input=None, *, module=None, raw=False):
    """Call a task by its name, of another module or in another language.

    The input and the output are JSON, or with raw bytes as they are.
    """
    head = {"task": task} if module is None else {"task": task, "module": module}
    body = bytes(input or b"") if raw else b"" if input is None else _codec.dumps(input)
    return Op("task.call", _codec.dumps(head) + b"\n" + body, None if raw else _result)


def _result(data):
    return _codec.loads(data) if data else None


class Response:
    """The answer to an HTTP request. It has a body, or a stream that gives it."""

    def __init__(self, message):
        head, _, self.body = message.partition(b"\n")
        head = _codec.loads(head)
        self.status, self.headers = head["status"], head.get("headers") or {}
        self.stream = Stream(head["stream"]) if "stream" in head else None

    @property
    def ok(self):
        return 200 <= self.status < 300

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return _codec.loads(self.body)

    def __repr__(self):
        return f"<Response {self.status}>"


def fetch(url, *, method="GET", headers=None, body=b"", json=None, stream=False):
    """Make an HTTP request, and return the future of its Response.

    body is text, bytes, or a Stream: see pipe. With stream, or if body is one, the Response
    has a stream in place of its body.
    """
    headers = dict(headers or {})
    if json is not None:
        body = _codec.dumps(json)
        headers.setdefault("content-type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    head, name = {"method": method, "url": url, "headers": headers}, "http.open" if stream else "http.fetch"
    if isinstance(body, Stream):
        head["body"], body, name = body.handle, b"", "http.open"
    return Op(name, _codec.dumps(head) + b"\n" + body, Response)


def pipe():
    """Return the future of a Stream that gives what is written to it to an op that takes it."""
    return Op("stream.pipe", b"", lambda data: Stream(number(data)))
