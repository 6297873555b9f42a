package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasi"
	"github.com/wexec/wexec/host/internal/wasm"
)

// WASI is what the system calls of an instance see. host.WASI documents it.
type WASI struct {
	Args, Env      []string
	Mounts         []Mount
	Devices        bool
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Imports are the modules of system calls.
func Imports() []engine.Import {
	return []engine.Import{
		{Module: "wasi_snapshot_preview1", Functions: hostFunctions(wasi.Functions)},
		{Module: "wasi_unstable", Functions: hostFunctions(wasi.Unstable)},
	}
}

func hostFunctions(functions []wasi.Function) []engine.HostFunction {
	out := make([]engine.HostFunction, len(functions))
	for i, f := range functions {
		out[i] = engine.HostFunction{
			Name: f.Name,
			Type: wasm.FuncType{Params: types(f.Params), Results: types(f.Results)},
			Call: func(ctx context.Context, stack []uint64) {
				inst := Of(ctx)
				f.Call(inst.system.calls, inst, stack)
			},
		}
	}
	return out
}

func types(encoded []byte) []wasm.ValueType {
	out := make([]wasm.ValueType, len(encoded))
	for i, t := range encoded {
		out[i] = wasm.ValueType(t)
	}
	return out
}

// system has what the system calls of an instance see, and where they write.
type system struct {
	inst   *Instance
	calls  *wasi.System
	wasi   *WASI
	mounts []*sharedMount
	output *output    // the standard output of a program, unless WASI.Stdout is set
	logs   [2]lineLog // for standard output and error, unless they go elsewhere
}

// newSystem makes the system of an instance. The guest sees only what w, which may
// be nil, gives it. input is the standard input of a program, unless w has one.
func newSystem(inst *Instance, w *WASI, input []byte) (*system, error) {
	if w == nil {
		w = &WASI{}
	}
	s := &system{inst: inst, wasi: w, logs: [2]lineLog{{inst: inst}, {inst: inst}}}
	cfg := wasi.Config{Env: w.Env, Devices: w.Devices, Stdout: &s.logs[0], Stderr: &s.logs[1], Panicked: s.panicked}
	if caller, ok := inst.side.(Caller); ok {
		cfg.Args, cfg.Channel = caller.Args(), caller.Channel
	}
	if inst.affinity.Program {
		s.attachStreams(&cfg, input)
	}
	for _, m := range w.Mounts {
		mount, err := inst.mounts.acquire(m)
		if err != nil {
			s.close()
			return nil, err
		}
		s.mounts = append(s.mounts, mount)
		cfg.Mounts = append(cfg.Mounts, wasi.Mount{Guest: m.Guest, Mount: mount.Mount})
	}
	var err error
	if s.calls, err = wasi.New(cfg); err != nil {
		s.close()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return nil, fault.ErrDescriptors
		}
		return nil, fault.InvalidInput("WASI: %v", err)
	}
	return s, nil
}

// attachStreams gives a program the arguments and streams of its call.
func (s *system) attachStreams(cfg *wasi.Config, input []byte) {
	w := s.wasi
	if cfg.Args == nil {
		cfg.Args = []string{s.inst.Module}
	}
	cfg.Args = append(cfg.Args, w.Args...)
	if cfg.Stdin = w.Stdin; cfg.Stdin == nil {
		cfg.Stdin = bytes.NewReader(input)
	}
	if cfg.Stdout = w.Stdout; cfg.Stdout == nil {
		s.output = &output{inst: s.inst}
		cfg.Stdout = s.output
	}
	if w.Stderr != nil {
		cfg.Stderr = w.Stderr
	}
}

// panicked reports a panic in a reader or writer of the embedder.
func (s *system) panicked(value any, stack []byte) {
	s.inst.Logger.Error("a stream of WASI panicked", "module", s.inst.Module, "panic", value, "stack", string(stack))
}

// reset resets the system of an instance, which is not a program's, to its initial
// state. It reports whether that was possible.
func (s *system) reset() bool {
	s.flush()
	return s.calls.Restore()
}

// flush logs what was printed without a newline at its end.
func (s *system) flush() {
	for i := range s.logs {
		s.logs[i].flush()
	}
}

func (s *system) close() {
	s.flush()
	if s.calls != nil {
		s.calls.Close()
	}
	for _, m := range s.mounts {
		s.inst.mounts.release(m)
	}
}

// Syscall makes a system call of WASI for the guest. It returns the error number.
func (inst *Instance) Syscall(name string, params ...uint64) uint32 {
	for _, f := range wasi.Functions {
		if f.Name == name {
			f.Call(inst.system.calls, inst, params)
			return uint32(params[0])
		}
	}
	panic("no system call " + name)
}

// Printed returns what a program has written to its standard output. It returns nil
// if the output goes elsewhere.
func (inst *Instance) Printed() []byte {
	if inst.system == nil || inst.system.output == nil {
		return nil
	}
	return inst.system.output.written
}

// output keeps what a program writes. It stops a program that writes too much.
type output struct {
	written []byte
	inst    *Instance
}

// Immediate implements stdio.Immediate.
func (*output) Immediate() {}

func (o *output) Write(p []byte) (int, error) {
	if most := o.inst.Limits.Output; len(o.written)+len(p) > most {
		o.inst.Stop(&fault.TaskError{Message: fmt.Sprintf("its output has more than %d bytes (Config.Limits.Output)", most)})
		return 0, io.ErrShortWrite
	}
	o.written = linear.Append(o.written, p)
	return len(p), nil
}

// The methods below implement wasi.Guest: what system calls need of the instance.

// Memory returns the current linear memory.
func (inst *Instance) Memory() []byte { return inst.memory.Bytes() }

// Context returns the context of all code that runs in the instance.
func (inst *Instance) Context() context.Context { return inst.ctx }

// CanPark reports whether the instance can wait without delaying other calls.
func (inst *Instance) CanPark() bool { return inst.inbox != nil }

// Park runs wait without holding the worker. wait must return when the instance's
// context ends. Park panics if the guest must end after that.
func (inst *Instance) Park(wait func()) {
	inst.idle()
	inst.park(wait)
	inst.checkStopped()
}

// park runs wait without holding the worker, if there is one.
func (inst *Instance) park(wait func()) {
	if inst.worker == nil { // a loop, or the host asks the instance for its manifest
		wait()
		return
	}
	inst.inbox.leave()
	inst.worker.Park(wait)
	inst.inbox.comeBack()
}

// Exit ends the guest.
func (inst *Instance) Exit(code uint32) { panic(&fault.ExitError{Code: code}) }

// Warn logs something that the module's author should know.
func (inst *Instance) Warn(msg string) { inst.Logger.Warn(msg, "module", inst.Module) }
