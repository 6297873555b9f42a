package wasm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/host/internal/wasm"
)

// names makes a name section of parts.
func names(parts ...[]byte) []byte { return custom("name", concat(parts...)...) }

// functions makes the part with the names of functions: an index and a name each.
func functions(pairs ...any) []byte {
	list := uleb(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		list = concat(list, uleb(pairs[i].(int)), sized([]byte(pairs[i+1].(string))))
	}
	return section(1, list...)
}

// moduleName makes the part with the module's name.
func moduleName(name string) []byte { return section(0, sized([]byte(name))...) }

// TestNames: what can be used of name sections is used, and the rest is dropped.
func TestNames(t *testing.T) {
	one := func(parts ...[]byte) [][]byte { return [][]byte{names(parts...)} }
	locals := section(2, 1, 0, 1, 0, 1, 'x')
	long, cut := strings.Repeat("é", 300), strings.Repeat("é", 254)+"…"
	for name, c := range map[string]struct {
		sections [][]byte
		want     [4]string // the module's name, and those of its functions
	}{
		"none":                   {nil, [4]string{}},
		"some":                   {one(moduleName("m"), functions(0, "f", 2, "h"), locals), [4]string{"m", "f", "", "h"}},
		"parts out of order":     {one(functions(0, "f"), moduleName("m")), [4]string{"m", "f"}},
		"a part twice":           {one(functions(0, "f"), functions(0, "x", 1, "g")), [4]string{"", "f", "g"}},
		"functions out of order": {one(functions(2, "h", 0, "f")), [4]string{"", "f", "", "h"}},
		"a function twice":       {one(functions(1, "g", 1, "x")), [4]string{"", "", "g"}},
		"not UTF-8":              {one(moduleName("\xfe"), functions(0, "\xff\xfe", 1, "g")), [4]string{"", "", "g"}},
		"empty":                  {one(moduleName(""), functions(0, "", 1, "g")), [4]string{"", "", "g"}},
		"no such function":       {one(functions(3, "x", 1<<31, "y", 1, "g")), [4]string{"", "", "g"}},
		"long":                   {one(functions(0, long)), [4]string{"", cut}},
		"nothing in it":          {one(), [4]string{}},
		"cut before a size":      {one(moduleName("m"), []byte{1}), [4]string{"m"}},
		"an endless size":        {one([]byte{0xff, 0xff, 0xff}), [4]string{}},
		"a count too large":      {one(section(1, 0x84, 0x84, 0x84, 0x84, 4), moduleName("m")), [4]string{"m"}},
		"cut in a name":          {one(section(1, 2, 0, 1, 'f', 1, 9, 'g')), [4]string{"", "f"}},
		"an unknown part":        {one(section(77, 1, 2, 3), functions(0, "f")), [4]string{"", "f"}},
		"a section twice": {
			append(one(moduleName("m")), one(moduleName("x"), functions(2, "h"))...), [4]string{"m", "", "", "h"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sections := append([][]byte{
				section(1, 1, 0x60, 0, 0), section(3, 3, 0, 0, 0),
				section(10, concat([]byte{3}, body(), body(), body())...),
			}, c.sections...)
			m, err := wasm.Parse(module(sections...))
			if err != nil {
				t.Fatal(err)
			}
			n := m.Names()
			got := [4]string{string(n.Module)}
			for i, f := range n.Functions {
				got[1+i] = string(f)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("- want, + got:\n%s", diff)
			}
			check(t, m.Bytes)
		})
	}
}
