"""Values as JSON: inputs and outputs of tasks.

JSON has no tuples, sets, bytes or futures, and only strings as keys. Where a function
says what it takes and returns, its annotations restore those. Between tasks of the same
script that do not say, a value that JSON lacks is an object with the key "", and the
text begins with a tab, so that other callers never meet it.
"""

import _json
import sys

from ._errors import InvalidInput
from ._future import Future

_RICH = b"\t"
_SPACE = " \t\n\r"


class _Context:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int

    @staticmethod
    def parse_constant(word):
        raise InvalidInput(f"{word} is not JSON")


_scan = _json.make_scanner(_Context)


def loads(text):
    """Return the value of a text in JSON."""
    try:
        string = text.decode()
        value, end = _scan(string, 0)
        if end == len(string):
            return value
    except StopIteration:
        pass  # there is space before it
    except ValueError as error:
        raise InvalidInput(f"it is not JSON: {error}") from None
    stripped = string.lstrip(_SPACE)
    try:
        value, end = _scan(stripped, 0)
    except StopIteration as error:
        raise InvalidInput(f"it is not JSON at character {error.value}") from None
    except ValueError as error:
        raise InvalidInput(f"it is not JSON: {error}") from None
    if stripped[end:].strip(_SPACE):
        raise InvalidInput(f"it is not JSON: there is more after character {end}")
    return value


def _default(value):
    """Return a value that JSON has for one that it lacks."""
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None:
        return {name: getattr(value, name) for name in fields}
    if isinstance(value, (set, frozenset)):
        return list(value)
    if hasattr(type(value), "__members__"):
        return value.value
    if isinstance(value, Future):
        return value.result()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_encode = _json.make_encoder(None, _default, _json.encode_basestring, None, ":", ",", False, False, False)


def dumps(value):
    """Return a value as JSON. It must not contain itself."""
    if type(value) is int:
        return b"%d" % value
    return "".join(_encode(value, 0)).encode("utf-8", "surrogatepass")


def tag(value):
    """Return a value that JSON has, with tags in place of those that it lacks."""
    kind = type(value)
    if kind in (str, int, float, bool) or value is None:
        return value
    if kind is list:
        return [tag(v) for v in value]
    if kind is dict and "" not in value and all(type(k) is str for k in value):
        return {k: tag(v) for k, v in value.items()}
    if kind is dict:
        return {"": "dict", "v": [[tag(k), tag(v)] for k, v in value.items()]}
    if kind in (tuple, set, frozenset):
        return {"": kind.__name__, "v": [tag(v) for v in value]}
    if kind in (bytes, bytearray):
        return {"": kind.__name__, "v": value.decode("latin-1")}
    if isinstance(value, Future):
        return {"": "future", "v": tag(value.result())}
    return tag(_default(value))


_makers = {
    "dict": lambda v: {untag(k): untag(w) for k, w in v},
    "tuple": lambda v: tuple(map(untag, v)),
    "set": lambda v: set(map(untag, v)),
    "frozenset": lambda v: frozenset(map(untag, v)),
    "bytes": lambda v: v.encode("latin-1"),
    "bytearray": lambda v: bytearray(v.encode("latin-1")),
    "future": lambda v: Future.from_value(untag(v)),
}


def untag(value):
    """Return the value of which tag returned this."""
    if type(value) is list:
        return [untag(v) for v in value]
    if type(value) is not dict:
        return value
    if "" not in value:
        return {k: untag(v) for k, v in value.items()}
    try:
        return _makers[value[""]](value["v"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput("a value has a tag that no task in Python has given it") from None


def futures_in(value, found):
    """Add the futures in a value to the list found."""
    kind = type(value)
    if kind in (list, tuple, set):
        for v in value:
            futures_in(v, found)
    elif kind is dict:
        for v in value.values():
            futures_in(v, found)
    elif isinstance(value, Future):
        found.append(value)


# Annotations. A converter takes a value that came from JSON, and where it is, for
# errors; it returns the value that the annotation describes. None converts nothing.

_converters = {}


def converter(annotation):
    """Return the converter for an annotation, or None."""
    try:
        if annotation not in _converters:
            # For types that contain themselves.
            _converters[annotation] = lambda value, at: _converters[annotation](value, at)
            _converters[annotation] = _make(annotation)
        return _converters[annotation]
    except TypeError:  # it can't be hashed
        return _make(annotation)


def _bad(at, want, value):
    shown = "null" if value is None else type(value).__name__
    raise InvalidInput(f"{at or 'the input'}: want {want}, not {shown}")


def _simple(kind, *also):
    def convert(value, at):
        if type(value) is kind:
            return value
        if type(value) in also:
            return kind(value)
        _bad(at, kind.__name__, value)
    return convert


_SIMPLE = {
    str: _simple(str), int: _simple(int), bool: _simple(bool), float: _simple(float, int),
    bytes: lambda value, at: value.encode("latin-1") if type(value) is str else _bad(at, "bytes", value),
}


def _typing(name):
    module = sys.modules.get("typing")
    return getattr(module, name, None) if module else None


def origin_of(annotation):
    """Return the generic type of an annotation like list[int], and its arguments."""
    return getattr(annotation, "__origin__", None), getattr(annotation, "__args__", ())


def _make(annotation):
    if isinstance(annotation, str) or hasattr(annotation, "__forward_arg__"):
        return None  # inside of another, where it means nothing to Python
    if annotation is None or annotation is type(None):
        return lambda value, at: value if value is None else _bad(at, "null", value)
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if annotation is Future:
        return lambda value, at: value if isinstance(value, Future) else Future.from_value(value)
    origin, args = origin_of(annotation)
    if hasattr(annotation, "__metadata__"):  # Annotated
        return converter(origin)
    if hasattr(annotation, "__supertype__"):  # NewType
        return converter(annotation.__supertype__)
    if is_union(annotation):
        return _union(args)
    if origin is not None and origin is _typing("Literal"):
        return lambda value, at: value if value in args else _bad(at, f"one of {list(args)}", value)
    if origin is Future:
        inner = converter(args[0])
        return lambda value, at: Future.from_value(inner(value, at) if inner else value)
    base = origin or annotation
    if not isinstance(base, type):
        return None
    if hasattr(base, "__dataclass_fields__"):
        return _dataclass(base)
    if hasattr(base, "__members__"):
        return lambda value, at: _member(base, value, at)
    if hasattr(base, "__total__") and hasattr(base, "__required_keys__"):
        return _typed_dict(base)
    if base is tuple and args and args[-1] is not Ellipsis:
        return _fixed(args)
    if base in (list, tuple, set, frozenset):
        return _many(base, args[0] if args else None)
    if base is dict:
        return _dict(args)
    return None


def is_union(annotation):
    return type(annotation).__name__ in ("UnionType", "_UnionGenericAlias")


def _union(args):
    choices = [converter(a) for a in args]

    def convert(value, at):
        for choice in choices:
            try:
                return value if choice is None else choice(value, at)
            except InvalidInput:
                pass
        _bad(at, " or ".join(getattr(a, "__name__", str(a)) for a in args), value)
    return convert


def _member(enum, value, at):
    try:
        return enum(value)
    except ValueError:
        _bad(at, f"one of {[m.value for m in enum]}", value)


def _many(base, of):
    inner = converter(of) if of is not None else None

    def convert(value, at):
        if base is not list and isinstance(value, base):  # restored from a tag
            return value
        if type(value) is not list:
            _bad(at, "a list", value)
        if inner is not None:
            value = [inner(v, f"{at}[{i}]") for i, v in enumerate(value)]
        return value if base is list else base(value)
    return convert


def _fixed(args):
    inner = [converter(a) for a in args]

    def convert(value, at):
        if type(value) not in (list, tuple) or len(value) != len(inner):
            _bad(at, f"a list of {len(inner)}", value)
        return tuple(c(v, f"{at}[{i}]") if c else v for i, (c, v) in enumerate(zip(inner, value)))
    return convert


def _dict(args):
    key, inner = (args[0], converter(args[1])) if len(args) == 2 else (None, None)

    def convert(value, at):
        if type(value) is not dict:
            _bad(at, "an object", value)
        if key in (int, float):
            try:
                value = {key(k): v for k, v in value.items()}
            except ValueError:
                raise InvalidInput(f"{at or 'the input'}: a key is no {key.__name__}") from None
        if inner is not None:
            value = {k: inner(v, f"{at}.{k}" if at else str(k)) for k, v in value.items()}
        return value
    return convert


def hints_of(thing):
    """Return the annotations of a class or function, with those that are text evaluated."""
    if isinstance(thing, type):
        hints = {}
        for kind in reversed(thing.__mro__):
            space = vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else {}
            hints |= _evaluated(kind.__dict__.get("__annotations__"), space)
        return hints
    return _evaluated(thing.__annotations__, thing.__globals__)


def _evaluated(annotations, space):
    hints = {}
    for name, hint in (annotations or {}).items():
        hint = getattr(hint, "__forward_arg__", hint)
        if type(hint) is str:
            try:
                hint = eval(hint, space)
            except Exception:  # it is only for type checkers
                hint = None
        hints[name] = hint
    return hints


def _fill(value, at, fields, required):
    if type(value) is not dict:
        _bad(at, "an object", value)
    for name in required:
        if name not in value:
            raise InvalidInput(f"{at or 'the input'}: {name} is missing")
    for name in value:
        if name not in fields:
            raise InvalidInput(f"{at or 'the input'}: there is no {name}")
    return {
        name: fields[name](v, f"{at}.{name}" if at else name) if fields[name] else v for name, v in value.items()
    }


def required_of(kind):
    """Return the fields of a dataclass that have no default."""
    return [
        name for name, field in kind.__dataclass_fields__.items()
        if field.init and type(field.default).__name__ == type(field.default_factory).__name__ == "_MISSING_TYPE"
    ]


def _dataclass(kind):
    required = required_of(kind)
    hints = hints_of(kind)
    fields = {name: converter(hints.get(name)) if hints.get(name) is not None else None
              for name, field in kind.__dataclass_fields__.items() if field.init}

    def convert(value, at):
        return value if isinstance(value, kind) else kind(**_fill(value, at, fields, required))
    return convert


def _typed_dict(kind):
    fields = {name: converter(_plain(hint)) for name, hint in hints_of(kind).items()}
    required = required_keys(kind)
    return lambda value, at: _fill(value, at, fields, required)


def required_keys(kind):
    """Return the required keys of a TypedDict, also if its annotations are text."""
    hints, optional = hints_of(kind), _typing("NotRequired")
    return sorted(n for n in kind.__required_keys__ if origin_of(hints[n])[0] is not optional)


def _plain(hint):
    """Return the type inside of Required or NotRequired."""
    origin, args = origin_of(hint)
    return args[0] if origin is not None and origin in (_typing("Required"), _typing("NotRequired")) else hint
