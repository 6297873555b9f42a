package abi

import (
	"encoding/binary"
	"fmt"
)

// The wire forms of the ops on files. A path is text; it begins with the path of the
// folder as the guest sees it.

// FileFlags say how files.open opens a file.
type FileFlags uint32

// The flags.
const (
	FileRead      FileFlags = 1 << iota // to read its stream
	FileWrite                           // to write to its stream
	FileCreate                          // create the file if it does not exist
	FileExclusive                       // with FileCreate: fail if it exists
	FileTruncate                        // begin with an empty file
	FileAppend                          // write at the end
)

// FileKind is the kind of a file, with WASI's numbers.
type FileKind uint32

// The kinds. Others are devices and the like, which no op opens.
const (
	FileNone      FileKind = 0 // there is no file
	FileDirectory FileKind = 3
	FileRegular   FileKind = 4
	FileLink      FileKind = 7 // a symbolic link
	FileOther     FileKind = 255
)

// FileOpen is the argument of files.open: the flags, the offset and the path. The
// result is the handle of a stream.
type FileOpen struct {
	Flags FileFlags
	// Offset is where reading and writing begin.
	Offset uint64
	Path   string
}

// Append appends the wire form to b.
func (o FileOpen) Append(b []byte) []byte {
	b = appendUint32(b, int(o.Flags))
	b = appendUint64(b, o.Offset)
	return append(b, o.Path...)
}

// ParseFileOpen reads the wire form.
func ParseFileOpen(arg []byte) (o FileOpen, err error) {
	if len(arg) < 12 {
		return o, fmt.Errorf("the argument begins with 12 bytes of numbers, and has %d bytes", len(arg))
	}
	return FileOpen{
		Flags: FileFlags(binary.LittleEndian.Uint32(arg)), Offset: binary.LittleEndian.Uint64(arg[4:]),
		Path: string(arg[12:]),
	}, nil
}

// FileStat is the result of files.stat: the kind, the size in bytes and when it was
// last changed, in nanoseconds since 1970.
type FileStat struct {
	Kind     FileKind
	Size     uint64
	Modified int64
}

// Append appends the wire form to b.
func (s FileStat) Append(b []byte) []byte {
	b = appendUint32(b, int(s.Kind))
	b = appendUint64(b, s.Size)
	return appendUint64(b, uint64(s.Modified))
}

// ParseFileStat reads the wire form.
func ParseFileStat(b []byte) (s FileStat, err error) {
	if len(b) != 20 {
		return s, fmt.Errorf("a stat has 20 bytes, not %d", len(b))
	}
	return FileStat{
		Kind: FileKind(binary.LittleEndian.Uint32(b)), Size: binary.LittleEndian.Uint64(b[4:]),
		Modified: int64(binary.LittleEndian.Uint64(b[12:])),
	}, nil
}

// FileEntry is an entry in a stream of files.list: the kind, the length of the name and
// the name.
type FileEntry struct {
	Kind FileKind
	Name string
}

// Append appends the wire form to b.
func (e FileEntry) Append(b []byte) []byte {
	b = appendUint32(b, int(e.Kind))
	b = appendUint32(b, len(e.Name))
	return append(b, e.Name...)
}

// CutFileEntry takes an entry from the front of a stream of files.list. ok is false if
// b does not have all of it yet.
func CutFileEntry(b []byte) (e FileEntry, rest []byte, ok bool) {
	if len(b) < 8 {
		return e, b, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	if uint64(len(b)-8) < n {
		return e, b, false
	}
	return FileEntry{FileKind(binary.LittleEndian.Uint32(b)), string(b[8 : 8+n])}, b[8+n:], true
}
