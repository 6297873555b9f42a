package python

import (
	"encoding/binary"
	"slices"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/wasm"
)

// roots are where the prelude is entered: addresses of objects in a memory that is
// ready for a task. They hold for one snapshot, since objects lie elsewhere after each
// start.
type roots struct {
	resume, noArgs uint32 // the function, and a tuple of no arguments
	yes, no        uint32 // True and False
	call           uint32 // the index in the table of the function that calls functions
	manifest       []byte
}

// callType is the type of a C function that calls a Python object: ternaryfunc.
var callType = wasm.FuncType{
	Params: []wasm.ValueType{wasm.I32, wasm.I32, wasm.I32}, Results: []wasm.ValueType{wasm.I32},
}

// Where CPython 3.12 has the fields of objects, on a machine of 32 bits.
const (
	typeAt     = 4  // PyObject.ob_type
	sizeAt     = 8  // PyVarObject.ob_size
	callAt     = 64 // PyTypeObject.tp_call
	helloWords = 5
)

// shake takes the prelude's handshake: the addresses of the type of functions and of
// the objects of roots, and then the manifest. The guest may say anything, so what is
// there must look like it.
func (s *side) shake(hello []byte) {
	if s.roots != nil || len(hello) < 4*helloWords {
		panic(fault.Misuse("the handshake came twice, or is too short"))
	}
	var words [helloWords]uint32
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(hello[4*i:])
	}
	function := words[0]
	r := &roots{resume: words[1], noArgs: words[2], yes: words[3], no: words[4]}
	r.call = s.word(function + callAt)
	_, callable := s.inst.Indirect(r.call, callType)
	if s.word(r.resume+typeAt) != function || s.word(r.noArgs+sizeAt) != 0 || r.yes == r.no || !callable {
		panic(fault.Misuse("the handshake does not fit CPython 3.12: the interpreter is another, or the script broke it"))
	}
	r.manifest = slices.Clone(hello[4*helloWords:])
	s.roots = r
}

// immortal is the count of references of an object that is never freed, and whose count
// CPython 3.12 neither checks nor changes.
const immortal = 1<<30 - 1

// keep makes objects immortal, whose addresses it is given. They belong to the snapshot
// anyway, and a task that uses them then writes to fewer pages, which are to be restored
// after it.
func (s *side) keep(addresses []byte) {
	for i := 0; i+4 <= len(addresses); i += 4 {
		at := binary.LittleEndian.Uint32(addresses[i:])
		if count, ok := s.inst.Peek(at, 4); ok {
			binary.LittleEndian.PutUint32(count, immortal)
		}
	}
}

// word reads a word of memory.
func (s *side) word(at uint32) uint32 {
	b, ok := s.inst.Peek(at, 4)
	if !ok {
		panic(fault.Misuse("the handshake names the address %#x, which is not inside the memory", at))
	}
	return binary.LittleEndian.Uint32(b)
}
