"""Streams of the host: what comes, or goes, in pieces."""

from ._future import Op

MOST = 64 << 10  # bytes of a read


def number(data, at=0, size=4, signed=False):
    return int.from_bytes(data[at:at + size], "little", signed=signed)


def packed(size, value):
    return (value % (1 << 8 * size)).to_bytes(size, "little")


class Stream:
    """A stream of the host. Iterate over what it gives, by for or async for, or read it."""

    def __init__(self, handle):
        self.handle, self._handle = handle, packed(4, handle)

    def read(self, most=MOST):
        """Return the future of at most as many bytes. At the end they are none."""
        return Op("stream.read", self._handle + packed(4, most))

    def write(self, data):
        """Return the future of the end of the write."""
        return Op("stream.write", self._handle + bytes(data), _nothing)

    def close(self):
        """Return the future of the end. What was written is complete then."""
        return Op("stream.close", self._handle, _nothing)

    def __iter__(self):
        while data := self.read().result():
            yield data

    async def __aiter__(self):
        while data := await self.read():
            yield data


def _nothing(_):
    return None


class Entries:
    """Iterates over the entries of a stream, by for or async for.

    parse takes bytes, and returns an entry and how many it had, or None for more bytes.
    """

    def __init__(self, opening, parse):
        self._opening, self._parse = opening, parse

    def __iter__(self):
        rest = b""
        for data in Stream(number(self._opening.result())):
            rest += data
            while entry := self._parse(rest):
                rest = rest[entry[1]:]
                yield entry[0]

    async def __aiter__(self):
        rest = b""
        async for data in Stream(number(await self._opening)):
            rest += data
            while entry := self._parse(rest):
                rest = rest[entry[1]:]
                yield entry[0]
