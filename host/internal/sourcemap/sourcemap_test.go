package sourcemap

import (
	"strings"
	"testing"
)

// example maps "export const f = () => 1" from a.ts and b.ts:
//
//	line 1: nothing; line 2: column 1 from a.ts 1:1, column 9 from b.ts 3:5
const example = `{"version": 3, "sources": ["a.ts", "lib/b.ts"], "names": [], "mappings": ";AAAA,QCEI;;AAED"}`

func TestFind(t *testing.T) {
	m, err := Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, column int
		want         Place
	}{
		{2, 1, Place{"a.ts", 1, 1}},
		{2, 8, Place{"a.ts", 1, 1}},
		{2, 9, Place{"lib/b.ts", 3, 5}},
		{2, 1000, Place{"lib/b.ts", 3, 5}},
		{4, 2, Place{"lib/b.ts", 5, 4}},
		{0, 1, Place{}}, {1, 1, Place{}}, {3, 1, Place{}}, {5, 1, Place{}}, {-1, 1, Place{}}, {2, 0, Place{}},
	} {
		if got, ok := m.Find(c.line, c.column); got != c.want || ok != (c.want.File != "") {
			t.Errorf("%d:%d: %v, %t, want %v", c.line, c.column, got, ok, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "unexpected end of JSON",
		`[]`:                                   "cannot unmarshal",
		`{"version": 2}`:                       "version 2, want 3",
		`{"version": 3, "mappings": "A!"}`:     "damaged",
		`{"version": 3, "mappings": "AAAAAA"}`: "damaged", // six numbers
		`{"version": 3, "mappings": "D"}`:      "damaged", // column -1
		`{"version": 3, "mappings": "g"}`:      "damaged", // cut off
		`{"version": 3, "mappings": "gggggggggB"}`: "damaged", // too large
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestNoSource: a segment whose source is missing is none.
func TestNoSource(t *testing.T) {
	m, err := Parse([]byte(`{"version": 3, "sources": ["a.ts"], "mappings": "A,CCAA,CDAA"}`))
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[int]bool{1: false, 2: false, 3: true} {
		if _, ok := m.Find(1, column); ok != want {
			t.Errorf("column %d: %t", column, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example), 2, 9)
	f.Fuzz(func(t *testing.T, text []byte, line, column int) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		if p, ok := m.Find(line, column); ok && (p.Line < 1 || p.Column < 1) {
			t.Errorf("%v", p)
		}
	})
}
