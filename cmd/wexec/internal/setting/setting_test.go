package setting

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAsFlags(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"at most 64 are allowed (Config.Limits.Memory)", "at most 64 are allowed (--memory)"},
		{"at most 64 are allowed (Limits.Memory)", "at most 64 are allowed (--memory)"},
		{"it has more than 8 bytes (Config.Limits.Output)", "it has more than 8 bytes"},
		{"16 deep already: a → b (Config.Limits.Depth), b", "16 deep already: a → b, b"},
		{"all may have together (Config.Memory); try again", "all may have together; try again"},
		{"it used more than 5 units (Limits.Fuel)", "it used more than 5 units"},
		{`Options.Mode: unknown mode "fast"`, `--mode: unknown mode "fast"`},
		{`http.Client.Allow: entry "http:/"`, `--allow-http: entry "http:/"`},
		{
			`is not on the allow-list: add "example.com" to http.Client.Allow`,
			`is not on the allow-list: allow it with --allow-http example.com`,
		},
		{
			`add "GET https://example.com/v1" to http.Client.Allow`,
			`allow it with --allow-http 'GET https://example.com/v1'`,
		},
		{
			`add "[::1]:81" to http.Client.Allow; example.com:80 redirected there`,
			`allow it with --allow-http [::1]:81; example.com:80 redirected there`,
		},
		{
			"failed: 64 (Limits.Memory)\nadd \"a\" to http.Client.Allow. (Options.Mode)",
			"failed: 64 (--memory)\nallow it with --allow-http a. (--mode)",
		},
	} {
		if got := AsFlags(c.text); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
	for _, unchanged := range []string{
		"",
		"trapped: unreachable",
		"the Config is fine, and so on.",
		// No flag sets these fields.
		"grant it in Config.Grants or in the module's Options",
		`add "a" to Config.Grants`,
		// There are no such fields.
		"a guest's own words (Config.Colour)",
		"(Config.) (Limits.memory) MyLimits.Memory ()",
	} {
		if got := AsFlags(unchanged); got != unchanged {
			t.Errorf("%s\n got %s", unchanged, got)
		}
	}
}

// TestTable compares the fields in the table with those that the library's
// texts name.
func TestTable(t *testing.T) {
	const top = "../../../../"
	var named []string
	for _, dir := range []string{"abi", "executors", "host"} {
		for _, text := range texts(t, top+dir) {
			for _, parts := range mention().FindAllStringSubmatch(text, -1) {
				named = append(named, fullName(parts[2]+parts[3]+parts[4]))
			}
		}
	}
	slices.Sort(named)
	if diff := cmp.Diff(slices.Compact(named), slices.Sorted(maps.Keys(flags))); diff != "" {
		t.Errorf("- named by an error, + in the table:\n%s", diff)
	}
}

// texts returns the strings in the Go files below a folder, without the tests.
func texts(t *testing.T, dir string) (list []string) {
	err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Error(err)
				}
				list = append(list, text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
