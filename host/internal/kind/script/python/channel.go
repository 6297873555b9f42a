package python

import (
	"embed"
	"encoding/binary"
	"io"
	"io/fs"
	"strings"

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
	doLog  // buffer: a line; other number: the level
	doKeep // buffer: see keep
	doEmit // buffer: a chunk or progress; other number: the kind; 0 if there is no room
)

// Channel implements guest.Caller. It is called by the guest, so any of it may be
// wrong.
func (s *side) Channel(at uint64, ptr, length uint32) uint32 {
	handle, do, other := uint32(at), at>>32&0xff, uint32(at>>40)
	bytes := func(what string) []byte { return s.inst.Bytes(what, ptr, length) }
	switch do {
	case doAbout:
		return s.copy("about", s.about(), ptr, length)
	case doOpen:
		return s.open(string(bytes("open")), handle == 1)
	case doRead:
		file := s.file
		s.file = nil
		return s.copy("read", file, ptr, length)
	case doHello:
		s.shake(bytes("hello"))
	case doBroken:
		s.broken = failure(bytes("broken"))
	case doNext:
		return s.next(ptr, length)
	case doWait:
		s.wait()
	case doInput:
		return s.copy("input", s.Call("input", handle).Input, ptr, length)
	case doOutput:
		if s.roots == nil {
			break // the prelude practises before its first task
		}
		s.Output(s.Call("output", handle), bytes("output"))
	case doFail:
		s.fail(s.Call("fail", handle), bytes("fail"))
	case doStart:
		c, all := s.Call("op_start", handle), bytes("op_start")
		name := min(int(other), len(all))
		return s.StartOp(c, guest.Text(all[:name], maxName), all[name:]).Handle
	case doTake:
		return s.take(s.Op("op_result", handle), ptr, length)
	case doDrop:
		s.Ops.Drop(s.Op("op_drop", handle))
	case doLog:
		s.inst.Log(abi.LogLevel(other), bytes("log"))
	case doEmit:
		return s.emit(s.Call("emit", handle), abi.EmitKind(other), bytes("emit"))
	case doKeep:
		s.keep(bytes("keep"))
	default:
		panic(fault.Misuse("the host has no function %d", do))
	}
	return 0
}

// copy copies as much of b as there is room for, and returns how much that is.
func (s *side) copy(what string, b []byte, ptr, room uint32) uint32 {
	return min(room, s.inst.CopyOut(what, b, ptr, room, 0))
}

// about says what the prelude needs to know at the start.
func (s *side) about() []byte {
	program := "0"
	if s.inst.IsProgram() {
		program = "1"
	}
	return []byte(program + s.source.Main)
}

// next copies as many events as there is room for.
func (s *side) next(ptr, length uint32) uint32 {
	to := s.inst.Bytes("next", ptr, length)
	most := len(to) / abi.EventSize
	events := to[:0]
	for range most {
		e, ok := s.Next()
		if !ok {
			break
		}
		events = e.Wire().AppendTo(events)
	}
	return uint32(len(events))
}

// wait waits until there is an event. Only a guest with one call may wait in it.
func (s *side) wait() {
	if !s.alone {
		panic(fault.Misuse("the prelude waits in an instance that holds many calls"))
	}
	for s.Events() == 0 {
		if s.Ops.Running() == 0 {
			panic(fault.Misuse("the prelude waits, but no op is running: the call would never end"))
		}
		if err := s.inst.Await(true); err != nil {
			panic(&fault.Stopped{Err: err})
		}
	}
}

// The most bytes of a capability's name, and of an error's text.
const (
	maxName = 256
	maxText = 16 << 10
)

// emit sends a chunk or progress. A call that has the instance for itself waits for room.
func (s *side) emit(c *guest.Call, kind abi.EmitKind, data []byte) uint32 {
	if kind > abi.EmitProgress || len(data) > abi.MaxEmitBytes {
		panic(fault.Misuse("emit: there is no kind %d, or %d bytes are too many", kind, len(data)))
	}
	if s.Emit(c, kind, data, s.alone) {
		return 1
	}
	return 0
}

// fail ends a call with an error.
func (s *side) fail(c *guest.Call, text []byte) {
	failed := failure(text)
	if failed.Type == "MemoryError" {
		s.End(c, nil, s.inst.Starved(failed))
		return
	}
	s.End(c, nil, failed)
}

// failure returns the error of a task: a code of 4 bytes, and the type, message and
// frames of the exception, the innermost first, with zero bytes between.
func failure(text []byte) *fault.TaskError {
	if len(text) < 4 {
		panic(fault.Misuse("fail: there is no code"))
	}
	code := int32(binary.LittleEndian.Uint32(text))
	parts := strings.Split(guest.Text(text[4:], maxText), "\x00")
	failed := &fault.TaskError{Code: code, Type: parts[0]}
	if len(parts) > 1 {
		failed.Message, failed.Stack = parts[1], parts[2:]
	}
	return failed
}

// take copies the result of an op, after a head, and drops the op.
func (s *side) take(o *guest.Op, ptr, length uint32) uint32 {
	const head = 12
	to := s.inst.Bytes("op_result", ptr, length)
	if !o.Over() || len(to) < head {
		panic(fault.Misuse("op_result: the op has not ended, or there is no room"))
	}
	binary.LittleEndian.PutUint32(to, uint32(o.Status))
	binary.LittleEndian.PutUint32(to[4:], uint32(o.Code))
	binary.LittleEndian.PutUint32(to[8:], uint32(len(o.Result)))
	n := copy(to[head:], o.Result)
	s.Ops.Drop(o)
	return head + uint32(n)
}

// prelude has the sources of the prelude, and their bytecode: to compile them takes
// twice as long as the rest of the interpreter's start.
//
//go:embed all:prelude
var prelude embed.FS

// mostFile is the most bytes of a file that a script may read.
const mostFile = 16 << 20

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
