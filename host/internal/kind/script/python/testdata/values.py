"""Tasks that take and return all kinds of values. Each test_ task asserts."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Annotated, Literal, NewType, NotRequired, Optional, TypedDict, Union

from wexec import Future, InvalidInput, call, task


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: float = 0.5


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)


class Options(TypedDict):
    name: str
    size: NotRequired[int]


Id = NewType("Id", int)


@task
def typed(
    n: int, s: str = "", *, f: float = 1.0, point: Optional[Point] = None, tree: Tree | None = None,
    options: Options | None = None, colour: Colour = Colour.RED, kind: Literal["a", "b"] = "a",
    pair: tuple[int, str] | None = None, many: dict[int, list[Point]] | None = None,
    either: Union[int, str] = 0, ident: Id = 0, note: Annotated[str, "x"] = "", some: set[int] = frozenset(),
) -> list[str]:
    return [repr(v) for v in (n, s, f, point, tree, options, colour, kind, pair, many, either, ident, note, some)]


@task
def same(value):
    return value


@task
def same_data(data: bytes) -> bytes:
    return data


@task
def same_point(p: Point) -> Point:
    return Point(p.x + 1, p.y)


@task
def variadic(first, *rest, **named):
    return [first, list(rest), named]


@task
def defaults(a, b=2, *, c=3):
    return [a, b, c]


@task
def of_future(f):
    return [f.done(), f.result()]


@task
def test_rich_values():
    for value in (
        None, True, 1, 1.5, "é\0", [], {}, [1, [2]], {"a": 1}, (1, 2), {1: 2, (3, 4): "x"}, {5, 6}, b"\xff\0",
        frozenset({1}), {"": "tuple", "v": 3}, [(1, {"x": (2,)})], 10**30,
    ):
        got = same(value).result()
        assert got == value and type(got) is type(value), (value, got)


@task
def test_annotated_values():
    got = typed(
        1, "s", f=2, point=Point(1), tree=Tree(1, [Tree(2)]), options={"name": "n"}, colour=Colour.BLUE, kind="b",
        pair=(1, "x"), many={7: [Point(8, 9.0)]}, either="e", ident=4, note="n", some={1},
    ).result()
    assert got == [
        "1", "'s'", "2.0", "Point(x=1, y=0.5)", "Tree(value=1, children=[Tree(value=2, children=[])])",
        "{'name': 'n'}", "<Colour.BLUE: 'blue'>", "'b'", "(1, 'x')", "{7: [Point(x=8, y=9.0)]}", "'e'", "4", "'n'",
        "{1}",
    ], got
    assert same_point(Point(1, 2)).result() == Point(2, 2.0)


@task
def test_bytes():
    for data in (b"", b"\0\t\xff", b"\t1"):
        assert same_data(data).result() == data


@task
def test_signatures():
    assert defaults(1).result() == [1, 2, 3]
    assert defaults(1, 5, c=6).result() == [1, 5, 6]
    assert defaults(b=5, a=0).result() == [0, 5, 3]
    assert variadic(1).result() == [1, [], {}]
    assert variadic(1, 2, 3).result() == [1, [2, 3], {}]
    assert variadic(1, 2, x=3).result() == [1, [2], {"x": 3}]
    for args, kwargs in (((), {}), ((1, 2, 3), {}), ((1,), {"a": 2}), ((1,), {"d": 2})):
        try:
            defaults(*args, **kwargs)
        except TypeError as e:
            assert "defaults()" in str(e)
        else:
            raise AssertionError(f"no error for {args} {kwargs}")


@task
def test_call_by_name():
    assert call("defaults", {"a": 1, "c": 9}).result() == [1, 2, 9]
    assert call("defaults", [4, 5]).result() == [4, 5, 3]
    assert call("same", {"value": 1}).result() == {"value": 1}
    assert call("same_data", b"\xff", raw=True).result() == b"\xff"
    for bad in ({"a": 1, "z": 2}, {}, [1, 2, 3], 5):
        try:
            call("defaults", bad).result()
        except InvalidInput:
            pass
        else:
            raise AssertionError(f"no error for {bad}")


@task
def test_wrong_types():
    for bad in ({"n": "1"}, {"n": True}, {"n": 1, "s": 2}, {"n": 1, "point": {"x": "1"}}, {"n": 1, "point": {"z": 1}},
                {"n": 1, "options": {}}, {"n": 1, "kind": "c"}, {"n": 1, "colour": "green"}, {"n": 1, "pair": [1]},
                {"n": 1, "many": {"x": []}}, {"n": 1, "either": None}, {"n": 1, "tree": {"value": 1, "children": [1]}}):
        try:
            call("typed", bad).result()
        except InvalidInput:
            pass
        else:
            raise AssertionError(f"no error for {bad}")


@task
def test_futures_as_arguments():
    assert of_future(same(3)).result() == [True, 3]
    assert of_future(Future.from_value((1, 2))).result() == [True, (1, 2)]
    assert same([same(1), {"k": same(2)}]).result()[1]["k"].result() == 2
    assert defaults(same(1)).result()[0].result() == 1


@task
def test_no_json():
    for value in (object(), float("nan"), lambda: 1):
        try:
            same(value)
        except (TypeError, ValueError):
            pass
        else:
            raise AssertionError(f"no error for {value}")
