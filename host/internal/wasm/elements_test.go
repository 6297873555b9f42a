package wasm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/internal/wasm"
)

// TestCheckElements: an active segment must lie within its table, as far as that
// is known. The module imports a table and a global. Its own tables have 4 and 10
// elements.
func TestCheckElements(t *testing.T) {
	functions := func(n int) []byte { return concat(uleb(n), make([]byte, n)) }
	at := func(table byte, n int, place ...byte) []byte { // flags, table, place, kind
		return concat([]byte{2, table}, place, []byte{0x0b, 0}, functions(n))
	}
	expressions := []byte{6, 1, 0x41, 4, 0x0b, 0x70, 1, 0xd2, 0, 0x0b} // one ref.func
	for name, c := range map[string]struct {
		segment []byte
		want    string // how the error ends; no error if empty
	}{
		"all of a table":           {at(1, 4, 0x41, 0), ""},
		"one too many":             {at(1, 5, 0x41, 0), "5 elements at 0, in a table of 4"},
		"of another table":         {at(2, 5, 0x41, 0), ""},
		"its end":                  {at(1, 0, 0x41, 4), ""},
		"nothing beyond the end":   {at(1, 0, 0x41, 5), "0 elements at 5, in a table of 4"},
		"the last place there is":  {at(1, 1, 0x41, 0x7f), "1 elements at 4294967295, in a table of 4"},
		"expressions":              {expressions, "1 elements at 4, in a table of 4"},
		"a constant global":        {at(1, 2, 0x23, 1), "2 elements at 3, in a table of 4"},
		"a global that fits":       {at(1, 1, 0x23, 1), ""},
		"a global of a global":     {at(1, 1, 0x23, 2), "1 elements at 13, in a table of 4"},
		"a sum":                    {at(1, 2, 0x41, 1, 0x41, 2, 0x6a), "2 elements at 3, in a table of 4"},
		"a difference below 0":     {at(1, 1, 0x41, 1, 0x41, 2, 0x6b), "1 elements at 4294967295, in a table of 4"},
		"a product":                {at(1, 1, 0x41, 2, 0x23, 1, 0x6c), "1 elements at 6, in a table of 4"},
		"passive":                  {concat([]byte{1, 0}, functions(5)), ""},
		"declarative":              {concat([]byte{3, 0}, functions(5)), ""},
		"an imported table":        {at(0, 5, 0x41, 0), ""},
		"an imported global":       {at(1, 5, 0x23, 0), ""},
		"a global that may change": {at(1, 5, 0x23, 3), ""},
		"no such table":            {at(9, 5, 0x41, 0), ""},
		"two values":               {at(1, 5, 0x41, 0, 0x41, 0), ""},
		"no value":                 {at(1, 5), ""},
		"a sum of one":             {at(1, 5, 0x41, 0, 0x6a), ""},
		"an i64":                   {at(1, 5, 0x42, 0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := wasm.Parse(module(
				section(1, 1, 0x60, 0, 0),
				section(2, 2, 0, 0, 1, 0x70, 0, 0, 0, 1, 'g', 3, 0x7f, 0),
				section(3, 1, 0),
				section(4, 2, 0x70, 0, 4, 0x70, 0, 10),
				section(6, 3,
					0x7f, 0, 0x41, 3, 0x0b, // 1: constant
					0x7f, 0, 0x23, 1, 0x41, 10, 0x6a, 0x0b, // 2: 10 more
					0x7f, 1, 0x41, 3, 0x0b), // 3: mutable
				section(9, concat([]byte{2, 1, 0, 0}, c.segment)...),
				section(10, concat([]byte{1}, body())...),
			))
			if err != nil {
				t.Fatal(err)
			}
			err = m.CheckElements()
			if c.want == "" && err != nil || c.want != "" && !strings.HasSuffix(fmt.Sprint(err), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}
