# wexec run test_task.py

import wexec  # so that the tasks of task.py are tasks of this file too

from task import greet, primes

if __name__ == "__main__":
    assert greet("you").result() == "Hello, you!"
    assert primes(100).result() == 25
    print("ok")
