"""Keys and values, and files, which the host keeps."""

from ._future import Op
from ._stream import Entries, Stream, _nothing, number, packed

_ANY = 2**64 - 1


def _bytes(text):
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)


def _text(data):
    return data.decode("utf-8", "surrogateescape")


def _version(data):
    return number(data, 0, 8)


class Entry:
    """A key, its value, and its version. It unpacks into the key and the value."""

    __slots__ = ("key", "value", "version")

    def __init__(self, key, value, version):
        self.key, self.value, self.version = key, value, version

    def __iter__(self):
        return iter((self.key, self.value))

    def __repr__(self):
        return f"<Entry {self.key!r}: {self.value!r}>"


class kv:
    """Keys and values: text or bytes. All return futures."""

    @staticmethod
    def get(key):
        """The value of a key in bytes, or None."""
        return Op("kv.get", _bytes(key), lambda data: data[8:] if _version(data) else None)

    @staticmethod
    def entry(key):
        """The Entry of a key, or None."""
        return Op("kv.get", _bytes(key), lambda data: Entry(key, data[8:], _version(data)) if _version(data) else None)

    @staticmethod
    def put(key, value, ttl=0):
        """Writes a value, which is forgotten after ttl seconds if that is not 0. Its version."""
        return kv.swap(key, value, _ANY, ttl)

    @staticmethod
    def swap(key, value, version, ttl=0):
        """Writes a value if the key has that version; 0 is that of no key. The new version, or 0."""
        name = _bytes(key)
        head = packed(8, int(ttl * 1e9)) + packed(8, version) + packed(4, len(name))
        return Op("kv.put", head + name + _bytes(value), _version)

    @staticmethod
    def delete(key, version=_ANY):
        """Deletes a key, if it has that version. Whether it did."""
        return Op("kv.delete", packed(8, version) + _bytes(key), lambda data: _version(data) != 0)

    @staticmethod
    def add(key, n=1):
        """Adds to a number. The sum."""
        return Op("kv.add", packed(8, n) + _bytes(key), lambda data: number(data, 0, 8, signed=True))

    @staticmethod
    def scan(prefix="", after=""):
        """Iterates over the entries whose keys begin with prefix, by for or async for."""
        name = _bytes(prefix)
        return Entries(Op("kv.scan", packed(4, len(name)) + name + _bytes(after)), _kv_entry)


def _kv_entry(data):
    if len(data) < 16:
        return None
    keys = 16 + number(data, 8)
    end = keys + number(data, 12)
    return None if len(data) < end else (Entry(_text(data[16:keys]), data[keys:end], _version(data)), end)


_KINDS = {0: None, 3: "directory", 4: "file", 7: "link"}
_FLAGS = {"r": 1, "w": 2 | 4 | 16, "x": 2 | 4 | 8, "a": 2 | 4 | 32}


class Stat:
    """What is at a path: kind, which is None, file, directory, link or other; size; mtime."""

    __slots__ = ("kind", "size", "mtime")

    def __init__(self, data):
        self.kind = _KINDS.get(number(data), "other")
        self.size, self.mtime = number(data, 4, 8), number(data, 12, 8, signed=True) / 1e9


class files:
    """Files in the folders that the host has mounted. All return futures."""

    @staticmethod
    def read(path):
        """The bytes of a file."""
        return Op("files.read", _bytes(path))

    @staticmethod
    def write(path, data):
        """Writes a whole file, in place of one that was there."""
        return Op("files.write", packed(4, len(_bytes(path))) + _bytes(path) + _bytes(data), _nothing)

    @staticmethod
    def open(path, mode="r", offset=0):
        """A Stream of a file. The modes are r, w, a and x, as in Python."""
        head = packed(4, _FLAGS[mode]) + packed(8, offset)
        return Op("files.open", head + _bytes(path), lambda data: Stream(number(data)))

    @staticmethod
    def stat(path):
        """The Stat of a path."""
        return Op("files.stat", _bytes(path), Stat)

    @staticmethod
    def list(path):
        """Iterates over the names in a directory and their kinds, by for or async for."""
        return Entries(Op("files.list", _bytes(path)), _file_entry)

    @staticmethod
    def remove(path):
        """Removes a file, a link or an empty directory."""
        return Op("files.remove", _bytes(path), _nothing)

    @staticmethod
    def mkdir(path):
        """Makes a directory."""
        return Op("files.mkdir", _bytes(path), _nothing)

    @staticmethod
    def rename(path, to):
        """Gives a file or directory another path."""
        return Op("files.rename", packed(4, len(_bytes(path))) + _bytes(path) + _bytes(to), _nothing)


def _file_entry(data):
    if len(data) < 8:
        return None
    end = 8 + number(data, 4)
    return None if len(data) < end else ((_text(data[8:end]), _KINDS.get(number(data), "other")), end)
