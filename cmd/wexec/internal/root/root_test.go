package root

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestCommands finds the commands, the packages that export a function Command.
// Every one must be in the table, and only this package may import it.
func TestCommands(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files:", err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	var names []string
	imports := map[string][]string{} // by the name of the package
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file))
		if slices.ContainsFunc(parsed.Decls, isCommand) {
			names = append(names, name)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[name] = append(imports[name], path)
		}
	}
	if len(names) != len(commands) {
		t.Errorf("the table has %d commands, want %d: %s", len(commands), len(names), strings.Join(names, ", "))
	}
	for name, paths := range imports {
		for _, path := range paths {
			ours, inside := strings.CutPrefix(path, "github.com/wexec/wexec/cmd/wexec/internal/")
			if inside && name != "root" && slices.Contains(names, ours) {
				t.Errorf("%s imports the command %s: what commands share has a package of its own", name, ours)
			}
		}
	}
}

func isCommand(d ast.Decl) bool {
	f, ok := d.(*ast.FuncDecl)
	return ok && f.Recv == nil && f.Name.Name == "Command"
}
