package suggest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNear(t *testing.T) {
	numbered := make([]string, 20)
	for i := range numbered {
		numbered[i] = fmt.Sprintf("task%02d", i)
	}
	long := strings.Repeat("ß", 100)
	for _, c := range []struct {
		name        string
		names, want []string
	}{
		{"ad", []string{"add", "sub", "multiply"}, []string{"add"}},
		{"ADD", []string{"add", "sub"}, []string{"add"}},
		{"mutliply", []string{"add", "multiply"}, []string{"multiply"}},
		{"grüsse", []string{"grüße", "x"}, []string{"grüße"}},
		{"nothing", []string{"add", "sub"}, []string{"add", "sub"}},
		{"nothing", nil, nil},
		{"", []string{"", "a", "abc"}, []string{"", "a"}},
		{"other", numbered, append(slices.Clone(numbered[:8]), "and 12 more")},
		{"task0", numbered, append(slices.Clone(numbered[:8]), "and 12 more")},
		{long, []string{"x", long + "y"}, []string{strings.Repeat("ß", 64) + "…"}},
		{"x", []string{strings.Repeat("y", 64), strings.Repeat("z", 65)},
			[]string{strings.Repeat("y", 64), strings.Repeat("z", 64) + "…"}},
		{"x", []string{strings.Repeat("\xff", 70)}, []string{strings.Repeat("\xff", 64) + "…"}},
	} {
		if got := Near(c.name, c.names); !slices.Equal(got, c.want) {
			t.Errorf("%.20q: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestNearIsBounded: what is compared and shown does not grow with the names.
func TestNearIsBounded(t *testing.T) {
	const huge = 17 << 20
	for _, r := range []string{"x", "ß", "\U0001F600", "\xff"} {
		text := strings.Repeat(r, huge/len(r))
		if part := start(text); part != strings.Repeat(r, mostCharacters) {
			t.Errorf("%d bytes of %q are compared", len(part), r)
		}
		names := slices.Repeat([]string{text, text[:len(text)/2], r}, 100_000)
		for _, name := range []string{text, r, "other"} {
			shown := strings.Join(Near(name, names), ", ")
			if len(shown) > 3<<10 || !utf8.ValidString(shown) && r != "\xff" {
				t.Errorf("%q: %d bytes are shown", r, len(shown))
			}
		}
	}
	// A name beyond those that are looked at is not found.
	names := append(slices.Repeat([]string{"something else"}, mostNames), "needle")
	if got := Near("needl", names); got[0] != "something else" {
		t.Errorf("got %q: more than %d names were compared", got, mostNames)
	}
}
