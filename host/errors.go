package host

import (
	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/fault"
)

// These errors have no fields. Use errors.Is.
var (
	ErrCancelled      = fault.ErrCancelled
	ErrTimeout        = fault.ErrTimeout
	ErrQueueFull      = fault.ErrQueueFull
	ErrClosed         = fault.ErrClosed
	ErrWouldBlockLoop = executors.ErrWouldBlockLoop
	// ErrInstanceLost is the error of a call whose instance was ended by another
	// call. The errors that match it wrap the other call's error. The call may be
	// tried again.
	ErrInstanceLost = fault.ErrInstanceLost
	// ErrDenied matches every request for something that was not granted.
	ErrDenied = fault.ErrDenied
)

// These are the errors of calls and modules that have fields. Use errors.As.
type (
	// CallError says which task failed: Module, Task, Mode and Err. Every error of
	// a future that Module.Call returns is a CallError, except the error of an
	// unknown task.
	CallError = fault.CallError
	// InvalidModuleError says why a module can't be loaded: Module, Reason, the
	// Options it Needs, Err.
	InvalidModuleError = fault.InvalidModuleError
	// InvalidManifestError says what is wrong in a manifest: Module and Err, which
	// is often an *abi.ManifestError with the path of the field.
	InvalidManifestError = fault.InvalidManifestError
	// NoSuchTaskError says that a module has no task of that name, or that there
	// is no such module: Module, Task, and Near, which are similar names.
	NoSuchTaskError = fault.NoSuchTaskError
	// TrapError says that a guest did what WebAssembly or the ABI forbids: Reason,
	// and Stack, which lists the guest's functions. Its instance is gone.
	TrapError = fault.TrapError
	// OutOfFuelError says that a call computed more than its Limit.
	OutOfFuelError = fault.OutOfFuelError
	// MemoryError says that a guest trapped or exited after it was refused memory:
	// Limit, and Err, which is the trap or exit.
	MemoryError = fault.MemoryError
	// ExitError says that a guest ended itself with proc_exit, with a Code.
	ExitError = fault.ExitError
	// TaskError is a failure that the task itself reported: Code and Message. A
	// negative Code says that the task failed because an op did, with the status
	// -Code.
	TaskError = fault.TaskError
	// AwaitError says that a cpu task used a Capability.
	AwaitError = fault.AwaitError
	// DeniedError says which Capability was not granted, and the Reason.
	DeniedError = fault.DeniedError
	// InvalidInputError says what is wrong with an input: Reason.
	InvalidInputError = fault.InvalidInputError
	// OutputError says that an output is not what the manifest promises: Reason.
	OutputError = fault.OutputError

	// TimeoutError says which deadline passed: Phase and Limit.
	TimeoutError = executors.TimeoutError
	// QueueFullError says which bound refused a call: Queue, What and Size.
	QueueFullError = executors.QueueFullError
	// AbandonedError is the error of a Close that gave up: Executor and Jobs.
	AbandonedError = executors.AbandonedError
)

// Status is a kind of error, by its name in the ABI. A guest gets it as the status
// of an op, and the command prints it as error.kind.
type Status = abi.Status

// The kinds of error.
const (
	OK              = abi.OK
	Failed          = abi.Failed
	Cancelled       = abi.Cancelled
	Timeout         = abi.Timeout
	QueueFull       = abi.QueueFull
	Denied          = abi.Denied
	NoSuchTask      = abi.NoSuchTask
	InvalidInput    = abi.InvalidInput
	InvalidModule   = abi.InvalidModule
	InvalidManifest = abi.InvalidManifest
	Trap            = abi.Trap
	Exit            = abi.Exit
	InstanceLost    = abi.InstanceLost
	Closed          = abi.Closed
	OutOfFuel       = abi.OutOfFuel
)

// Kind returns the kind of an error. It returns OK for nil and Failed for an error
// that wexec does not know.
func Kind(err error) Status { return fault.Kind(err) }
