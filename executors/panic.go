package executors

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError is the error of a future if the function that was to give its
// result panicked or called runtime.Goexit.
type PanicError struct {
	// Value is what the function panicked with, or ErrGoexit.
	Value any
	// Stack is the stack of the goroutine at that moment.
	Stack []byte
}

// ErrGoexit is the Value of a PanicError if the function called
// runtime.Goexit, as testing.T.FailNow does.
var ErrGoexit = errors.New("called runtime.Goexit")

func (e *PanicError) Error() string {
	if e.Value == ErrGoexit {
		return ErrGoexit.Error()
	}
	return fmt.Sprintf("panic: %v", e.Value)
}

// newPanicError takes what recover returned in a function that was deferred.
func newPanicError(recovered any) *PanicError {
	if recovered == nil { // a panic is never nil
		recovered = ErrGoexit
	}
	return &PanicError{recovered, debug.Stack()}
}

// protect calls fn and passes its result to end. If fn panics or calls
// runtime.Goexit, end gets a *PanicError.
func protect[T any](fn func() (T, error), end func(T, error)) {
	var value T
	var err error
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(recover())
		}
		end(value, err)
	}()
	value, err = fn()
	returned = true
}

// runCallback calls a function that was given to Notify. No future waits for
// it, and the goroutine that settles this one has other work, so its panic is
// logged.
func runCallback(fn func()) {
	returned := false
	defer func() {
		if !returned {
			err := newPanicError(recover())
			slog.Error("executors: a callback did not return", "error", err, "stack", string(err.Stack))
		}
	}()
	fn()
	returned = true
}

// forEach calls fn for each element of a list, even if a call ends the
// goroutine by runtime.Goexit: then a deferred call does the rest.
func forEach[T any](list []T, fn func(T)) {
	next := 0
	defer func() {
		if next < len(list) {
			forEach(list[next:], fn)
		}
	}()
	for next < len(list) {
		next++
		fn(list[next-1])
	}
}

// goOn is deferred by the goroutines of executors. If runtime.Goexit ends one
// before it is done, goOn starts another with again: a callback must not end an
// executor. It passes panics on.
func goOn(done *bool, again func()) {
	if v := recover(); v != nil {
		panic(v)
	}
	if !*done {
		go again()
	}
}
