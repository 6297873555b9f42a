"""Keys and values, and files: here, of the process and of the machine."""

import os
import stat
import sys
import threading
import time

from ._future import Future

_ANY = None


def _bytes(text):
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)


def _future(call, *args):
    future = Future()
    try:
        future.set_result(call(*args))
    except Exception as error:
        future.set_exception(error)
    return future


class Stream:
    """A stream. Iterate over what it gives, by for or async for, or read it."""

    def __init__(self, file, into=None):
        self._file, self._into = file, into or file

    def read(self, most=64 << 10):
        """Return the future of at most as many bytes. At the end they are none."""
        return _future(self._file.read, most)

    def write(self, data):
        """Return the future of the end of the write."""
        return _future(lambda: self._into.write(bytes(data)) and None)

    def close(self):
        """Return the future of the end. What was written is complete then."""
        return _future(self._into.close)

    def __iter__(self):
        while data := self.read().result():
            yield data

    async def __aiter__(self):
        while data := await self.read():
            yield data


def pipe():
    """Return the future of a Stream that gives what is written to it."""
    out, into = os.pipe()
    return Future.from_value(Stream(open(out, "rb", buffering=0), open(into, "wb", buffering=0)))


class Entries:
    """Iterates by for, or async for in an async function."""

    def __init__(self, entries):
        self._entries = entries

    def __iter__(self):
        return iter(self._entries)

    async def __aiter__(self):
        for entry in self._entries:
            yield entry


class Entry:
    """A key, its value, and its version. It unpacks into the key and the value."""

    __slots__ = ("key", "value", "version", "_until")

    def __init__(self, key, value, version, until=0):
        self.key, self.value, self.version, self._until = key, value, version, until

    def __iter__(self):
        return iter((self.key, self.value))

    def __repr__(self):
        return f"<Entry {self.key!r}: {self.value!r}>"


_lock = threading.RLock()
_entries, _last = {}, 0


def _find(key):
    entry = _entries.get(_bytes(key))
    return entry if entry and (not entry._until or entry._until > time.monotonic()) else None


def _swap(key, value, version, ttl):
    global _last
    with _lock:
        entry = _find(key)
        if version is not _ANY and version != (entry.version if entry else 0):
            return 0
        _last += 1
        name = _bytes(key).decode("utf-8", "surrogateescape")
        _entries[_bytes(key)] = Entry(name, _bytes(value), _last, time.monotonic() + ttl if ttl else 0)
        return _last


def _delete(key, version):
    with _lock:
        entry = _find(key)
        found = entry is not None and version in (_ANY, entry.version)
        if found:
            del _entries[_bytes(key)]
        return found


def _add(key, n):
    with _lock:
        entry = _find(key)
        total = int(entry.value if entry else 0) + n
        _swap(key, str(total), _ANY, 0)
        return total


class kv:
    """Keys and values: text or bytes. All return futures. They last as long as the process."""

    @staticmethod
    def get(key):
        """The value of a key in bytes, or None."""
        return _future(lambda: (entry := _find(key)) and entry.value)

    @staticmethod
    def entry(key):
        """The Entry of a key, or None."""
        return _future(_find, key)

    @staticmethod
    def put(key, value, ttl=0):
        """Writes a value, which is forgotten after ttl seconds if that is not 0. Its version."""
        return _future(_swap, key, value, _ANY, ttl)

    @staticmethod
    def swap(key, value, version, ttl=0):
        """Writes a value if the key has that version; 0 is that of no key. The new version, or 0."""
        return _future(_swap, key, value, version, ttl)

    @staticmethod
    def delete(key, version=_ANY):
        """Deletes a key, if it has that version. Whether it did."""
        return _future(_delete, key, version)

    @staticmethod
    def add(key, n=1):
        """Adds to a number. The sum."""
        return _future(_add, key, n)

    @staticmethod
    def scan(prefix="", after=""):
        """Iterates over the entries whose keys begin with prefix, by for or async for."""
        with _lock:
            keys = sorted(k for k in _entries if k.startswith(_bytes(prefix)) and k > _bytes(after))
            return Entries([entry for k in keys if (entry := _find(k))])


class Stat:
    """What is at a path: kind, which is None, file, directory, link or other; size; mtime."""

    def __init__(self, path):
        self.kind, self.size, self.mtime = None, 0, 0
        if os.path.exists(path):
            found = os.stat(path)
            regular = "file" if stat.S_ISREG(found.st_mode) else "other"
            self.kind = "directory" if stat.S_ISDIR(found.st_mode) else regular
            self.size, self.mtime = found.st_size, found.st_mtime


def _read(path):
    with open(path, "rb") as f:
        return f.read()


def _write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def _open(path, mode, offset):
    f = open(path, mode + "b")
    if offset:
        f.seek(offset)
    return Stream(f)


def _kind(entry):
    return "link" if entry.is_symlink() else "directory" if entry.is_dir() else "file"


class files:
    """Files of the machine. All return futures."""

    @staticmethod
    def read(path):
        """The bytes of a file."""
        return _future(_read, path)

    @staticmethod
    def write(path, data):
        """Writes a whole file, in place of one that was there."""
        return _future(_write, path, _bytes(data))

    @staticmethod
    def open(path, mode="r", offset=0):
        """A Stream of a file. The modes are r, w, a and x, as in Python."""
        return _future(_open, path, mode, offset)

    @staticmethod
    def stat(path):
        """The Stat of a path."""
        return _future(Stat, path)

    @staticmethod
    def list(path):
        """Iterates over the names in a directory and their kinds, by for or async for."""
        return Entries([(entry.name, _kind(entry)) for entry in os.scandir(path)])

    @staticmethod
    def remove(path):
        """Removes a file, a link or an empty directory."""
        return _future(os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.remove, path)

    @staticmethod
    def mkdir(path):
        """Makes a directory."""
        return _future(os.mkdir, path)

    @staticmethod
    def rename(path, to):
        """Gives a file or directory another path."""
        return _future(os.replace, path, to)


def emit(chunk):
    """Send a part of the output: here, to the standard output."""
    sys.stdout.write(chunk if isinstance(chunk, str) else bytes(chunk).decode("utf-8", "replace"))
    sys.stdout.flush()
    return Future.from_value(None)


def progress(done=None, total=None, message=None):
    """Say how far the task is, in a unit of its own. Here nobody is told."""
    return Future.from_value(None)
