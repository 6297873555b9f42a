from wexec import task


@task
def greet(name: str = "world") -> str:
    """Greets someone."""
    return f"Hello, {name}!"


@task(cpu=True)
def primes(limit: int) -> int:
    """Counts the primes below a number."""
    count = 0
    for n in range(2, limit):
        if all(n % d for d in range(2, int(n**0.5) + 1)):
            count += 1
    return count


if __name__ == "__main__":  # the program, if no task is named
    print(greet("NAME").result())
    calls = [primes(n * 5_000) for n in range(1, 5)]  # all at once, on all cores
    print(*(call.result() for call in calls))
