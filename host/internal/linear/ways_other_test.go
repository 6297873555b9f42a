//go:build !linux

package linear

import "testing"

// way is a way to put memories back.
type way struct {
	name string
	// enter makes it the way until the test ends, or returns false.
	enter func(t testing.TB) bool
}

func waysHere() []way { return []way{{"copy", func(testing.TB) bool { return true }}} }
