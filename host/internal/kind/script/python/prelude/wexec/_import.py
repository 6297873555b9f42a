"""Makes the files of the prelude and of the script importable, and begins.

It is run by the bootstrap, which is the interpreter's program and gives it read and
codes: what reads files, and the prelude's code by the paths of its files.
"""

import marshal
import sys
from _frozen_importlib import ModuleSpec
from posix import pwrite

ABSENT, FOLDER, FILE = range(3)  # what open returns; a file adds its size


class Loader:
    """Loads a module from the script's files."""

    def __init__(self, path, own):
        self.path, self.own = path, own

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.get_code(), module.__dict__)

    def get_code(self, name=None):
        if self.own:
            return marshal.loads(codes[self.path])
        return compile(read(self.path), self.path, "exec", dont_inherit=True)

    def get_source(self, name=None):
        return read(self.path, self.own).decode()

    def get_data(self, path):
        data = read(path)
        if data is None:
            raise IsADirectoryError(21, "Is a directory", path)
        return data

    def get_filename(self, name=None):
        return self.path


class After:
    """Loads a module of Python's own, and then calls a function with it."""

    def __init__(self, loader, then):
        self.loader, self.then = loader, then

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then(module)


class Finder:
    """Finds modules among the files of the prelude and the script."""

    roots = []
    after = {}  # what is called after the import of modules of Python's own

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        own = name == "wexec" or name.startswith("wexec.")
        if not own and path is None:
            path = cls.roots
        stem = name.replace(".", "/") if own else name.rpartition(".")[2]
        for root in [""] if own else path:
            if not own and root.startswith("/"):
                continue
            base = root + "/" + stem if root else stem
            spec = cls.spec_at(name, base, own)
            if spec:
                return spec
        if name in cls.after:
            return cls.spec_after(name, cls.after.pop(name))

    @classmethod
    def spec_after(cls, name, then):
        for finder in sys.meta_path:
            spec = None if finder is cls else finder.find_spec(name)
            if spec:
                spec.loader = After(spec.loader, then)
                return spec

    @staticmethod
    def spec_at(name, base, own):
        for path, package in ((base + "/__init__.py", True), (base + ".py", False)):
            kind = pwrite(0, path.encode(), 1 << 32 | own)
            if kind >= FILE:
                spec = ModuleSpec(name, Loader(path, own), origin=path, is_package=package)
                spec.has_location = True
                if package:
                    spec.submodule_search_locations = [base]
                return spec
        if pwrite(0, base.encode(), 1 << 32 | own) == FOLDER:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [base]
            return spec



sys.meta_path.insert(0, Finder)
from wexec import _start  # noqa: E402
