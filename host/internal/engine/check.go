package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/wasm"
)

// CheckImports checks, before a module is compiled, that the host provides all of
// its imports. The error is a *fault.InvalidModuleError, which lists those that are
// missing by the module that they are imported from.
func (e *Engine) CheckImports(m *wasm.Module) error { return e.checkImports(m, e.provided) }

func (e *Engine) checkImports(m *wasm.Module, provided imports) error {
	var from []string // modules with missing imports, in the order of the imports
	missing := map[string][]string{}
	for _, i := range m.Imports {
		if why := provided.missing(m, i); why != "" {
			if missing[i.Module] == nil {
				from = append(from, i.Module)
			}
			missing[i.Module] = append(missing[i.Module], why)
		}
	}
	if from == nil {
		return nil
	}
	texts := make([]string, len(from))
	for n, module := range from {
		texts[n] = e.describe(module, missing[module])
	}
	return fault.InvalidModule("it imports %s; this host does not provide that", strings.Join(few(texts), "; "))
}

// missing describes an import that the host does not provide. It returns "" if the
// host provides it.
func (has imports) missing(m *wasm.Module, i wasm.Import) string {
	name := fault.Clip(i.Name, 64)
	if i.Kind != wasm.KindFunction {
		return fmt.Sprintf("%s (a %v)", name, i.Kind)
	}
	wants := m.Types[i.Type]
	is, ok := has[i.Module][i.Name]
	switch {
	case !ok:
		return name
	case !wants.Equal(is):
		return fmt.Sprintf("%s as %v; it is %v", name, wants, is)
	}
	return ""
}

// describe lists the missing imports from one module, and says what usually
// provides them.
func (e *Engine) describe(module string, names []string) string {
	text := fault.Clip(module, 64) + "." + strings.Join(few(names), ", ")
	for _, p := range providers {
		if module == p.module || strings.HasSuffix(p.module, ":") && strings.HasPrefix(module, p.module) {
			return text + ": " + p.what
		}
	}
	return text
}

// providers says what kind of module imports from a module that hosts lack.
var providers = []struct{ module, what string }{
	{"extism:", "it is an Extism plugin"},
	{"wasi:", "it is made for WASI 0.2 components: build it for wasm32-wasip1"},
	{"gojs", "it is built by Go for browsers: build it with GOOS=wasip1"},
	{"go", "it is built by Go for browsers: build it with GOOS=wasip1"},
	{"wbg", "it is built by wasm-bindgen for JavaScript: build it for wasm32-wasip1"},
	{"__wbindgen_placeholder__", "it is built by wasm-bindgen for JavaScript: build it for wasm32-wasip1"},
	{"a", "it is built by Emscripten for JavaScript: build it with -sSTANDALONE_WASM"},
	{"env", "an embedder of its own has that, or Emscripten's JavaScript: " +
		"build it with -sSTANDALONE_WASM or for wasm32-wasip1"},
}

// few shortens a list that is too long to read.
func few(list []string) []string {
	const most = 16
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// imports are host functions, by module and name.
type imports map[string]map[string]wasm.FuncType

// provide returns the host functions that modules may import, or all of them, which
// those that others run on may import.
func (e *Engine) provide(all bool) imports {
	provided := imports{}
	for _, imported := range e.cfg.Imports {
		if imported.Private && !all {
			continue
		}
		if provided[imported.Module] == nil {
			provided[imported.Module] = map[string]wasm.FuncType{}
		}
		for _, f := range imported.Functions {
			provided[imported.Module][f.Name] = f.Type
		}
	}
	return provided
}
