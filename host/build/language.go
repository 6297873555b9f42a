package build

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/build/engines"
	"github.com/wexec/wexec/host/build/toolchain"
)

// Language is a language that modules are built from.
type Language struct {
	// Name is its name, and Short are others that people type: "typescript", "ts".
	Name  string
	Short []string
	// Extensions are those of its source files: ".ts".
	Extensions []string
	// Engine is the engine that runs it.
	Engine *engines.Engine
	// Tools are programs of others that some of the work needs, though not all.
	Tools []*toolchain.Tool

	// collect reads what a module of the language consists of.
	collect func(context.Context, *work) (*source, error)
}

// languages has every language.
var languages = []*Language{
	{
		Name: "python", Short: []string{"py"}, Extensions: []string{".py"},
		Engine: mustEngine("python"), Tools: []*toolchain.Tool{toolchain.Pip, toolchain.Python},
		collect: collectPython,
	},
	{
		Name: "javascript", Short: []string{"js"}, Extensions: []string{".js", ".mjs", ".cjs", ".jsx"},
		Engine: mustEngine("javascript"), Tools: []*toolchain.Tool{toolchain.Npm, toolchain.Node},
		collect: collectJavaScript,
	},
	{
		Name: "typescript", Short: []string{"ts"}, Extensions: []string{".ts", ".mts", ".cts", ".tsx"},
		Engine: mustEngine("javascript"), Tools: []*toolchain.Tool{toolchain.Npm, toolchain.Node},
		collect: collectJavaScript,
	},
}

func mustEngine(language string) *engines.Engine {
	e, err := engines.Of(language)
	if err != nil {
		panic(err)
	}
	return e
}

// Languages returns every language.
func Languages() []*Language { return languages }

// LanguageNamed returns the language with a name, which may be a short one.
func LanguageNamed(name string) (*Language, error) {
	var names []string
	for _, l := range languages {
		if l.Name == name || slices.Contains(l.Short, name) {
			return l, nil
		}
		names = append(names, l.Short[0])
	}
	return nil, fmt.Errorf("%q is no language that wexec builds; these are: %s", name, strings.Join(names, ", "))
}

// LanguageOf returns the language of a source file by its extension, or nil if it is no
// source file.
func LanguageOf(file string) *Language {
	extension := strings.ToLower(filepath.Ext(file))
	for _, l := range languages {
		if slices.Contains(l.Extensions, extension) {
			return l
		}
	}
	return nil
}
