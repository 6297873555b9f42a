import marshal
from posix import pread, pwrite


def read(path, own=0):
    """Return the bytes of a file, None for a folder, or raise FileNotFoundError."""
    kind = pwrite(0, path.encode(), 1 << 32 | own)  # 0 is nothing, 1 a folder, a file 2 and its size
    if kind == 0:
        raise FileNotFoundError(2, "No such file in the script", path)
    if kind == 1:
        return None
    return pread(0, kind - 2, 2 << 32) if kind > 2 else b""


codes = marshal.loads(read("bytecode", 1))
exec(marshal.loads(codes["wexec/_import.py"]), {"read": read, "codes": codes})
