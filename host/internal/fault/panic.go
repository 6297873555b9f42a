package fault

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
)

// BugError is the error that replaces a panic of the host's or the embedder's code.
type BugError struct{ Where string }

func (e *BugError) Error() string {
	return fmt.Sprintf("a bug outside of the guest: %s panicked; the log has the stack", e.Where)
}

// ReportPanic logs a recovered panic as an error, with its stack, since it is a bug
// outside of the guest. It returns the error that replaces the panic. Call it from
// the deferred function that recovered.
func ReportPanic(logger *slog.Logger, where string, recovered any, attrs ...any) error {
	attrs = append(attrs, "panic", recovered, "stack", string(debug.Stack()))
	logger.Error(where+" panicked", attrs...)
	return &BugError{where}
}

// IsEnd reports whether a recovered panic is one that a host function raises to end
// its guest, or passes on from guest code that it has entered.
func IsEnd(recovered any) bool {
	switch recovered.(type) {
	case *MisuseError, *AwaitError, *Stopped, *StackError, *OutOfFuelError, *ExitError, *TrapError, *BugError:
		return true
	}
	return false
}

// Clip shortens a guest's text that is too long for a message.
func Clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
