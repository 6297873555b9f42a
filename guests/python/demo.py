"""The demo. Each of four functions says how it is best run. A main calls them like any
functions, and asks the futures for results.

    wexec run demo.py main -i '["futures", 1000000, "https://example.com"]' --allow-http example.com
"""

import asyncio
import math

from wexec import fetch, task


@task(cpu=True)
def compute_some(count: int) -> float:
    """Sums the square roots of as many numbers as the input says."""
    total = 0.0
    for i in range(count):
        total += math.sqrt(i)
    return total


@task
async def download_some(url: str) -> int:
    """Fetches a URL. The output is the length of what came."""
    return len((await fetch(url)).body)


@task
def download_some_more(url: str) -> int:
    """Does the same on a thread."""
    return len(fetch(url).result().body)


@task
async def wait_some(count: int) -> int:
    """Sleeps a millisecond as many times as the input says, one after the other."""
    for _ in range(count):
        await asyncio.sleep(0.001)
    return count


@task
async def main(how: str, count: int, url: str) -> int:
    """Runs eleven tasks, in "sequence" or as "futures"."""
    futures = []

    async def call(future):
        futures.append(future)
        if how == "sequence":
            await future

    for _ in range(3):
        await call(compute_some(count))
    for _ in range(2):
        await call(download_some(url))
        await call(download_some_more(url))
    for _ in range(4):
        await call(wait_some(1000))
    for future in futures:
        await future
    return len(futures)
