// Package javascript runs scripts in JavaScript, on QuickJS.
package javascript

import (
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/script"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Language implements script.Language.
type Language struct{}

// Name implements script.Language.
func (Language) Name() string { return "javascript" }

// Imports implements script.Language.
func (Language) Imports() []engine.Import { return nil }

// Accept implements script.Language.
func (Language) Accept(*wasm.Module) error { return fault.InvalidModule("not yet") }

// Attach implements script.Language.
func (Language) Attach(*guest.Instance, *script.Source) script.Side { return nil }
