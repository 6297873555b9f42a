package rust_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// part is a part of the README that is a copy of an example, or of its tests.
var part = regexp.MustCompile(`(?s)(<!-- (examples/\w+\.rs)( tests)? -->\n)(.*?)(<!-- /examples/\w+\.rs( tests)? -->)`)

// TestReadme copies the examples into README.md. It fails if they differed.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	now := part.ReplaceAllStringFunc(string(readme), func(text string) string {
		parts++
		m := part.FindStringSubmatch(text)
		example, err := os.ReadFile(m[2])
		if err != nil {
			t.Fatal(err)
		}
		code, tests, ok := strings.Cut(string(example), "\n#[cfg(test)]\n")
		about, code, ok2 := strings.Cut(code, "\n\n")
		if !ok || !ok2 || !strings.HasPrefix(about, "//! ") {
			t.Fatalf("%s: want a line that says what it is, code, and then tests", m[2])
		}
		about = strings.TrimPrefix(about, "//! ")
		if m[3] != "" {
			about, code = "", "#[cfg(test)]\n"+tests
		} else {
			about += "\n\n"
		}
		return fmt.Sprintf("%s%s```rust\n%s```\n%s", m[1], about, code, m[5])
	})
	if files, _ := os.ReadDir("examples"); parts != len(files)+1 {
		t.Errorf("the README has %d parts, want one for each of %d examples and one for tests", parts, len(files))
	}
	if now == string(readme) {
		return
	}
	if err := os.WriteFile("README.md", []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Error("README.md was stale; it is rewritten now")
}
