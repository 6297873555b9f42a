"""The calls of an instance that holds many."""

import sys
from _struct import iter_unpack
from contextvars import copy_context

from . import _errors, _host
from ._emit import flush
from ._loop import ambient, set_running_loop as _set_running_loop

tasks = []  # of the script, in the order of the manifest
_calls = {}  # by handle


def turn(first):
    """Take the events, of which this is the first, and run what can run.

    Return whether there is more.
    """
    loop = ambient()
    _set_running_loop(loop)
    try:
        if first:
            _take(iter_unpack("<4I", first))
            _take(_host.events())
        again = loop.turn()
    finally:
        _set_running_loop(None)
    sys.stdout.flush()
    return again


def _take(new):
    for kind, handle, detail, length in new:
        if kind == _host.OP:
            future = _host.ops.pop(handle, None)
            if future is not None:
                future._ended(handle, detail, length)
        elif kind == _host.CALL:
            _begin(handle, detail, length)
        elif handle not in _calls:
            pass  # it has ended meanwhile
        elif kind == _host.ROOM:
            flush(_calls[handle])
        else:
            _calls[handle].main.cancel()


def _begin(handle, index, length):
    call = _calls[handle] = _host.Call(handle, tasks[index])
    context = copy_context()
    context.run(_host.current.set, call)
    call.main = ambient().create_task(_run(call, length), context=context)


async def _run(call, length):
    failure = None
    try:
        data = call.input(length)
        params = call.task.params
        args, named = params.decode(data)
        output = params.encode_result(await call.task.function(*args, **named), not params.raw and data[:1] == b"\t")
    except BaseException as error:
        failure = _errors.describe(error)
    others, call.others = call.others, None
    while others:
        for task in others:
            task.cancel()
        await _settled(others)
    while failure is None and call.unsent:
        await call.unsent[-1][2]
    del _calls[call.handle]
    sys.stdout.flush()
    if failure is None:
        call.output(output)
    else:
        call.fail(failure)


async def _settled(tasks):
    import asyncio
    await asyncio.wait(tasks)
