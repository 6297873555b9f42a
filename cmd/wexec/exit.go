package main

import (
	"errors"
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

// exitCodes is the part of a help text that says what the numbers below mean.
const exitCodes = `Exit codes:
  0    done
  1    the task failed or trapped
  2    usage: a wrong flag, a missing file, an unknown task, invalid input
  3    the module or its manifest is invalid
  4    denied: the task asked for something that was not granted
  124  it took too much: timed out, or out of fuel
  130  interrupted
A WASI command's own exit code is passed through, even if it equals one of
these; --json tells them apart.`

const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInvalid     = 3
	exitDenied      = 4
	exitTooMuch     = 124
	exitInterrupted = 130
)

// errInterrupted is the error of everything that ctrl-C ended.
var errInterrupted error = interrupted{}

type interrupted struct{}

func (interrupted) Error() string    { return "interrupted" }
func (interrupted) Kind() abi.Status { return abi.Cancelled }

// usageError is a mistake in how the command was called.
type usageError struct{ err error }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func (e *usageError) Error() string    { return e.err.Error() }
func (e *usageError) Unwrap() error    { return e.err }
func (e *usageError) Kind() abi.Status { return abi.InvalidInput }

// programExit is a WASI command's exit with a code other than 0. It has said
// why itself, on its standard error.
type programExit struct{ err *host.ExitError }

func (e *programExit) Error() string { return e.err.Error() }
func (e *programExit) Unwrap() error { return e.err }

// code returns the exit code as a process can have it.
func (e *programExit) code() int { return int(min(e.err.Code, 255)) }

func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if program, ok := errors.AsType[*programExit](err); ok {
		return program.code()
	}
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	// A task may hand on how an op of its own failed: that its op was denied or
	// took too much is said so, but an invalid input was not the user's.
	_, handedOn := errors.AsType[*host.TaskError](err)
	switch kind := host.Kind(err); {
	case kind == abi.Denied:
		return exitDenied
	case kind == abi.Timeout, kind == abi.OutOfFuel:
		return exitTooMuch
	case handedOn:
		return exitFailed
	case kind == abi.InvalidModule, kind == abi.InvalidManifest:
		return exitInvalid
	case kind == abi.InvalidInput, kind == abi.NoSuchTask:
		return exitUsage
	}
	return exitFailed
}
