package wexec

import (
	"os"
	"strings"
	"testing"
)

// TestReadme copies example/main.go, which the compiler checks, into README.md.
// It fails if the two differed.
func TestReadme(t *testing.T) {
	example, err := os.ReadFile("example/main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const open, close = "<!-- example/main.go -->\n```go\n", "```\n<!-- /example/main.go -->"
	before, rest, ok1 := strings.Cut(string(readme), open)
	_, after, ok2 := strings.Cut(rest, close)
	_, code, ok3 := strings.Cut(string(example), "\n")
	if !ok1 || !ok2 || !ok3 {
		t.Fatalf("no markers for the example: want %q and %q", open, close)
	}
	now := before + open + code + close + after
	if now == string(readme) {
		return
	}
	if err := os.WriteFile("README.md", []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Error("README.md was stale; it is rewritten now")
}
