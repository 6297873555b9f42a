package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wexec/wexec/abi"
)

// Package host does not export the types below: embedders tell these errors apart
// by Kind alone.

// Stopped is the cause with which an instance's context ends, and the panic that
// ends its code. Err is the error of the call.
type Stopped struct{ Err error }

func (s *Stopped) Error() string { return s.Err.Error() }
func (s *Stopped) Unwrap() error { return s.Err }

// MisuseError is the reason of a trap: a guest broke a rule of its ABI.
type MisuseError struct{ text string }

// Misuse returns a MisuseError, for a host function to panic with.
func Misuse(format string, args ...any) error { return &MisuseError{fmt.Sprintf(format, args...)} }

func (e *MisuseError) Error() string { return e.text }

// StackError is the reason of a trap: calls nested too deep.
type StackError struct{ Limit int }

func (e *StackError) Error() string {
	return fmt.Sprintf("stack overflow: calls took more than %d bytes of stack (Config.Limits.Stack)", e.Limit)
}

// HeldError says that an instance holds too many bytes for its ops.
type HeldError struct{ Limit int }

func (e *HeldError) Error() string {
	return fmt.Sprintf("the instance holds %d bytes of arguments, results and chunks of output: "+
		"drop ops that have ended (Config.Limits.Held)", e.Limit)
}

func (e *HeldError) Kind() abi.Status { return abi.QueueFull }

// FullError says that the host has no memory left for another instance.
type FullError struct{ Limit uint64 }

func (e *FullError) Error() string {
	return fmt.Sprintf("the host is full: there is no room for another instance "+
		"in the %d bytes that all may have together (Config.Memory); try again later", e.Limit)
}

func (e *FullError) Is(target error) bool { return target == ErrQueueFull }
func (e *FullError) Kind() abi.Status     { return abi.QueueFull }

// LostError is an ErrInstanceLost with its cause.
type LostError struct{ Cause error }

func (e *LostError) Error() string   { return "instance lost: another call ended it: " + e.Cause.Error() }
func (e *LostError) Unwrap() []error { return []error{ErrInstanceLost, e.Cause} }

// Kind takes precedence over the kind of the cause.
func (e *LostError) Kind() abi.Status { return abi.InstanceLost }

// ErrDescriptors is the error of a call that needs a file descriptor when the
// process has none left.
var ErrDescriptors error = descriptorsError{}

type descriptorsError struct{}

func (descriptorsError) Error() string {
	return "the host is full: guests have as many files open as they may have together; try again later"
}

func (descriptorsError) Is(target error) bool { return target == ErrQueueFull }
func (descriptorsError) Kind() abi.Status     { return abi.QueueFull }

// ErrDeadline is the error of a call when the deadline of its caller's context has
// passed.
var ErrDeadline error = deadlineError{}

type deadlineError struct{}

func (deadlineError) Error() string { return "timed out: the caller's deadline passed" }

// Is reports that the error is an ErrTimeout and a context.DeadlineExceeded.
func (deadlineError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

func (deadlineError) Kind() abi.Status { return abi.Timeout }

// OutOfMemory returns the trap of an instance that needs more memory than its
// limit.
func OutOfMemory(size, limit uint64) error {
	return &TrapError{Reason: fmt.Sprintf(
		"out of memory: the module starts with %d bytes, and may have %d (Config.Limits.Memory)", size, limit)}
}

// Known returns the error in err's tree that already says how a guest ended, or
// nil.
func Known(err error) error {
	for _, find := range []func(error) error{
		find[*AwaitError], find[*BugError], find[*Stopped], find[*TrapError], find[*OutOfFuelError], find[*ExitError],
	} {
		if own := find(err); own != nil {
			return own
		}
	}
	return nil
}

func find[E error](err error) error {
	if e, ok := errors.AsType[E](err); ok {
		return e
	}
	return nil
}

// TurnError says that an instance held its loop for too long.
type TurnError struct{ Limit time.Duration }

func (e *TurnError) Error() string {
	return fmt.Sprintf("timed out: held its loop for more than %v without giving way (Config.Limits.TurnTimeout)", e.Limit)
}

func (e *TurnError) Is(target error) bool { return target == ErrTimeout }
func (e *TurnError) Kind() abi.Status     { return abi.Timeout }
