// Package fault has the errors of hosts and guests. Package host exports most of
// their types to embedders, and [Kind] maps errors to the statuses of the ABI. Host
// functions end a guest by panicking with some of these errors; [ReportPanic]
// reports all other panics.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
)

// These errors have no fields. Use errors.Is.
var (
	ErrCancelled = executors.ErrCancelled
	ErrTimeout   = executors.ErrTimeout
	ErrQueueFull = executors.ErrQueueFull
	ErrClosed    = executors.ErrClosed
	// ErrInstanceLost is the error of a call whose instance was ended by another
	// call. The errors that match it wrap the other call's error. The call may be
	// tried again.
	ErrInstanceLost = errors.New("instance lost")
	// ErrDenied matches every request for something that was not granted.
	ErrDenied = errors.New("denied")
)

// Kind returns the status of the ABI for an error. It returns abi.OK for nil and
// abi.Failed for an error that wexec does not know.
func Kind(err error) abi.Status {
	if err == nil {
		return abi.OK
	}
	var kinded interface{ Kind() abi.Status }
	if errors.As(err, &kinded) {
		return kinded.Kind()
	}
	for _, k := range []struct {
		target error
		kind   abi.Status
	}{
		{ErrInstanceLost, abi.InstanceLost},
		{ErrTimeout, abi.Timeout},
		{context.DeadlineExceeded, abi.Timeout},
		{ErrCancelled, abi.Cancelled},
		{context.Canceled, abi.Cancelled},
		{ErrQueueFull, abi.QueueFull},
		{ErrClosed, abi.Closed},
		{ErrDenied, abi.Denied},
	} {
		if errors.Is(err, k.target) {
			return k.kind
		}
	}
	return abi.Failed
}

// Probe asks an embedder's error all that is asked of it later, on goroutines that
// others depend on: if its methods panic, as those of a nil pointer do, they do so here.
func Probe(err error) { _, _, _ = Kind(err), Code(err), err.Error() }

// IsSound reports whether an embedder's error can be asked without a panic.
func IsSound(err error) (sound bool) {
	defer func() { sound = recover() == nil }()
	Probe(err)
	return true
}

// CallError says which task failed. Every error of a future that Module.Call
// returns is a CallError, except the error of an unknown task.
type CallError struct {
	Module, Task string
	Mode         abi.Mode
	Err          error
}

func (e *CallError) Error() string {
	sep := ": "
	if _, ok := e.Err.(*AwaitError); ok {
		sep = " " // the error completes the sentence
	}
	return fmt.Sprintf("task %q (mode %s)%s%v", e.Task, e.Mode, sep, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// InvalidModuleError says why a module can't be loaded.
type InvalidModuleError struct {
	Module string
	Reason string
	// Needs are the fields of Options that would let the module load:
	// "Exceptions", "SharedMemory". It is empty if none would.
	Needs []string
	Err   error // may be nil
}

// InvalidModule returns an InvalidModuleError without the module's name, which the
// loader adds.
func InvalidModule(format string, args ...any) *InvalidModuleError {
	return &InvalidModuleError{Reason: fmt.Sprintf(format, args...)}
}

// Named returns a copy of the error with the module's name.
func (e *InvalidModuleError) Named(module string) *InvalidModuleError {
	named := *e
	named.Module = module
	return &named
}

func (e *InvalidModuleError) Error() string {
	s := fmt.Sprintf("module %q: %s", e.Module, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *InvalidModuleError) Unwrap() error    { return e.Err }
func (e *InvalidModuleError) Kind() abi.Status { return abi.InvalidModule }

// CompileError says that a module was not compiled within the bounds.
type CompileError struct {
	// One of them is set: the bound that it reached.
	Limit  time.Duration
	Memory uint64
}

func (e *CompileError) Error() string {
	if e.Memory > 0 {
		return fmt.Sprintf("compiling it takes more than %d MiB of memory (Config.Compile.Memory)", e.Memory>>20)
	}
	return fmt.Sprintf("compiling it takes longer than %v (Config.Compile.Timeout)", e.Limit)
}

func (e *CompileError) Kind() abi.Status { return abi.InvalidModule }

// InvalidManifestError says what is wrong in a module's manifest.
type InvalidManifestError struct {
	Module string
	// Err is often an *abi.ManifestError, which has the path of the field.
	Err error
}

func (e *InvalidManifestError) Error() string {
	return fmt.Sprintf("module %q: manifest: %v", e.Module, e.Err)
}

func (e *InvalidManifestError) Unwrap() error    { return e.Err }
func (e *InvalidManifestError) Kind() abi.Status { return abi.InvalidManifest }

// NoSuchTaskError says that a module has no task of that name, or that there
// is no such module.
type NoSuchTaskError struct {
	Module string
	// Task is empty if the module was not found.
	Task string
	// Near are similar names.
	Near []string
}

// maxShown is the most bytes of a name in a message.
const maxShown = 256

func (e *NoSuchTaskError) Error() string {
	s := fmt.Sprintf("module %q has no task %q", Clip(e.Module, maxShown), Clip(e.Task, maxShown))
	if e.Task == "" {
		s = fmt.Sprintf("no module %q is loaded", Clip(e.Module, maxShown))
	}
	if len(e.Near) > 0 {
		s += "; it has " + strings.Join(e.Near, ", ")
	}
	return s
}

func (e *NoSuchTaskError) Kind() abi.Status { return abi.NoSuchTask }

// TrapError says that a guest did what WebAssembly or the ABI forbids. Its
// instance is gone.
type TrapError struct {
	Reason string
	// Stack lists the guest's functions, the innermost first.
	Stack []string
}

func (e *TrapError) Error() string {
	s := "trapped: " + e.Reason
	for _, frame := range e.Stack {
		s += "\n    at " + frame
	}
	return s
}

func (e *TrapError) Kind() abi.Status { return abi.Trap }

// OutOfFuelError says that a call, or a turn of an instance that holds many,
// computed more than it may. Its instance is gone.
type OutOfFuelError struct{ Limit uint64 }

func (e *OutOfFuelError) Error() string {
	return fmt.Sprintf("out of fuel: it used more than %d units (Config.Limits.Fuel)", e.Limit)
}

func (e *OutOfFuelError) Kind() abi.Status { return abi.OutOfFuel }

// MemoryError says that a guest trapped or exited after it was refused memory. Err
// is the trap or exit.
type MemoryError struct {
	// Limit is how many bytes the guest may have. If All is set, it is how many all
	// instances of the host may have together.
	Limit uint64
	All   bool
	Err   error
}

func (e *MemoryError) Error() string {
	field := "Config.Limits.Memory"
	if e.All {
		field = "Config.Memory"
	}
	return fmt.Sprintf("it was refused more than %d bytes of memory (%s): %v", e.Limit, field, e.Err)
}

func (e *MemoryError) Unwrap() error { return e.Err }

// ExitError says that a guest ended itself with proc_exit.
type ExitError struct{ Code uint32 }

func (e *ExitError) Error() string    { return fmt.Sprintf("exited with code %d", e.Code) }
func (e *ExitError) Kind() abi.Status { return abi.Exit }

// TaskError is a failure that the task itself reported.
type TaskError struct {
	// Code is the task's own if it is positive. A negative code says that the
	// task failed because an op did, with the status -Code.
	Code    int32
	Message string
	// Type is the name of the exception's class, if the task is a script.
	Type string
	// Stack lists the script's functions, the innermost first.
	Stack []string
}

func (e *TaskError) Error() string {
	s := "failed: "
	if e.Code > 1 {
		s = fmt.Sprintf("failed with code %d: ", e.Code)
	}
	s += e.Type
	if e.Type != "" && e.Message != "" {
		s += ": "
	}
	s += e.Message
	for _, frame := range e.Stack {
		s += "\n    at " + frame
	}
	return s
}

// Code returns the code that a task itself failed with, and 0 for any other error.
func Code(err error) int32 {
	if task, ok := errors.AsType[*TaskError](err); ok {
		return max(task.Code, 0)
	}
	return 0
}

// Kind returns the status of the op that made the task fail, or abi.Failed.
func (e *TaskError) Kind() abi.Status {
	if s := abi.Status(-e.Code); e.Code < 0 && s.Known() {
		return s
	}
	return abi.Failed
}

// Is lets the failure of a task that failed because an op did match the error of
// the op.
func (e *TaskError) Is(target error) bool {
	switch e.Kind() {
	case abi.Timeout:
		return target == ErrTimeout
	case abi.Cancelled:
		return target == ErrCancelled
	case abi.Denied:
		return target == ErrDenied
	case abi.QueueFull:
		return target == ErrQueueFull
	case abi.InstanceLost:
		return target == ErrInstanceLost
	}
	return false
}

// AwaitError says that a cpu task started an op.
type AwaitError struct{ Capability string }

func (e *AwaitError) Error() string {
	return fmt.Sprintf("called %s: cpu tasks may not await; declare it io or blocking", e.Capability)
}

func (e *AwaitError) Is(target error) bool { return target == ErrDenied }
func (e *AwaitError) Kind() abi.Status     { return abi.Denied }

// DeniedError says which capability was not granted, and why.
type DeniedError struct {
	Capability string
	Reason     string
}

func (e *DeniedError) Error() string        { return e.Capability + " is denied: " + e.Reason }
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }
func (e *DeniedError) Kind() abi.Status     { return abi.Denied }

// InvalidInputError says what is wrong with an input.
type InvalidInputError struct{ Reason string }

// maxReason is the most bytes of what is said about an input, which it may quote.
const maxReason = 4 << 10

// InvalidInput returns an InvalidInputError.
func InvalidInput(format string, args ...any) *InvalidInputError {
	return &InvalidInputError{Clip(fmt.Sprintf(format, args...), maxReason)}
}

func (e *InvalidInputError) Error() string    { return "invalid input: " + e.Reason }
func (e *InvalidInputError) Kind() abi.Status { return abi.InvalidInput }

// OutputError says that a task's output is not what its manifest promises.
type OutputError struct{ Reason string }

func (e *OutputError) Error() string { return "invalid output: " + e.Reason }
