package wexec

import (
	"context"
	"errors"

	"github.com/wexec/wexec/abi"
)

// Status says how an op ended. It is a number with a word, like denied or
// timeout.
type Status = abi.Status

// The statuses that a guest may want to distinguish.
const (
	StatusOK           = abi.OK
	StatusFailed       = abi.Failed
	StatusTrap         = abi.Trap
	StatusExit         = abi.Exit
	StatusTimeout      = abi.Timeout
	StatusCancelled    = abi.Cancelled
	StatusDenied       = abi.Denied
	StatusQueueFull    = abi.QueueFull
	StatusInstanceLost = abi.InstanceLost
	StatusNoSuchTask   = abi.NoSuchTask
	StatusInvalidInput = abi.InvalidInput
	StatusClosed       = abi.Closed
)

// Error is the failure of an op, such as a call to a task, a fetch or a sleep.
//
// A task that returns an Error, or an error that wraps one, fails with the same
// status and code, so both pass through a chain of calls. To errors.Is, a
// cancelled op is a context.Canceled, and one that timed out is a
// context.DeadlineExceeded.
type Error struct {
	Status Status
	// Code is that of a task which failed with a code of its own (see Fail), and 0
	// otherwise.
	Code int32
	// Message is for people. It is complete without the status.
	Message string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Status.String()
	}
	return e.Message
}

// Is makes an Error without a message match every Error of its status:
//
//	errors.Is(err, &wexec.Error{Status: wexec.StatusDenied})
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Status == StatusCancelled
	case context.DeadlineExceeded:
		return e.Status == StatusTimeout
	}
	t, ok := target.(*Error)
	return ok && t.Status == e.Status && t.Message == ""
}

// StatusOf returns the status that a task fails with if it returns err.
func StatusOf(err error) Status {
	var e *Error
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &e) && e.Status != StatusOK:
		return e.Status
	case errors.Is(err, context.DeadlineExceeded):
		return StatusTimeout
	case errors.Is(err, context.Canceled):
		return StatusCancelled
	}
	return StatusFailed
}

// Failure is an error with a code that the task chose for its caller. See Fail.
type Failure struct {
	Code    int32
	Message string
}

func (f *Failure) Error() string { return f.Message }

// Fail returns an error with a code of the task's own. A task that returns it
// fails with that code, which must be positive. A task that returns an ordinary
// error fails with code 1.
func Fail(code int32, message string) error {
	if code < 1 {
		panic("wexec: Fail: the code must be positive")
	}
	return &Failure{code, message}
}

// errCode is the code of a task that returned an ordinary error or panicked.
const errCode = 1

// failure returns the code and the message that the import fail gets for err.
func failure(err error) (code int32, message string) {
	var own *Failure
	if errors.As(err, &own) {
		return own.Code, err.Error()
	}
	var op *Error
	if errors.As(err, &op) && op.Code > errCode {
		return op.Code, err.Error()
	}
	if status := StatusOf(err); status != StatusFailed || errors.As(err, &op) && op.Status == StatusFailed {
		return -int32(status), err.Error()
	}
	return errCode, err.Error()
}
