"""Tasks that wait in all the ways of asyncio and of futures. Each test_ task asserts."""

import asyncio
import time

from wexec import CancelledError, Future, as_completed, gather, op, sleep, task


@task(cpu=True)
def square(n: int) -> int:
    return n * n


@task
def slow_square(n, seconds=0.01):
    time.sleep(seconds)
    return n * n


@task
async def later(value, seconds=0.01):
    await asyncio.sleep(seconds)
    return value


@task
async def fails(text):
    raise ValueError(text)


@task
def forever():
    time.sleep(3)  # longer than anyone waits for it


# In an async function.


@task
async def test_sleep_together():
    start = time.monotonic()
    await asyncio.gather(*[asyncio.sleep(0.05) for _ in range(100)])
    assert 0.045 < time.monotonic() - start < 2


@task
async def test_await_calls():
    assert await square(3) == 9
    assert await gather(square(1), slow_square(2), later(3)) == [1, 4, 3]
    assert await asyncio.gather(square(1), later("x")) == [1, "x"]
    a, b = square(4), later(5)
    assert (await a, await b, await a) == (16, 5, 16)


@task
async def test_result_must_be_done():
    f = later(1)
    try:
        f.result()
        raise AssertionError("result() did not raise")
    except asyncio.InvalidStateError:
        pass
    await f
    assert f.result() == 1 and f.done() and f.exception() is None


@task
async def test_errors():
    try:
        await fails("bad")
        raise AssertionError("no error")
    except ValueError as e:
        assert str(e) == "bad", repr(e)
    results = await gather(later(1), fails("x"), return_exceptions=True)
    assert results[0] == 1 and isinstance(results[1], ValueError)


@task
async def test_wait_for():
    try:
        await asyncio.wait_for(asyncio.sleep(100), 0.01)
        raise AssertionError("no timeout")
    except TimeoutError:
        pass
    f = later(1, 100)
    try:
        await asyncio.wait_for(f, 0.01)
        raise AssertionError("no timeout")
    except TimeoutError:
        assert f.cancelled()
    try:
        async with asyncio.timeout(0.01):
            await forever()
        raise AssertionError("no timeout")
    except TimeoutError:
        pass
    assert await asyncio.wait_for(later(2), 100) == 2


@task
async def test_cancel():
    f = forever()
    f.cancel()
    assert f.cancelled() and f.done()
    try:
        await f
        raise AssertionError("no error")
    except CancelledError:
        pass
    t = asyncio.create_task(asyncio.sleep(100))
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
        raise AssertionError("no error")
    except asyncio.CancelledError:
        pass


@task
async def test_queue_and_lock():
    queue, lock, seen = asyncio.Queue(2), asyncio.Lock(), []

    async def produce():
        for i in range(10):
            await queue.put(i)
        await queue.put(None)

    async def consume():
        while (i := await queue.get()) is not None:
            async with lock:
                await asyncio.sleep(0)
                seen.append(i)

    await asyncio.gather(produce(), consume())
    assert seen == list(range(10))


@task
async def test_task_group_and_events():
    event, seen = asyncio.Event(), []

    async def wait(n):
        await event.wait()
        seen.append(n)

    async with asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(wait(n))
        await asyncio.sleep(0.001)
        event.set()
    assert sorted(seen) == [0, 1, 2]


@task
async def test_as_completed():
    order = []
    async for f in as_completed([later("slow", 0.2), later("fast", 0.01)]):
        order.append(f.result())
    assert order == ["fast", "slow"], order
    assert sorted([await f for f in asyncio.as_completed([later(1), later(2)])]) == [1, 2]


@task
async def test_then():
    assert await later(20).then(lambda f: f.result() + 1) == 21
    assert await later(20).then(lambda f: square(f.result())) == 400

    async def more(f):
        await asyncio.sleep(0.001)
        return f.result() + 2

    assert await later(20).then(more) == 22
    try:
        await fails("first").then(lambda f: 1)
        raise AssertionError("no error")
    except ValueError as e:
        assert str(e) == "first"


@task
async def test_futures():
    assert await Future.from_value(7) == 7
    f = Future()
    asyncio.get_running_loop().call_later(0.001, f.set_result, 8)
    assert await f == 8
    g = Future()
    asyncio.get_running_loop().call_soon(g.set_exception, KeyError("k"))
    try:
        await g
        raise AssertionError("no error")
    except KeyError:
        pass


@task
async def test_generators():
    async def numbers():
        for i in range(3):
            await asyncio.sleep(0)
            yield i

    assert [i async for i in numbers()] == [0, 1, 2]


@task
async def test_left_behind():
    """What a task leaves behind ends with it."""
    asyncio.create_task(asyncio.sleep(1000))
    later(1, 1000)
    forever()


@task
async def test_op_errors():
    try:
        await op("no.such")
        raise AssertionError("no error")
    except PermissionError as e:
        assert e.status == "denied" and "no.such" in str(e), repr(e)


@task
async def test_local_tasks():
    @task
    async def inner(n):
        await asyncio.sleep(0.001)
        return n + 1

    @task
    def plain(n):
        return n + 2

    assert await inner(1) == 2 and await plain(1) == 3


# In a plain function.


@task
def test_blocking_calls():
    futures = [square(n) for n in range(5)] + [later(n) for n in range(5)]
    assert [f.result() for f in futures] == [0, 1, 4, 9, 16, 0, 1, 2, 3, 4]
    sleep(0.001)
    assert gather(square(2), later("x")).result() == [4, "x"]


@task
def test_blocking_timeout():
    f = forever()
    try:
        f.result(timeout=0.01)
        raise AssertionError("no timeout")
    except TimeoutError:
        f.cancel()


@task
def test_blocking_errors():
    for _ in range(2):
        try:
            fails("bad").result()
            raise AssertionError("no error")
        except ValueError as e:
            assert str(e) == "bad"
    assert isinstance(fails("x").exception(), ValueError)


@task
def test_blocking_as_completed():
    order = [f.result() for f in as_completed([later("slow", 0.2), later("fast", 0.01)])]
    assert order == ["fast", "slow"], order


@task
def test_blocking_then():
    assert later(20).then(lambda f: f.result() + 1).result() == 21
    assert square(2).then(lambda f: square(f.result())).result() == 16


@task
def test_asyncio_run():
    async def main():
        await asyncio.sleep(0.001)
        return await gather(square(5), later(1))

    assert asyncio.run(main()) == [25, 1]
    assert asyncio.run(main()) == [25, 1]


@task
def test_blocking_local_coroutine():
    @task
    async def inner(n):
        await asyncio.sleep(0.001)
        return n + 1

    f, g = inner(1), inner(2)
    assert f.result() + g.result() == 5


@task
def test_never_done():
    try:
        Future().result(timeout=0.01)
        raise AssertionError("no error")
    except TimeoutError:
        pass


@task
def test_overlap():
    start = time.monotonic()
    futures = [slow_square(n, 0.1) for n in range(5)]
    assert [f.result() for f in futures] == [0, 1, 4, 9, 16]
    assert time.monotonic() - start < 5
