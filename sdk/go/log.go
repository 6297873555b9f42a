package wexec

import (
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// Level is the level of a log line.
type Level = abi.LogLevel

// The levels, lowest first.
const (
	LevelDebug = abi.LogDebug
	LevelInfo  = abi.LogInfo
	LevelWarn  = abi.LogWarn
	LevelError = abi.LogError
)

// Log writes a line to the host's log. Package wexecslog offers the same through
// log/slog, at the price of a larger guest.
func Log(level Level, line string) {
	rawLog(uint32(level), unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}
