// Package exit says which exit code an error gives the process. It also has the
// errors that only a command line knows: a wrong usage, an interrupt, the exit
// of the program that was run.
package exit

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

// Help is the part of a help text that says what the exit codes mean.
const Help = `Exit codes:
  0    done
  1    the task failed or trapped
  2    usage: a wrong flag, a missing file, an unknown task, invalid input
  3    the module or its manifest is invalid
  4    denied: the task asked for something that was not granted
  124  it took too much: timed out, or out of fuel
  130  interrupted
A WASI command's own exit code is passed through, even if it equals one of
these; --json tells them apart.`

// The exit codes.
const (
	Done        = 0
	Failed      = 1
	WrongUsage  = 2
	Invalid     = 3
	Denied      = 4
	TooMuch     = 124
	Interrupted = 130
)

// ErrInterrupted is the error of everything that ctrl-C ended.
var ErrInterrupted error = interruptedError{}

type interruptedError struct{}

func (interruptedError) Error() string    { return "interrupted" }
func (interruptedError) Kind() abi.Status { return abi.Cancelled }

// UsageError is a mistake in how the command was called.
type UsageError struct{ Err error }

// Usagef returns a UsageError with the text of fmt.Errorf.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

func (e *UsageError) Error() string    { return e.Err.Error() }
func (e *UsageError) Unwrap() error    { return e.Err }
func (e *UsageError) Kind() abi.Status { return abi.InvalidInput }

// UsageArgs turns the error of a check of the arguments into a UsageError that
// shows the usage.
func UsageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return Usagef("%w (usage: %s)", err, cmd.UseLine())
		}
		return nil
	}
}

// ProgramError is the exit of a WASI command with a code other than 0.
type ProgramError struct {
	Err  error // of the call
	Exit *host.ExitError
}

func (e *ProgramError) Error() string { return e.Err.Error() }
func (e *ProgramError) Unwrap() error { return e.Err }

// code returns the program's exit code if a process can have it, or else 255.
func (e *ProgramError) code() int { return int(min(e.Exit.Code, 255)) }

// Explained reports whether the user already knows why: a program writes the
// reason for its exit code to its standard error. It can't know which limit
// refused it memory.
func Explained(err error) bool {
	_, exited := errors.AsType[*ProgramError](err)
	_, refused := errors.AsType[*host.MemoryError](err)
	return exited && !refused
}

// Code returns the exit code for an error, which may be nil.
func Code(err error) int {
	if err == nil {
		return Done
	}
	if program, ok := errors.AsType[*ProgramError](err); ok {
		return program.code()
	}
	if errors.Is(err, ErrInterrupted) {
		return Interrupted
	}
	// A task may pass on the failure of one of its ops. Denied, timed out and
	// out of fuel keep their codes then. An invalid input does not: the task
	// made it, not the user.
	_, passedOn := errors.AsType[*host.TaskError](err)
	switch kind := host.Kind(err); {
	case kind == abi.Denied:
		return Denied
	case kind == abi.Timeout, kind == abi.OutOfFuel:
		return TooMuch
	case passedOn:
		return Failed
	case kind == abi.InvalidModule, kind == abi.InvalidManifest:
		return Invalid
	case kind == abi.InvalidInput, kind == abi.NoSuchTask:
		return WrongUsage
	}
	return Failed
}
