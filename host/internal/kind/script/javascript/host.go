package javascript

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// hostFunctions are what the prelude can ask of the host. No other code of a script has
// them.
var hostFunctions = map[string]func(s *side, a args) value{
	// input(call, asBytes) returns the input, as text unless asBytes is 1.
	"input": func(s *side, a args) value {
		c, ok := s.Find(a.handle(0))
		switch {
		case !ok:
			return undefined
		case a.handle(1) == 1:
			return s.vm.newBuffer(c.Input)
		}
		return s.vm.newString(c.Input)
	},
	// output(call, text or bytes) ends a call with a result.
	"output": func(s *side, a args) value {
		if c, ok := s.Find(a.handle(0)); ok {
			a.bytes(1, func(b []byte) { s.finish(c, b) })
		}
		return undefined
	},
	// emit(call, kind, bytes) emits a chunk, 0, or progress, 1. It returns false if there is
	// no room: the host calls room(call) when there is. An instance with one call waits.
	"emit": func(s *side, a args) value {
		c, room := s.Find(a.handle(0))
		if room {
			a.bytes(2, func(b []byte) {
				room = s.Emit(c, abi.EmitKind(a.handle(1)&1), b[:min(len(b), abi.MaxEmitBytes)], !s.many())
			})
		} else {
			room = true // nobody reads it
		}
		return boolean(room)
	},
	// fail(call, code, type, message, stack) ends a call with an error, or describes an
	// exception if call is 0.
	"fail": func(s *side, a args) value {
		err := &fault.TaskError{
			Code: int32(a.handle(1)), Type: a.text(2, maxName),
			Message: strings.ReplaceAll(a.text(3, maxMessage), preludeName, "wexec"), // as the script knows it
			Stack:   s.frames(a.text(4, maxStack)),
		}
		s.described = err
		if c, ok := s.Find(a.handle(0)); ok {
			s.End(c, nil, s.Inst.Starved(err))
		}
		return undefined
	},
	// start(call, name, arg, body) starts an op and returns it, or 0 if the call has ended.
	// If there is a body, the argument is a message with the head arg.
	"start": func(s *side, a args) value {
		c, ok := s.Find(a.handle(0))
		if !ok {
			return integer(0)
		}
		name := a.text(1, maxName)
		var op *guest.Op
		a.bytes(2, func(arg []byte) {
			if !a.at(3).isUndefined() {
				a.bytes(3, func(body []byte) { arg = abi.JoinMessage(arg, body) })
			}
			op = s.StartOp(c, name, arg)
		})
		return integer(op.Handle)
	},
	// sleep(call, seconds, nanoseconds) starts a clock.sleep in the same way.
	"sleep": func(s *side, a args) value {
		c, ok := s.Find(a.handle(0))
		if !ok {
			return integer(0)
		}
		arg := binary.LittleEndian.AppendUint64(nil, uint64(a.handle(1))*1e9+uint64(a.handle(2)))
		return integer(s.StartOp(c, abi.CapSleep, arg).Handle)
	},
	// wait(op) waits for an op and returns its status, or -1 if the instance holds other
	// calls.
	"wait": func(s *side, a args) value {
		o, ok := s.Ops.Get(a.handle(0))
		if !ok || s.many() {
			return integer(1<<32 - 1)
		}
		s.Wait(o)
		return integer(uint32(o.Status))
	},
	"cancel": func(s *side, a args) value {
		if o, ok := s.Ops.Get(a.handle(0)); ok {
			s.Ops.Cancel(o)
		}
		return undefined
	},
	"drop": func(s *side, a args) value {
		if o, ok := s.Ops.Get(a.handle(0)); ok {
			s.Ops.Drop(o)
		}
		return undefined
	},
	// text(op, part) and bytes(op, part) return the result of an op that has ended: 0 all
	// of it, or of a message 1 the head, 2 the body.
	"text":  func(s *side, a args) value { return s.vm.newString(s.part(a)) },
	"bytes": func(s *side, a args) value { return s.vm.newBuffer(s.part(a)) },
	// word(status) returns the word for a status.
	"word": func(s *side, a args) value {
		return s.vm.newString([]byte(abi.Status(a.handle(0)).String()))
	},
	// log(level, text) logs.
	"log": func(s *side, a args) value {
		s.Inst.ChargeCall(0)
		a.bytes(1, func(b []byte) { s.Inst.Log(abi.LogLevel(a.handle(0)), b) })
		return undefined
	},
	// print(descriptor, text) writes to a standard stream.
	"print": func(s *side, a args) value {
		a.span(1, func(at, length uint32) { s.print(a.handle(0), at, length) })
		return undefined
	},
	// read() returns a piece of the standard input, which is empty at its end.
	"read": func(s *side, a args) value { return s.readInput() },
	// random(bytes) fills the bytes.
	"random": func(s *side, a args) value {
		a.bytes(0, func(b []byte) { _, _ = rand.Read(b) })
		return undefined
	},
	// encode(text) returns its UTF-8.
	"encode": func(s *side, a args) (v value) {
		a.bytes(0, func(b []byte) { v = s.vm.newBuffer(b) })
		return v
	},
	// decode(bytes) returns the text.
	"decode": func(s *side, a args) (v value) {
		a.bytes(0, func(b []byte) { v = s.vm.newString(b) })
		return v
	},
	// valid(bytes) tells whether they are UTF-8.
	"valid": func(s *side, a args) (v value) {
		a.bytes(0, func(b []byte) { v = boolean(utf8.Valid(b)) })
		return v
	},
	// arguments() returns the arguments and the environment of a program, in JSON.
	"arguments": func(s *side, a args) value {
		args, env := s.Inst.Arguments()
		text, _ := json.Marshal([2][]string{args, env})
		return s.vm.newString(text)
	},
	// exports() returns what the script exports.
	"exports": func(s *side, a args) value {
		if s.vm.main == 0 {
			return undefined
		}
		return value(s.vm.call(jsGetModuleNamespace, uint64(s.vm.context), uint64(uint32(s.vm.main))))
	},
	// exit(code) ends the instance.
	"exit": func(s *side, a args) value { panic(&fault.ExitError{Code: a.handle(0)}) },
}

// The most bytes of texts that are kept of a call.
const (
	maxName    = 256
	maxMessage = 16 << 10
	maxStack   = 64 << 10
)

// hostCall is called by a function of the prelude's object host. stack has the function's
// name and its length, this, and how many arguments there are and where.
func (s *side) hostCall(stack []uint64) {
	name := s.vm.bytes(uint32(stack[0]), uint32(stack[1]))
	f, ok := hostFunctions[string(name)]
	if !ok {
		panic(fault.Misuse("host_call: no function %.40q", name))
	}
	result := f(s, args{s, uint32(stack[3]), uint32(stack[4])})
	stack[0] = uint64(s.vm.box(result))
}

// args are the arguments of a host function, as pointers to values.
type args struct {
	*side
	count, list uint32
}

// at returns an argument, which is undefined if there are not as many.
func (a args) at(i uint32) value {
	if i >= a.count {
		return undefined
	}
	return a.vm.load(binary.LittleEndian.Uint32(a.vm.bytes(a.list+4*i, 4)))
}

// handle returns an argument that is a 32-bit integer.
func (a args) handle(i uint32) uint32 {
	v := a.at(i)
	if v.tag() != tagInt {
		panic(fault.Misuse("the prelude passes something else than an integer"))
	}
	return uint32(v)
}

// text returns an argument that is a string, cut after most bytes.
func (a args) text(i uint32, most int) string { return a.vm.textOf(a.at(i), most) }

// span calls use with the place of an argument's bytes: a string's UTF-8, those of a
// Uint8Array, or none for undefined.
func (a args) span(i uint32, use func(at, length uint32)) {
	switch v := a.at(i); {
	case v.isUndefined():
		use(0, 0)
	case a.vm.isString(v):
		a.vm.chars(v, use)
	default:
		at := uint32(a.vm.call(jsGetUint8Array, uint64(a.vm.context), uint64(a.vm.scratch+scratchLength), uint64(v)))
		if at == 0 {
			panic(fault.Misuse("the prelude passes something else than bytes"))
		}
		use(at, a.vm.length())
	}
}

// bytes calls use with an argument's bytes, which are in the engine's memory.
func (a args) bytes(i uint32, use func([]byte)) {
	a.span(i, func(at, length uint32) { use(a.vm.bytes(at, length)) })
}

// part returns a part of an op's result.
func (s *side) part(a args) []byte {
	o, ok := s.Ops.Get(a.handle(0))
	if !ok || !o.Over() {
		return nil
	}
	head, body := abi.SplitMessage(o.Result)
	return [][]byte{o.Result, head, body}[min(a.handle(1), 2)]
}

// print writes to a standard stream. The instances of tasks have the log there.
func (s *side) print(descriptor, at, length uint32) {
	for length > 0 {
		n, errno := s.transfer("fd_write", descriptor, at, length)
		if errno != 0 || n == 0 {
			return // nobody reads it any more
		}
		at, length = at+n, length-n
	}
}

// readInput reads a piece of the standard input.
func (s *side) readInput() value {
	const room = 64 << 10
	at := s.vm.alloc(make([]byte, room))
	defer s.vm.release(at)
	n, _ := s.transfer("fd_read", 0, at, room)
	return s.vm.newBuffer(s.vm.bytes(at, n))
}

// transfer makes the system call that reads or writes a buffer. It returns how many bytes
// it has moved.
func (s *side) transfer(call string, descriptor, at, length uint32) (n, errno uint32) {
	vector := s.vm.scratch + scratchVector
	b := s.vm.bytes(vector, 8)
	binary.LittleEndian.PutUint32(b, at)
	binary.LittleEndian.PutUint32(b[4:], length)
	errno = s.Inst.Syscall(call, uint64(descriptor), uint64(vector), 1, uint64(s.vm.scratch+scratchLength))
	if errno != 0 {
		return 0, errno
	}
	return s.vm.length(), 0
}

// thrown takes the exception that was thrown and describes it.
func (s *side) thrown() error {
	v := s.vm.exception()
	defer s.vm.free(v)
	return s.describe(v)
}

// describe describes an exception. That may run code of the script.
func (s *side) describe(v value) error {
	s.described = nil
	if result := s.vm.invoke(s.vm.describe, v); result.isException() {
		s.vm.free(s.vm.exception())
	}
	if s.described == nil {
		return &fault.TaskError{Message: "an exception that can't be described"}
	}
	return s.described
}
