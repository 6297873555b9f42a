"""What a task emits before its end: chunks of its output, and progress."""

from . import _codec, _future, _host

_MOST = 64 << 10
_CHUNK, _PROGRESS = range(2)


def emit(chunk):
    """Send a part of the output: text or bytes. Return the future of its being accepted.

    In an async function, await it, so that a slow reader slows the task down. Elsewhere it
    has waited when it returns.
    """
    return _send(_CHUNK, chunk.encode() if isinstance(chunk, str) else bytes(chunk))


def progress(done=None, total=None, message=None):
    """Say how far the task is, in a unit of its own."""
    told = {"done": done, "total": total, "message": message}
    return _send(_PROGRESS, _codec.dumps({k: v for k, v in told.items() if v is not None})[:_MOST])


def _send(kind, data):
    call = _host.current.get(None)
    if call is None:
        raise _host.Unguarded("emit is called while the script is imported")
    future = _future.Future()
    if call.unsent is None:
        call.unsent = []
    call.unsent.append((kind, memoryview(data), future))
    if len(call.unsent) == 1:
        flush(call)
    return future


def flush(call):
    """Send what there is room for."""
    while call.unsent:
        kind, data, future = call.unsent[0]
        while data:
            if not _host.emit(call, kind, data[:_MOST]):
                call.unsent[0] = kind, data, future
                return
            data = data[_MOST:]
        call.unsent.pop(0)
        loop = _future.running_loop()
        if loop is not None and loop.turn_is_over():  # the task that awaits it gives way to others
            loop.call_soon(future.set_result, None)
        else:
            future.set_result(None)
