"""Tasks: functions that the host can call, and that call each other through it."""

import sys

from . import _codec, _host
from ._errors import InvalidInput
from ._future import Future, Op, spawn_or_run

IO, BLOCKING, CPU = "io", "blocking", "cpu"

_BYTES = (bytes, bytearray, memoryview)

# The tasks of the script, by name, in the order of the manifest. It is closed when the
# script is imported.
registry = {}
_closed = False


class Params:
    """The parameters of a function, by its signature."""

    def __init__(self, function):
        code = getattr(function, "__code__", None)
        self.hints = _codec.hints_of(function) if code else {}
        self.extra = self.more = None
        self.names, self.keywords, self.defaults = [], [], {}
        if code is None:  # written in C: any number, by position
            self.extra = "args"
        else:
            self._read(function, code)
        self.required = [n for n in self.names if n not in self.defaults]
        self.variadic = self.extra is not None or self.more is not None
        self.single = len(self.names) == 1 and not self.variadic
        self.raw = self.single and self.hints.get(self.names[0]) is bytes
        self.converters = {
            name: _codec.converter(hint) for name, hint in self.hints.items() if hint is not None
        }

        self.convert = self.converters.get(self.names[0]) if self.single else None

    def _read(self, function, code):
        names, count, only = code.co_varnames, code.co_argcount, code.co_kwonlyargcount
        self.names = list(names[:count + only])
        self.keywords = self.names[count:]
        defaults = function.__defaults__ or ()
        self.defaults = dict(zip(self.names[count - len(defaults):count], defaults))
        self.defaults.update(function.__kwdefaults__ or {})
        at = count + only
        if code.co_flags & 0x04:
            self.extra, at = names[at], at + 1
        if code.co_flags & 0x08:
            self.more = names[at]

    def bind(self, args, kwargs):
        """Return the arguments by name, and those that are extra."""
        positional = len(self.names) - len(self.keywords)
        if len(args) > positional and self.extra is None:
            raise TypeError(f"takes {positional} arguments, not {len(args)}")
        bound = dict(zip(self.names[:positional], args))
        for name, value in kwargs.items():
            if name in bound:
                raise TypeError(f"got two values for {name}")
            if name not in self.names and self.more is None:
                raise TypeError(f"takes no argument {name}")
            bound[name] = value
        missing = [n for n in self.required if n not in bound]
        if missing:
            raise TypeError(f"lacks the argument {missing[0]}")
        return bound, list(args[positional:])

    def encode(self, args, kwargs):
        """Return the input for a call of the task."""
        bound, extra = self.bind(args, kwargs)
        if self.raw:
            return bytes(bound[self.names[0]]) if bound else b""
        if not bound and not extra:
            return b""
        packed = {n: v if n in self.converters and not isinstance(v, Future) else _codec.tag(v)
                  for n, v in bound.items()}
        value = packed
        if self.single:
            value = packed[self.names[0]]
        elif extra and not self.more and len(extra) + len(bound) == len(args):
            value = [packed[n] for n in bound] + [_codec.tag(v) for v in extra]
        elif extra:
            packed["*"] = [_codec.tag(v) for v in extra]
        return b"\t" + _codec.dumps(value)

    def decode(self, data):
        """Return the arguments for the function that an input stands for."""
        if self.raw:
            return [data] if data or self.names[0] not in self.defaults else [], {}
        if self.single and data:
            value = _codec.loads(data)
            if data[:1] == b"\t":
                value = _codec.untag(value)
            return (value if self.convert is None else self.convert(value, ""),), {}
        if not data:
            if not self.required:
                return (), {}
            args, named = [], {}
        else:
            value = _codec.loads(data)
            if data[:1] == b"\t":
                value = _codec.untag(value)
            args, named = self._spread(value)
        return self._check(args, named)

    def _spread(self, value):
        if type(value) is list:
            return value, {}
        if type(value) is dict:
            return value.pop("*", []) if self.extra else [], value
        if value is None and not self.names:
            return [], {}
        raise InvalidInput("want an object with the arguments by name, or a list of them")

    def _check(self, args, named):
        positional = len(self.names) - len(self.keywords)
        if named and args:  # those that are extra follow all that have names
            args = [named.pop(n) if n in named else self.defaults[n] for n in self.names[:positional]] + args
        known = dict(zip(self.names, args)) | named
        for name in self.required:
            if name not in known:
                raise InvalidInput(f"the argument {name} is missing")
        if len(args) > positional and self.extra is None:
            raise InvalidInput(f"{len(args)} arguments, want at most {positional}")
        if self.more is None:
            for name in named:
                if name not in self.names:
                    raise InvalidInput(f"there is no argument {name}")
        args = [self._convert(n, v) for n, v in zip(self.names, args)] + args[positional:]
        return args, {n: self._convert(n, v) for n, v in named.items()}

    def _convert(self, name, value):
        convert = self.converters.get(name)
        return value if convert is None else convert(value, name)

    def encode_result(self, value, rich):
        """Return the output for a result. rich says that a task of the script gets it."""
        if value is None:
            return b""
        if isinstance(value, _BYTES) and (not rich or self.hints.get("return") is bytes):
            return bytes(value)
        if rich and "return" not in self.converters:
            return b"\t" + _codec.dumps(_codec.tag(value))
        return _codec.dumps(value)

    def decode_result(self, data):
        if self.hints.get("return") is bytes:
            return data
        if not data:
            return None
        value = _codec.loads(data)
        if data[:1] == b"\t":
            return _codec.untag(value)
        convert = self.converters.get("return")
        return value if convert is None else convert(value, "the result")


class Task:
    """A function that the host runs. A call returns a Future at once."""

    def __init__(self, function, mode, **limits):
        self.function, self.mode, self.limits = function, mode, limits
        self.params = Params(function)
        self.__wrapped__ = function
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        self.name = limits.pop("name", None) or self.__name__
        # Other instances know only what is at the top level of a module.
        self.known = self.__qualname__ == self.__name__ and self.__name__.isidentifier() and _register(self)

    def __call__(self, *args, **kwargs):
        if not self.known:
            return spawn_or_run(self.function, args, kwargs)
        try:
            self.params.bind(args, kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None
        found = []
        _codec.futures_in(args, found)
        _codec.futures_in(kwargs, found)
        waiting = [f for f in found if not f.done()]
        return self._later(waiting, args, kwargs) if waiting else self._start(args, kwargs)

    def _start(self, args, kwargs):
        head = b'{"task":"%s"}\n' % self.name.encode()
        return Op("task.call", head + self.params.encode(args, kwargs), self.params.decode_result)

    def _later(self, waiting, args, kwargs):
        """Start the call when the futures among its arguments are done."""
        out, left = Future(), len(waiting)

        def one(future):
            nonlocal left
            left -= 1
            if left == 0 and not out.done():
                try:
                    out._follow(self._start(args, kwargs))
                except BaseException as error:
                    out.set_exception(error)

        out._stop = lambda: [f.cancel() for f in waiting]
        for future in waiting:
            future.add_done_callback(one)
        return out

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self):
        return f"<task {self.name} ({self.mode})>"


def _register(task):
    if "__main__" in (task.__module__, task.name):
        return task.name != "__main__"  # a program's instance: the others know its tasks
    if _closed:
        return registry.get(task.name) is not None
    if task.name in registry:
        raise ValueError(f"two tasks have the name {task.name}: give one of them another, by @task(name=…)")
    registry[task.name] = task
    return True


def close():
    """Say that the script is imported: there will be no more tasks."""
    global _closed
    _closed = True


def task(function=None, /, *, cpu=False, cpu_bound=False, name=None, timeout=None, memory=None, fuel=None,
         uses=None):
    """Make a function a task.

    An async function is io, a plain one blocking, and with cpu=True cpu. timeout (seconds),
    memory (bytes) and fuel (about instructions) narrow the host's limits. uses lists the
    capabilities that the task uses, so that the host need not give it others.
    """
    limits = {"name": name, "timeout": timeout, "memory": memory, "fuel": fuel, "uses": uses}
    if function is None:
        return lambda f: task(f, cpu=cpu, cpu_bound=cpu_bound, **limits)
    if not callable(function):
        raise TypeError(f"@task takes a function, not {type(function).__name__}")
    code = getattr(function, "__code__", None)
    waits = code is not None and code.co_flags & 0x80
    if waits and (cpu or cpu_bound):
        raise TypeError(f"the task {function.__name__} is async, and so can't be cpu: "
                        "remove cpu=True, or make it a plain function")
    mode = IO if waits else CPU if cpu or cpu_bound else BLOCKING
    return Task(function, mode, **limits)


def manifest(more):
    """Return the manifest: the tasks that are registered, and more."""
    from . import _schema
    entries = []
    for t in registry.values():
        entry = {"name": t.name, "mode": t.mode}
        if t.__doc__:
            entry["doc"] = _dedent(t.__doc__)
        for field, value in (
            ("timeout_ms", t.limits["timeout"] and max(1, int(t.limits["timeout"] * 1000))),
            ("memory_bytes", t.limits["memory"]), ("fuel", t.limits["fuel"]), ("uses", t.limits["uses"]),
            ("input", _schema.of_input(t.params)), ("output", _schema.of_output(t.params)),
        ):
            if value is not None:
                entry[field] = value
        entries.append(entry)
    return _codec.dumps({"tasks": entries + more, "reseeds": True})


def _dedent(text):
    lines = text.strip("\n").rstrip().split("\n")
    margins = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(margins, default=0)
    return "\n".join([lines[0].strip()] + [line[margin:].rstrip() for line in lines[1:]])
