package javascript

import (
	"embed"
	"fmt"
	"slices"

	"github.com/wexec/wexec/host/internal/fault"
)

// prelude has the modules that make the API of scripts. The script imports the first as
// "wexec".
//
//go:embed prelude
var prelude embed.FS

// preludeDir is the folder of the prelude's modules, as the script's imports see it. No
// relative path leads there from a file of the script. preludeName is the module that a
// script imports as "wexec".
const (
	preludeDir  = "/wexec"
	preludeName = preludeDir + "/wexec.js"
)

// maxStackSize is the most bytes of its C stack that the engine uses before it throws a
// RangeError. The stack has 1 MiB, and the engine needs some to handle the error.
const maxStackSize = 512 << 10

// boot starts the engine and runs the prelude.
func (s *side) boot() error {
	vm := &s.vm
	if vm.call(qjsInit) != 0 {
		return outOfMemory
	}
	vm.runtime, vm.context = uint32(vm.call(qjsRuntime)), uint32(vm.call(qjsContext))
	vm.call(qjsSetMaxStackSize, maxStackSize)
	vm.call(qjsSetModuleLoader, 1)
	vm.call(qjsTellRejections, 1)
	vm.scratch = vm.alloc(make([]byte, scratchSize))
	if err := vm.checkTags(); err != nil {
		return err
	}
	global := value(vm.call(jsGetGlobalObject, uint64(vm.context)))
	defer vm.free(global)
	host := vm.eval([]byte("({})"), preludeName, evalGlobal)
	defer vm.free(host)
	for name := range hostFunctions {
		at := vm.alloc([]byte(name))
		f := uint32(vm.call(qjsNewHostFunction, uint64(at), uint64(len(name)), 0))
		vm.release(at)
		vm.setProperty(host, name, vm.take(f))
	}
	vm.setProperty(global, preludeGlobal, host)
	return s.runPrelude(host)
}

// preludeGlobal is the name by which the prelude finds the object of host functions. It
// deletes the global.
const preludeGlobal = "wexec host"

// runPrelude runs the prelude, which puts its functions into the object host.
func (s *side) runPrelude(host value) error {
	vm := &s.vm
	vm.call(jsDupValue, uint64(vm.context), uint64(host))
	text, _ := prelude.ReadFile("prelude/wexec.js")
	promise := vm.eval(text, preludeName, evalModule)
	s.runJobs()
	if promise.isException() || vm.call(jsPromiseState, uint64(vm.context), uint64(promise)) != promiseFulfilled {
		return fault.InvalidModule("the engine can't run the prelude: %s", s.preludeError(promise))
	}
	vm.free(promise)
	for name, f := range map[string]*value{
		"dispatch": &vm.dispatch, "wake": &vm.wake, "room": &vm.room, "abandon": &vm.abandon, "program": &vm.program,
		"loaded": &vm.loaded, "manifest": &vm.manifest, "describe": &vm.describe,
	} {
		if *f = vm.property(host, name); f.tag() != tagObject {
			return fault.InvalidModule("the prelude has no function %s", name)
		}
	}
	return nil
}

// preludeError describes why the prelude failed.
func (s *side) preludeError(promise value) (text string) {
	failed := s.vm.exception()
	if !promise.isException() {
		failed = value(s.vm.call(jsPromiseResult, uint64(s.vm.context), uint64(promise)))
	}
	for _, name := range []string{"message", "stack"} {
		if v := s.vm.property(failed, name); s.vm.isString(v) {
			text += s.vm.textOf(v, maxMessage) + "\n"
		}
	}
	return text
}

// checkTags finds out the tags of strings, and checks the others.
func (vm *vm) checkTags() error {
	vm.stringTags[0] = vm.newString([]byte("text")).tag()
	whole := vm.eval([]byte(`"a".repeat(5000) + Math.random().toString().repeat(500)`), preludeName, evalGlobal)
	vm.stringTags[1] = whole.tag()
	vm.free(whole)
	got := []value{
		vm.eval([]byte("undefined"), preludeName, evalGlobal), vm.eval([]byte("-2"), preludeName, evalGlobal),
		vm.eval([]byte("true"), preludeName, evalGlobal), vm.eval([]byte("throw 1"), preludeName, evalGlobal),
	}
	thrown := vm.exception()
	want := []value{undefined, integer(1<<32 - 2), boolean(true), tagException << 32}
	if !slices.Equal(got[:3], want[:3]) || !got[3].isException() || thrown != integer(1) {
		return fault.InvalidModule("the engine represents values in an unknown way: %s", fmt.Sprintf("%#x", got))
	}
	return nil
}
