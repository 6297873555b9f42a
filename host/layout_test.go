package host_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImportsGoOneWay: abi ← executors ← host ← cmd, and abi ← sdk/go ←
// guests/go. Each folder may import those listed, and itself.
func TestImportsGoOneWay(t *testing.T) {
	const root = "github.com/wexec/wexec/"
	allowed := map[string][]string{
		"abi":       {},
		"executors": {"abi"},
		"host":      {"abi", "executors"},
		"cmd":       {"abi", "executors", "host", "guests"},
		"sdk":       {"abi"},
		"guests":    {"abi", "sdk"},
	}
	forbidden := map[string][]string{
		"executors": {"github.com/tetratelabs/wazero"},
		"host":      {"github.com/prometheus/", "go.opentelemetry.io/", "github.com/nats-io/", "oras.land/"},
	}
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(path.Base(file), ".") && file != "." {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		top, _, inFolder := strings.Cut(file, "/")
		if !strings.HasSuffix(file, ".go") || !inFolder {
			return nil
		}
		if _, ok := allowed[top]; !ok {
			t.Errorf("%s: there is to be no top-level folder %s", file, top)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(imported, root); ok {
				to, _, _ := strings.Cut(ours, "/")
				if to != top && !slices.Contains(allowed[top], to) {
					t.Errorf("%s imports %s: %s may import %v", file, imported, top, allowed[top])
				}
			}
			for _, prefix := range forbidden[top] {
				if strings.HasPrefix(imported, prefix) {
					t.Errorf("%s imports %s", file, imported)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
