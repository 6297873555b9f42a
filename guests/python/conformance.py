"""The conformance program in Python.

Every guest language has the same tasks, so that one suite can test them all. Inputs and
outputs are raw bytes, with numbers as decimal text.
"""

import os
import sys
from dataclasses import dataclass

import wexec
from wexec import (
    Error, call as call_by_name, emit, fetch as request, files as folder, kv as store, op, pipe, progress,
    sleep as nap, task,
)

# Bytes in, bytes out.


@task
async def echo(data: bytes) -> bytes:
    return data


@task
def echo_blocking(data: bytes) -> bytes:
    return data


@task(cpu=True)
def echo_cpu(data: bytes) -> bytes:
    return data


@task
def noop():
    pass


@task
async def noop_io(ignored: bytes = b""):
    pass


@task(cpu=True)
def noop_cpu():
    pass


@task(cpu=True, name="sum")
def total(data: bytes) -> int:
    return sum(data)


@task
def big(n: int) -> bytes:
    return bytes(i % 251 for i in range(n))


@dataclass
class Input:
    n: int


@task
def schema(data: Input) -> int:
    return data.n


count = 0


@task
def counter() -> int:
    global count
    count += 1
    return count


# Ways to end.


@task
def fail(why: bytes):
    raise Error("told to fail: " + why.decode(), code=7)


@task(name="panic")
async def panics(why: bytes):
    raise RuntimeError(why.decode())


def misuse():
    os.pwrite(0, b"", 0xFF << 32)  # the host has no such function


@task
def trap():
    misuse()


@task
async def trap_io():
    misuse()


@task
def exit3():
    os._exit(3)


@task
def grow():
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


@task
def forever():
    while True:
        pass


@task(cpu=True)
def forever_cpu():
    while True:
        pass


# Ops.


@task
async def sleep(ms: int) -> bytes:
    await nap(ms / 1000)
    return b"slept"


@task
def sleep_blocking(ms: int) -> bytes:
    nap(ms / 1000)
    return b"slept"


@task
async def hang():
    await nap(3600)


@task(timeout=0.05)
def slow():
    nap(3600)


@task(cpu=True)
def await_cpu():
    nap(3600)


@task
def leak_op():
    op("clock.sleep", (3600 * 10**9).to_bytes(8, "little"))


@task
async def nosuch() -> bytes:
    return await op("no.such")


@task
async def fetch(url: bytes) -> bytes:
    return (await request(url.decode())).body


@task
async def stream(url: bytes) -> bytes:
    up = await pipe()
    opening = request(url.decode(), method="POST", body=up)
    await up.write(b"one ")
    await up.write(b"two")
    await up.close()
    return b"".join([piece async for piece in (await opening).stream])


@task
async def call(what: bytes) -> bytes:
    name, _, data = what.partition(b"\n")
    return await call_by_name(name.decode(), data, raw=True)


@task
def call_blocking(what: bytes) -> bytes:
    name, _, data = what.partition(b"\n")
    return call_by_name(name.decode(), data, raw=True).result()


@task
async def fan(what: bytes) -> int:
    n, ms = map(int, what.split())
    return len(await wexec.gather(*[sleep(ms) for _ in range(n)]))


@task
def tree(depth: int) -> int:
    if depth == 0:
        return 1
    left, right = tree(depth - 1), tree(depth - 1)
    return left.result() + right.result()


# Output to the log and the standard streams.


@task
def log(line: bytes):
    wexec.log(line.decode())


@task(name="print")
def prints(line: bytes):
    print(line.decode())
    print("a line on stderr", file=sys.stderr)


# Chunks and progress.


@task
def count_out(n: int) -> bytes:
    for i in range(n):
        if i % 100 == 0:
            progress(i, n, 'counting "out"')
        emit(f"{i}\n")
    return b"end"


@task
async def count_out_io(n: int) -> bytes:
    for i in range(n):
        if i % 100 == 0:
            await progress(i, n, 'counting "out"')
        await emit(f"{i}\n")
    return b"end"


@task(cpu=True)
def count_out_cpu(n: int) -> bytes:
    return count_out.function(n)


# Keys and values, and files.


@task
async def kv(value: bytes) -> bytes:
    first = await store.swap("k", value, 0)
    again = await store.swap("k", "x", 0)
    await store.add("n", 42)
    found = "".join([f"{key}={value.decode()};" async for key, value in store.scan()])
    deleted = await store.delete("k", first)
    await store.delete("n")
    return f"{first != 0:d}{again != 0:d}{deleted:d} {found}".encode()


@task
async def files(data: bytes) -> bytes:
    path = "/data/f"
    await folder.write(path, data)
    stat = await folder.stat(path)
    names = "".join([name async for name, _ in folder.list("/data")])
    content = await folder.read(path)
    await folder.remove(path)
    return f"{4 if stat.kind == 'file' else 0} {stat.size} {names}={content.decode()}".encode()
