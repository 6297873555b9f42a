package host_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
)

// documentation returns what go doc knows of this package, and its examples.
func documentation(t *testing.T) (*doc.Package, []*doc.Example) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files, tests []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		if strings.HasSuffix(name, "_test.go") {
			tests = append(tests, f)
		}
	}
	pkg, err := doc.NewFromFiles(fset, files, "github.com/wexec/wexec/host")
	if err != nil {
		t.Fatal(err)
	}
	return pkg, doc.Examples(tests...)
}

// TestAliasesListTheirMethods: go doc does not show the methods of an alias, so
// the comments of Future and Promise list them.
func TestAliasesListTheirMethods(t *testing.T) {
	aliases := map[string]reflect.Type{
		"Future":  reflect.TypeFor[*host.Future[int]](),
		"Promise": reflect.TypeFor[*host.Promise[int]](),
		"Events":  reflect.TypeFor[*host.Events](),
		"Event":   reflect.TypeFor[host.Event](),
	}
	signature := regexp.MustCompile(`(?m)^\t(\w+)\(`)
	pkg, _ := documentation(t)
	for _, typ := range pkg.Types {
		alias, ok := aliases[typ.Name]
		if !ok {
			continue
		}
		delete(aliases, typ.Name)
		var listed, methods []string
		for _, match := range signature.FindAllStringSubmatch(typ.Doc, -1) {
			listed = append(listed, match[1])
		}
		for i := range alias.NumMethod() {
			methods = append(methods, alias.Method(i).Name)
		}
		slices.Sort(listed)
		if !slices.Equal(listed, methods) {
			t.Errorf("the comment of %s lists %v, its methods are %v", typ.Name, listed, methods)
		}
	}
	if len(aliases) > 0 {
		t.Errorf("types that are not there: %v", aliases)
	}
}

// TestExamplesAreShown: go doc ignores an example of a symbol that does not exist.
func TestExamplesAreShown(t *testing.T) {
	pkg, all := documentation(t)
	shown := map[string]bool{}
	show := func(examples []*doc.Example) {
		for _, e := range examples {
			shown[e.Name] = true
		}
	}
	show(pkg.Examples)
	for _, f := range pkg.Funcs {
		show(f.Examples)
	}
	for _, typ := range pkg.Types {
		show(typ.Examples)
		for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
			show(f.Examples)
		}
	}
	for _, e := range all {
		if !shown[e.Name] {
			t.Errorf("Example%s belongs to no symbol", e.Name)
		}
	}
}

// TestSecurityNamesTests: every test that SECURITY.md names for a promise exists.
func TestSecurityNamesTests(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	for _, dir := range []string{".", "../cmd", "../executors"} {
		err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			code, err := os.ReadFile(file)
			for _, m := range declared.FindAllSubmatch(code, -1) {
				exists[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 40 {
		t.Errorf("SECURITY.md names %d tests", len(named))
	}
	for _, m := range named {
		if !exists[string(m[1])] {
			t.Errorf("there is no %s", m[1])
		}
	}
}
