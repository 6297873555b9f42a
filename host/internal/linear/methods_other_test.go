//go:build !linux

package linear

import "testing"

// method is a method to reset a memory.
type method struct {
	name string
	// enter selects the method until the test ends. It returns false if the
	// system does not have it.
	enter func(t testing.TB) bool
}

func methods() []method { return []method{{"copy", func(testing.TB) bool { return true }}} }
