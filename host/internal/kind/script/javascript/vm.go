package javascript

import (
	"encoding/binary"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// value is a JSValue of the C API on 32-bit machines: the upper half is a tag, the lower
// half a number or a pointer. Objects and strings are counted: see vm.free. A pointer
// to a value, as the functions of quickjs-wasi take and return it, is a uint32.
type value uint64

// The tags of values. Start checks those that it can.
const (
	tagObject    = -1
	tagInt       = 0
	tagBool      = 1
	tagUndefined = 3
	tagException = 6

	undefined = value(tagUndefined) << 32
)

func integer(n uint32) value { return value(n) }

func boolean(b bool) value {
	if b {
		return tagBool<<32 | 1
	}
	return tagBool << 32
}

func (v value) tag() int32        { return int32(v >> 32) }
func (v value) isException() bool { return v.tag() == tagException }
func (v value) isUndefined() bool { return v.tag() == tagUndefined }

// vm is the engine of an instance. Except for those of Start, its methods panic if the
// guest must end: see guest.Instance.Do.
type vm struct {
	exports
	places
}

// places are where things are in the engine's memory. They are the same in all
// instances that are cloned from one.
type places struct {
	runtime, context uint32
	// scratch has scratchSize bytes: the parameters of a call, a length, and text.
	scratch uint32
	// stringTags are the tags of strings: in one piece, and in several.
	stringTags [2]int32
	// main is the main module, or 0 before it is compiled.
	main value
	// The functions of the prelude that the host calls.
	dispatch, wake, room, abandon, program, loaded, manifest, describe value
}

// The parts of scratch.
const (
	scratchSize   = 4 << 10
	scratchLength = 64  // where functions write a length
	scratchVector = 72  // a WASI iovec
	scratchText   = 128 // text
	mostParams    = 8
)

func (vm *vm) bytes(at, length uint32) []byte { return vm.inst.Bytes("host_call", at, length) }

// length returns what a function has written to scratchLength.
func (vm *vm) length() uint32 {
	return binary.LittleEndian.Uint32(vm.bytes(vm.scratch+scratchLength, 4))
}

// load returns the value at a pointer.
func (vm *vm) load(at uint32) value { return value(binary.LittleEndian.Uint64(vm.bytes(at, 8))) }

// alloc returns memory of the engine with a copy of b and a zero byte.
func (vm *vm) alloc(b []byte) uint32 {
	at := uint32(vm.call(wasmMalloc, uint64(len(b)+1)))
	if at == 0 {
		panic(outOfMemory)
	}
	to := vm.bytes(at, uint32(len(b)+1))
	copy(to, b)
	to[len(b)] = 0
	return at
}

// outOfMemory is the error of an engine that can't go on. A script that is refused
// memory gets an exception instead.
var outOfMemory = &fault.TrapError{Reason: "the engine is out of memory"}

func (vm *vm) release(at uint32) { vm.call(wasmFree, uint64(at)) }

// free releases a value.
func (vm *vm) free(v value) {
	if v.tag() < 0 { // others have no memory
		vm.call(jsFreeValue, uint64(vm.context), uint64(v))
	}
}

// newString returns a string. What is not UTF-8 in b becomes U+FFFD.
func (vm *vm) newString(b []byte) value {
	at := vm.scratch + scratchText
	if len(b) < scratchSize-scratchText {
		copy(vm.bytes(at, uint32(len(b))), b)
	} else {
		at = vm.alloc(b)
		defer vm.release(at)
	}
	v := value(vm.call(jsNewStringLen, uint64(vm.context), uint64(at), uint64(len(b))))
	if v.isException() {
		panic(outOfMemory)
	}
	return v
}

// newBuffer returns an ArrayBuffer with a copy of b.
func (vm *vm) newBuffer(b []byte) value {
	at := vm.alloc(b)
	defer vm.release(at)
	return vm.take(uint32(vm.call(qjsNewArrayBuffer, uint64(at), uint64(len(b)))))
}

// isString reports whether a value is a string.
func (vm *vm) isString(v value) bool {
	return v.tag() == vm.stringTags[0] || v.tag() == vm.stringTags[1]
}

// text calls use with a string's bytes, which are in the engine's memory.
func (vm *vm) text(v value, use func([]byte)) {
	vm.chars(v, func(at, length uint32) { use(vm.bytes(at, length)) })
}

// chars calls use with the place of a string's UTF-8.
func (vm *vm) chars(v value, use func(at, length uint32)) {
	if !vm.isString(v) { // other values would run code of the script
		panic(fault.Misuse("the prelude passes something else than a string"))
	}
	at := uint32(vm.call(jsToCStringLen, uint64(vm.context), uint64(vm.scratch+scratchLength), uint64(v), 0))
	if at == 0 {
		panic(outOfMemory)
	}
	use(at, vm.length())
	vm.call(jsFreeCString, uint64(vm.context), uint64(at))
}

// textOf returns a copy of a string, cut after most bytes.
func (vm *vm) textOf(v value, most int) (s string) {
	vm.text(v, func(b []byte) { s = guest.Text(b, most) })
	return s
}

// invoke calls a function of the script. The result may be an exception.
func (vm *vm) invoke(f value, params ...value) value {
	args := vm.bytes(vm.scratch, 8*mostParams)
	for i, p := range params {
		binary.LittleEndian.PutUint64(args[8*i:], uint64(p))
	}
	return value(vm.call(jsCall,
		uint64(vm.context), uint64(f), uint64(undefined), uint64(len(params)), uint64(vm.scratch)))
}

// runJob runs a job of a promise. It reports whether there was one, and whether it threw
// an exception.
func (vm *vm) runJob() (ran, threw bool) {
	n := int32(vm.call(jsExecutePendingJob, uint64(vm.runtime), uint64(vm.scratch+scratchLength)))
	return n != 0, n < 0
}

// exception takes the exception that was thrown.
func (vm *vm) exception() value { return value(vm.call(jsGetException, uint64(vm.context))) }

// property returns a property of an object.
func (vm *vm) property(object value, name string) value {
	at := vm.alloc([]byte(name))
	defer vm.release(at)
	return value(vm.call(jsGetPropertyStr, uint64(vm.context), uint64(object), uint64(at)))
}

// setProperty sets a property of an object. It takes v.
func (vm *vm) setProperty(object value, name string, v value) {
	at := vm.alloc([]byte(name))
	defer vm.release(at)
	vm.call(jsSetPropertyStr, uint64(vm.context), uint64(object), uint64(at), uint64(v))
}

// take returns the value at a pointer that quickjs-wasi returned, and frees the pointer.
func (vm *vm) take(at uint32) value {
	if at == 0 {
		panic(outOfMemory)
	}
	v := vm.load(at)
	vm.release(at)
	return v
}

// box returns a pointer to a value, for a function of quickjs-wasi that will free it.
func (vm *vm) box(v value) uint32 {
	at := uint32(vm.call(wasmMalloc, 8))
	if at == 0 {
		panic(outOfMemory)
	}
	binary.LittleEndian.PutUint64(vm.bytes(at, 8), uint64(v))
	return at
}

// Flags of eval.
const (
	evalGlobal      = 0
	evalModule      = 1
	evalCompileOnly = 1 << 5
)

// eval runs or compiles source text. The result may be an exception.
func (vm *vm) eval(source []byte, file string, flags uint64) value {
	text, name := vm.alloc(source), vm.alloc([]byte(file))
	v := value(vm.call(jsEval, uint64(vm.context), uint64(text), uint64(len(source)), uint64(name), flags))
	vm.release(text)
	vm.release(name)
	return v
}
