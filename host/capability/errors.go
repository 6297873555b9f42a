package capability

import (
	"fmt"

	"github.com/wexec/wexec/abi"
)

// Error is an error with the status that the guest gets.
type Error struct {
	Status abi.Status
	Reason string
}

// Errorf returns an *Error.
func Errorf(status abi.Status, format string, args ...any) *Error {
	return &Error{status, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Reason }

// Kind returns the status.
func (e *Error) Kind() abi.Status { return e.Status }
