package wexec

import (
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// Level is that of a line in the log.
type Level = abi.LogLevel

// The levels, lowest first.
const (
	LevelDebug = abi.LogDebug
	LevelInfo  = abi.LogInfo
	LevelWarn  = abi.LogWarn
	LevelError = abi.LogError
)

// Log writes a line to the host's log. The package wexecslog has the same in
// the form of log/slog, for a larger guest.
func Log(level Level, line string) {
	rawLog(uint32(level), unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}
