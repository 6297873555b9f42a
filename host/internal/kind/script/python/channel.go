package python

import (
	"embed"
	"encoding/binary"
	"io"
	"io/fs"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// The offset of a call on the channel says which function of the host is called, and
// with what:
//
//	bits 0 to 31   a handle of a call or an op, or a number
//	bits 32 to 39  the function
//	bits 40 to 62  another number
//
// The buffer has the rest. Functions of the ABI do here what they do there.
const (
	doAbout  = iota // copies to the buffer: 1 if the instance is a program's, or 0, and the path of the main file
	doOpen          // buffer: a path; number: 1 for the prelude's files. See open.
	doRead          // copies what doOpen has opened to the buffer
	doHello         // buffer: see shake
	doBroken        // buffer: why the script can't be loaded
	doNext          // copies events to the buffer
	doWait          // waits until there is an event
	doInput         // copies the input of the call to the buffer
	doOutput        // buffer: the output
	doFail          // buffer: the code, 4 bytes, and the message
	doStart         // buffer: the name, of as many bytes as the other number says, and the argument
	doTake          // copies status, code, whole length, 4 bytes each, and the result to the buffer; drops the op
	doDrop
	doLog // buffer: a line; other number: the level
)

// Channel implements guest.Caller. It is called by the guest, so any of it may be
// wrong.
func (s *side) Channel(at uint64, ptr, length uint32) uint32 {
	handle, do, other := at&(1<<32-1), at>>32&0xff, at>>40
	p, n := uint64(ptr), uint64(length)
	switch do {
	case doAbout:
		about := "0" + s.source.Main
		if s.inst.IsProgram() {
			about = "1" + s.source.Main
		}
		return min(length, s.inst.CopyOut("about", []byte(about), ptr, length, 0))
	case doOpen:
		return s.open(string(s.inst.Bytes("open", ptr, length)), handle == 1)
	case doRead:
		return min(length, s.inst.CopyOut("read", s.file, ptr, length, 0))
	case doHello:
		s.shake(s.inst.Bytes("hello", ptr, length))
	case doBroken:
		s.broken = guest.Text(s.inst.Bytes("broken", ptr, length), maxText)
	case doNext:
		return s.Call("next", p, n/abi.EventSize) * abi.EventSize
	case doWait:
		s.Wait()
	case doInput:
		return min(length, s.Call("input", handle, p, n, 0))
	case doOutput:
		s.Call("output", handle, p, n)
	case doFail:
		code := s.inst.Bytes("fail", ptr, 4)
		s.Call("fail", handle, uint64(binary.LittleEndian.Uint32(code)), p+4, n-min(n, 4))
	case doStart:
		name := min(other, n)
		return s.Call("op_start", handle, p, name, p+name, n-name)
	case doTake:
		return s.take(handle, ptr, length)
	case doDrop:
		s.Call("op_drop", handle)
	case doLog:
		s.Call("log", other, p, n)
	default:
		panic(fault.Misuse("the host has no function %d", do))
	}
	return 0
}

// maxText is the most bytes of why a script can't be loaded.
const maxText = 16 << 10

// take copies the result of an op, after a head, and drops the op.
func (s *side) take(op uint64, ptr, length uint32) uint32 {
	const head = 12
	to := s.inst.Bytes("op_result", ptr, head)
	status, code := s.Ended(op)
	total := s.Call("op_result", op, uint64(ptr)+head, uint64(max(length, head)-head), 0)
	binary.LittleEndian.PutUint32(to, uint32(status))
	binary.LittleEndian.PutUint32(to[4:], uint32(code))
	binary.LittleEndian.PutUint32(to[8:], total)
	s.Call("op_drop", op)
	return min(length, head+total)
}

//go:embed all:prelude
var prelude embed.FS

// mostFile is the most bytes of a file that a script may read.
const mostFile = 64 << 20

// What open returns. A file is isFile and its size.
const (
	isAbsent = iota
	isFolder
	isFile
)

// open opens a file or folder of the script, or of the prelude.
func (s *side) open(path string, own bool) uint32 {
	files := s.source.Files
	if own {
		files, path = prelude, "prelude/"+path
	}
	s.file = nil
	f, err := files.Open(path)
	if err != nil {
		return isAbsent
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return isFolder
	}
	if s.file, err = s.readAll(f); err != nil {
		panic(fault.Misuse("%.200q can't be read: %v", path, err))
	}
	return isFile + uint32(len(s.file))
}

// readAll reads a file. It is charged for each piece, since a small archive may hold
// large files.
func (s *side) readAll(f fs.File) (all []byte, err error) {
	piece := make([]byte, 64<<10)
	for err == nil {
		var n int
		n, err = f.Read(piece)
		s.inst.Charge(8 * n)
		if all = append(all, piece[:n]...); len(all) > mostFile {
			return nil, fault.Misuse("it has more than %d bytes", mostFile)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return all, err
}
