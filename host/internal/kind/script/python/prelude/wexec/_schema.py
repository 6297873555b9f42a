"""JSON schemas from annotations."""

from ._codec import _plain, _typing, hints_of, is_union, origin_of, required_keys, required_of
from ._future import Future

_SIMPLE = {
    str: {"type": "string"}, int: {"type": "integer"}, float: {"type": "number"}, bool: {"type": "boolean"},
    type(None): {"type": "null"}, None: {"type": "null"}, list: {"type": "array"}, tuple: {"type": "array"},
    set: {"type": "array"}, frozenset: {"type": "array"}, dict: {"type": "object"}, bytes: {"type": "string"},
}


class Schemas:
    """The schema of one text: parts that are used more than once, or in themselves, have names."""

    def __init__(self):
        self.parts = {}

    def whole(self, schema):
        return {**schema, "$defs": self.parts} if self.parts else schema

    def of(self, annotation):
        """Return the schema for an annotation. {} is any value."""
        try:
            if annotation in _SIMPLE:
                return _SIMPLE[annotation]
        except TypeError:  # it can't be hashed
            return {}
        origin, args = origin_of(annotation)
        if hasattr(annotation, "__metadata__") or annotation is Future:
            return self.of(origin) if annotation is not Future else {}
        if hasattr(annotation, "__supertype__"):
            return self.of(annotation.__supertype__)
        if is_union(annotation):
            return {"anyOf": [self.of(a) for a in args]}
        if origin is not None and origin is _typing("Literal"):
            return {"enum": list(args)}
        if origin is Future:
            return self.of(args[0])
        base = origin or annotation
        if not isinstance(base, type):
            return {}
        if hasattr(base, "__dataclass_fields__"):
            hints = hints_of(base)
            fields = {n: hints.get(n) for n, f in base.__dataclass_fields__.items() if f.init}
            return self.part(base, fields, required_of(base))
        if hasattr(base, "__members__"):
            return {"enum": [m.value for m in base]}
        if hasattr(base, "__total__") and hasattr(base, "__required_keys__"):
            fields = {n: _plain(h) for n, h in hints_of(base).items()}
            return self.part(base, fields, required_keys(base))
        if base is tuple and args and args[-1] is not Ellipsis:
            return {"type": "array", "prefixItems": [self.of(a) for a in args],
                    "minItems": len(args), "maxItems": len(args)}
        if base in (list, tuple, set, frozenset) and args:
            return {"type": "array", "items": self.of(args[0])}
        if base is dict and len(args) == 2:
            return {"type": "object", "additionalProperties": self.of(args[1])}
        return _SIMPLE.get(base, {})

    def part(self, kind, fields, required):
        name = kind.__name__
        if name not in self.parts:
            self.parts[name] = {}  # for fields of the same type
            self.parts[name] = self.object(fields, required)
        return {"$ref": "#/$defs/" + name}

    def object(self, fields, required):
        schema = {"type": "object", "properties": {n: self.of(h) if h is not None else {} for n, h in fields.items()},
                  "additionalProperties": False}
        if required:
            schema["required"] = list(required)
        return schema


def of_input(params):
    """Return the schema of a task's input, or None if it takes any bytes."""
    if params.raw or params.variadic or params.single and params.hints.get(params.names[0]) is None:
        return None
    schemas = Schemas()
    if params.single:
        return schemas.whole(schemas.of(params.hints[params.names[0]]))
    if not params.names:
        return None
    by_name = schemas.object({n: params.hints.get(n) for n in params.names}, params.required)
    if any(n in params.required for n in params.keywords):
        return schemas.whole(by_name)
    positional = [n for n in params.names if n not in params.keywords]
    by_position = {
        "type": "array", "minItems": len(params.required), "maxItems": len(positional),
        "prefixItems": [schemas.of(params.hints[n]) if params.hints.get(n) is not None else {} for n in positional],
    }
    return schemas.whole({"anyOf": [by_name, by_position]})


def of_output(params):
    """Return the schema of a task's output, or None if it may be any bytes."""
    hint = params.hints.get("return")
    if hint in (None, type(None), bytes):
        return None
    schemas = Schemas()
    schema = schemas.of(hint)
    return schemas.whole(schema) if schema else None
