package fault

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
)

// BugError is what a panic of our own code, or of an embedder's, becomes.
type BugError struct{ Where string }

func (e *BugError) Error() string {
	return fmt.Sprintf("a bug outside of the guest: %s panicked; the log has the stack", e.Where)
}

// ReportPanic logs a recovered panic with its stack, loudly, since it is a bug
// of the host's, and returns the error that takes its place. Call it from the
// deferred function that recovered.
func ReportPanic(logger *slog.Logger, where string, recovered any, attrs ...any) error {
	attrs = append(attrs, "panic", recovered, "stack", string(debug.Stack()))
	logger.Error(where+" panicked", attrs...)
	return &BugError{where}
}

// IsEnd reports whether a recovered panic is one by which a host function ends
// its guest on purpose.
func IsEnd(recovered any) bool {
	switch recovered.(type) {
	case *MisuseError, *AwaitError, *Stopped, *StackError, *OutOfFuelError, *ExitError:
		return true
	}
	return false
}

// Clip cuts a text of a guest's that is too long for a message.
func Clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
