"""Runs the tasks that check themselves, which a wexec host runs in its own tests, too."""

import importlib.util
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "host/internal/kind/script/python/testdata/waits.py"


def _load():
    spec = importlib.util.spec_from_file_location("waits", SCRIPT)
    module = sys.modules["waits"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


waits = _load()


class Waits(unittest.TestCase):
    pass


def _test(name):
    return lambda self: getattr(waits, name)().result(timeout=60)


for _name in dir(waits):
    if _name.startswith("test_"):
        setattr(Waits, _name, _test(_name))

if __name__ == "__main__":
    unittest.main()
