"""The start of the interpreter, and the function by which the host enters it."""

import sys
from _contextvars import copy_context
from _struct import pack, unpack
from posix import _exit, pread, pwrite

from . import _errors, _host, _task

_about = pread(0, 4096, _host.ABOUT)
_program, _path = _about[:1] == b"1", _about[1:].decode()
_finder = sys.meta_path[0]
_folder, _, _file = _path.rpartition("/")
_name = _file.removesuffix(".py")
_loader = type(_finder.find_spec("wexec").loader)(_path, 0)
_errors._main[0] = _name
_finder.roots[:] = [_folder, ""] if _folder else [""]
_tasks = []
_calls = None  # the module, if there are tasks of mode io


def _after_asyncio(_):
    from . import _loop  # noqa: F401, which makes asyncio use it


def _after_logging(logging):
    from . import _logging
    _logging.install(logging)


_finder.after["asyncio"] = _after_asyncio
if not _program:  # which logs to its standard error
    _finder.after["logging"] = _after_logging
_fresh = not _program


def _load():
    """Import the script, and return what to add to the manifest."""
    code = _loader.get_code()  # a SyntaxError is one for programs, too
    if not any(n.partition(".")[0] == "wexec" for n in code.co_names):
        return  # a program, and nothing else
    sys.stdin = _NoInput()
    try:
        __import__(_name)
    except _host.Unguarded:
        pass  # a program that calls its tasks right away: those before that are known
    finally:
        sys.stdin = sys.__stdin__
    if any(t.mode == _task.IO for t in _task.registry.values()):
        global _calls
        from . import _calls  # and with it asyncio
        _calls.tasks = _tasks


class _NoInput:
    def __getattr__(self, name):
        raise _host.Unguarded("the script reads its input while it is imported")


def _main():
    """Return what the manifest says of the program that the script is, too."""
    name = "__main__" if "main" in _task.registry else "main"
    return {"name": name, "mode": "blocking", "program": True, "doc": "The script as a program: python " + _file}


def begin():
    """Get ready for calls, shake hands and exit. The host then enters resume."""
    sys.stdout.reconfigure(line_buffering=True)
    sys.argv = [_path, *sys.argv[1:]]
    sys.path[:0] = [_folder or "."]
    manifest = b""
    try:
        if not _program:
            _load()
            _task.close()
            _tasks.extend(_task.registry.values())
            manifest = _task.manifest([_main()])
    except BaseException as error:
        pwrite(0, _errors.describe(error), _host.BROKEN)
        _exit(1)
    import gc
    if not _program:
        _practise()
    gc.collect()
    if not _program:
        _keep(gc)
    gc.freeze()
    sys.stdout.flush()
    sys.stderr.flush()
    words = map(id, (type(begin), resume, (), True, False))
    pwrite(0, b"".join(w.to_bytes(4, "little") for w in words) + manifest, _host.HELLO)
    _exit(0)


def _practise():
    """Call a task that does nothing, so that the interpreter has adapted to the way there.

    Otherwise it does that in each task, and writes to the pages of that code.
    """
    def nothing(n: int = 0) -> int:
        return n

    _tasks.append(_task.Task(nothing, _task.BLOCKING))
    event = pack("<4I", _host.CALL, 0, len(_tasks) - 1, 0)
    params = _tasks[-1].params
    for _ in range(64):
        copy_context().run(_take, event)  # which sets the call that runs
        params.decode(b"1")
        params.encode_result("x", False)
    _tasks.pop()


def _keep(gc):
    """Make what tasks use immortal: see keep in handshake.go."""
    modules = {m for n, m in sys.modules.items() if n.partition(".")[0] == "wexec" or n == _name}
    seen, new = {}, list(modules)
    while new and len(seen) < 50_000:
        found = []
        for thing in gc.get_referents(*new):
            if id(thing) not in seen and (type(thing) is not type(sys) or thing in modules):
                seen[id(thing)] = None
                found.append(thing)
        new = found
    pwrite(0, b"".join([i.to_bytes(4, "little") for i in seen]), _host.KEEP)


def resume():
    """Take the events, and run what can run. Return whether there is more to run."""
    global _fresh
    if _fresh:
        _fresh = False
        _reseed()
    return _take(pread(0, 16, _host.NEXT))


def _take(first):
    if first and first[0] == _host.CALL:
        _, handle, index, length = unpack("<4I", first)
        if index >= len(_tasks):
            _run_main(_host.Call(handle, None))
            return False
        task = _tasks[index]
        if task.mode != _task.IO:
            _run(_host.Call(handle, task), length)
            return False
    return _calls.turn(first)


def _reseed():
    """Draw random numbers anew: those of the snapshot would be the same for every task."""
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "uuid" in modules:
        modules["uuid"]._node = modules["uuid"]._last_timestamp = None
    if "tempfile" in modules:
        modules["tempfile"]._name_sequence = None


def _run(call, length):
    """Run a call that has the instance for itself."""
    _host.current.set(call)
    params = call.task.params
    try:
        data = call.input(length)
        args, named = params.decode(data)
        result = call.task.function(*args, **named)
        output = params.encode_result(result, not params.raw and data[:1] == b"\t")
        sys.stdout.flush()
    except BaseException as error:
        sys.stdout.flush()
        call.fail(_errors.describe(error))
    else:
        call.output(output)


def _run_main(call):
    """Run the script as a program."""
    import types
    main = types.ModuleType("__main__")
    main.__file__, main.__loader__ = _path, _loader
    sys.modules["__main__"] = main
    _host.current.set(call)
    failure = None
    try:
        exec(_loader.get_code(), main.__dict__)
    except SystemExit as error:
        if error.code not in (None, 0):
            code = error.code if type(error.code) is int else 1
            failure = _errors.Error(f"exit status {code}" if code is error.code else str(error.code), code)
    except BaseException as error:
        failure = error
    if "atexit" in sys.modules:
        sys.modules["atexit"]._run_exitfuncs()
    sys.stdout.flush()
    if failure is None:
        call.output(b"")
    else:
        call.fail(_errors.describe(failure))


begin()
