package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/instrument"
)

// Errors that have no more to say than their name. Use errors.Is.
var (
	ErrCancelled      = executors.ErrCancelled
	ErrTimeout        = executors.ErrTimeout
	ErrQueueFull      = executors.ErrQueueFull
	ErrClosed         = executors.ErrClosed
	ErrWouldBlockLoop = executors.ErrWouldBlockLoop
	// ErrInstanceLost is the error of a call whose instance another call
	// ended. It wraps that call's error. The call may be tried again.
	ErrInstanceLost = errors.New("instance lost")
	// ErrDenied is matched by everything that was asked for and not granted.
	ErrDenied = errors.New("denied")
)

// Errors of the executors.
type (
	TimeoutError   = executors.TimeoutError
	QueueFullError = executors.QueueFullError
	// AbandonedError is what Close returns of what it gave up.
	AbandonedError = executors.AbandonedError
)

// Kind says what sort of error err is, in the words of the ABI: what a guest
// gets as the status of an op, and the command prints as error.kind. It is
// abi.OK for nil and abi.Failed for an error that wexec does not know.
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

// CallError says which task failed. Every error of a Future that comes from
// Module.Call is one, but for that of a task that there isn't.
type CallError struct {
	Module, Task string
	Mode         Mode
	Err          error
}

func (e *CallError) Error() string {
	sep := ": "
	if _, ok := e.Err.(*AwaitError); ok {
		sep = " " // the error is the rest of the sentence
	}
	return fmt.Sprintf("task %q (mode %s)%s%v", e.Task, e.Mode, sep, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// InvalidModuleError says why a module can't be loaded.
type InvalidModuleError struct {
	Module string
	Reason string
	// Needs are the fields of Options with which a module that is refused
	// would be loaded: "Exceptions", "SharedMemory".
	Needs []string
	Err   error // may be nil
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

// InvalidManifestError says where a module's manifest is wrong.
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
	// Task is empty if it is the module that was not found.
	Task string
	// Near are the names that are most like it.
	Near []string
}

func (e *NoSuchTaskError) Error() string {
	s := fmt.Sprintf("module %q has no task %q", e.Module, e.Task)
	if e.Task == "" {
		s = fmt.Sprintf("no module %q is loaded", e.Module)
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
	// Stack has the guest's functions, the innermost first.
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

// stackError is the reason of a trap: code called too deep.
type stackError struct{ limit int }

func (e *stackError) Error() string {
	return fmt.Sprintf("stack overflow: calls took more than %d bytes of stack (Config.Limits.Stack)", e.limit)
}

// OutOfFuelError says that a call, or a turn of an instance that holds many,
// computed more than it may. Its instance is gone.
type OutOfFuelError struct{ Limit uint64 }

func (e *OutOfFuelError) Error() string {
	return fmt.Sprintf("out of fuel: it used more than %d units (Limits.Fuel)", e.Limit)
}

func (e *OutOfFuelError) Kind() abi.Status { return abi.OutOfFuel }

// ExitError says that a guest ended itself with proc_exit.
type ExitError struct{ Code uint32 }

func (e *ExitError) Error() string    { return fmt.Sprintf("exited with code %d", e.Code) }
func (e *ExitError) Kind() abi.Status { return abi.Exit }

// TaskError is a failure that the task itself reported.
type TaskError struct {
	// Code is the task's own, if it is positive. If it is negative, the task
	// failed because an op did, with the status -Code.
	Code    int32
	Message string
}

func (e *TaskError) Error() string {
	if e.Code > 1 {
		return fmt.Sprintf("failed with code %d: %s", e.Code, e.Message)
	}
	return "failed: " + e.Message
}

// Kind returns the kind of the op's failure that made the task fail, or
// abi.Failed.
func (e *TaskError) Kind() abi.Status {
	if s := abi.Status(-e.Code); e.Code < 0 && s.Known() {
		return s
	}
	return abi.Failed
}

// Is makes a failure that was handed on look like what it was.
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

// DeniedError says what was asked for and not granted, and what to do.
type DeniedError struct {
	Capability string
	Reason     string
}

func (e *DeniedError) Error() string        { return e.Capability + " is denied: " + e.Reason }
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }
func (e *DeniedError) Kind() abi.Status     { return abi.Denied }

// InvalidInputError says why an input can't be what was meant.
type InvalidInputError struct{ Reason string }

func (e *InvalidInputError) Error() string    { return "invalid input: " + e.Reason }
func (e *InvalidInputError) Kind() abi.Status { return abi.InvalidInput }

// OutputError says that a task's output is not what its manifest promises.
type OutputError struct{ Reason string }

func (e *OutputError) Error() string { return "broke its word: " + e.Reason }

// heldError says that an instance holds too much for the op.
type heldError struct{ limit int }

func (e *heldError) Error() string {
	return fmt.Sprintf("the instance holds %d bytes of arguments and results: drop ops that have ended (Config.Limits.Held)", e.limit)
}

func (e *heldError) Kind() abi.Status { return abi.QueueFull }

// memoryError says that the host has no memory for another instance now.
type memoryError struct{ limit uint64 }

func (e *memoryError) Error() string {
	return fmt.Sprintf("the host is full: no room for another instance in the %d bytes that all may have together (Config.Memory); try again later", e.limit)
}

func (e *memoryError) Is(target error) bool { return target == ErrQueueFull }
func (e *memoryError) Kind() abi.Status     { return abi.QueueFull }

// lostError is ErrInstanceLost with its cause.
type lostError struct{ cause error }

func (e *lostError) Error() string   { return "instance lost: another call ended it: " + e.cause.Error() }
func (e *lostError) Unwrap() []error { return []error{ErrInstanceLost, e.cause} }

// Kind comes before that of the cause.
func (e *lostError) Kind() abi.Status { return abi.InstanceLost }

// hostBug is what a panic in one of our own host functions becomes.
type hostBug struct{ import_ string }

func (e *hostBug) Error() string {
	return fmt.Sprintf("a bug in wexec: the host function %s panicked; the log has the stack", e.import_)
}

// guestError turns what wazero says of a call that ended badly into ours.
func guestError(err error) error {
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		return &ExitError{exit.ExitCode()}
	}
	for _, keep := range []func(error) error{as[*AwaitError], as[*hostBug], as[*stopped], as[*TrapError], as[*OutOfFuelError]} {
		if own := keep(err); own != nil {
			return own
		}
	}
	text, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
	stack, _, _ = strings.Cut(stack, "\n\nGo runtime stack trace:")
	text = strings.TrimPrefix(text, "wasm error: ")
	trap := &TrapError{Reason: strings.TrimSuffix(text, " (recovered by wazero)")}
	for frame := range strings.SplitSeq(stack, "\n") {
		if frame = strings.TrimSpace(frame); frame != "" && !instrument.Added(frame) {
			trap.Stack = append(trap.Stack, frame)
		}
	}
	return trap
}

func as[E error](err error) error {
	var e E
	if errors.As(err, &e) {
		return e
	}
	return nil
}
