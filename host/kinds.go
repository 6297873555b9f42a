package host

import (
	"bytes"
	"fmt"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/kind/bare"
	"github.com/wexec/wexec/host/internal/kind/command"
	"github.com/wexec/wexec/host/internal/kind/script"
	"github.com/wexec/wexec/host/internal/kind/script/javascript"
	"github.com/wexec/wexec/host/internal/kind/script/python"
	"github.com/wexec/wexec/host/internal/kind/wexec"
	"github.com/wexec/wexec/host/internal/wasm"
)

// kinds lists the kinds of module. The first whose Open returns a plan wins. Scripts
// have a manifest too, so they come before the ABI's own guests.
var kinds = []kind.Kind{
	script.Kind{javascript.Language{}, python.Language{}},
	wexec.Kind{},
	command.Kind{},
	bare.Kind{},
}

// recognise finds the kind of a module and returns its plan.
func recognise(m *wasm.Module) (*kind.Plan, error) {
	for _, k := range kinds {
		if plan, err := k.Open(m); plan != nil || err != nil {
			return plan, err
		}
	}
	return nil, fault.InvalidModule("it is of no known kind")
}

// notModule says what the bytes are if they are not a WebAssembly module. It returns
// "" if they seem to be one.
func notModule(b []byte) string {
	magic := []byte("\x00asm")
	text := bytes.TrimSpace(b[:min(len(b), 512)])
	switch {
	case len(b) == 0:
		return "the file is empty"
	case bytes.HasPrefix(b, []byte("\x00asm\x01\x00\x00\x00")):
		return ""
	case bytes.HasPrefix(b, magic) && len(b) >= 8 && b[6] == 1:
		return "it is a WebAssembly component, and components are not supported; core modules are: " +
			"build for wasm32-wasip1 (or wasi preview 1), or take the core module out of it"
	case bytes.HasPrefix(b, magic) && len(b) >= 8:
		return fmt.Sprintf("it has WebAssembly version %#x; version 1 is supported", b[4:8])
	case bytes.HasPrefix(magic, b) || bytes.HasPrefix(b, magic):
		return "it is cut off after its first bytes"
	case bytes.HasPrefix(b, []byte("\x7fELF")):
		return "it is an ELF executable, not WebAssembly: build it for wasm32-wasip1"
	case bytes.HasPrefix(b, []byte("MZ")):
		return "it is a Windows executable, not WebAssembly: build it for wasm32-wasip1"
	case bytes.HasPrefix(text, []byte("(module")), bytes.HasPrefix(text, []byte(";;")),
		bytes.HasPrefix(text, []byte("(component")):
		return "it is WebAssembly text: turn it into a binary with wat2wasm or wasm-tools parse"
	}
	return "it is not WebAssembly: the first four bytes are not \\0asm"
}
