// Package env has the functions that compilers import from a module named env
// unless they are told otherwise. A module of any kind may import them.
package env

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Import returns the module env.
func Import() engine.Import {
	return engine.Import{Module: "env", Functions: []engine.HostFunction{{
		Name:   "abort",
		Type:   wasm.FuncType{Params: []wasm.ValueType{wasm.I32, wasm.I32, wasm.I32, wasm.I32}},
		Params: []string{"message", "file", "line", "column"},
		Call: func(ctx context.Context, s []uint64) {
			panic(abort(guest.Of(ctx).Peek, uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])))
		},
	}}}
}

// abort returns the reason of a trap. Code that was compiled from AssemblyScript
// calls the import when it throws an exception or an assertion fails. A pointer is
// 0 if there is no such text. The reason omits a text whose pointer is 0 or wrong.
func abort(peek func(ptr, length uint32) ([]byte, bool), message, file, line, column uint32) error {
	reason := "abort"
	if text := readString(peek, message); text != "" {
		reason += ": " + text
	}
	if text := readString(peek, file); text != "" {
		reason += fmt.Sprintf(" in %s(%d:%d)", text, line, column)
	}
	return fault.Misuse("%s", reason)
}

// mostUnits is the most UTF-16 units of a string that are read.
const mostUnits = 1024

// readString reads a string of AssemblyScript, which is UTF-16 with its length in
// bytes before it. The result is one line.
func readString(peek func(ptr, length uint32) ([]byte, bool), ptr uint32) string {
	const header = 4
	if ptr < header {
		return ""
	}
	before, ok := peek(ptr-header, header)
	if !ok {
		return ""
	}
	length := binary.LittleEndian.Uint32(before)
	b, ok := peek(ptr, length)
	if !ok {
		return ""
	}
	units := make([]uint16, 0, mostUnits)
	for ; len(b) >= 2 && len(units) < mostUnits; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, string(utf16.Decode(units)))
	if len(b) >= 2 {
		text += "…"
	}
	return text
}
