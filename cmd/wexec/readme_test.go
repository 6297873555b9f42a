package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/build/engines"
)

// TestReadmes runs the READMEs of the SDKs for scripts: it writes the blocks that have a
// name in a comment above them to files, and runs each line of the blocks in sh. A
// comment at the end of such a line is its output. https://example.com is a server here.
func TestReadmes(t *testing.T) {
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "<title>Example Domain</title>")
	}))
	defer site.Close()
	there := strings.NewReplacer("https://example.com", site.URL,
		"--allow-http example.com", "--allow-http "+strings.TrimPrefix(site.URL, "http://"))
	for _, c := range []struct {
		readme, language string
		programs         []string
	}{
		{"sdk/js/README.md", "javascript", []string{"node", "npm"}},
	} {
		t.Run(c.language, func(t *testing.T) {
			store, err := engines.DefaultStore()
			if has, _ := hasEngine(store, "engine:"+c.language); err != nil || !has {
				t.Skipf("SKIPPED: no engine: wexec engine fetch %s", c.language)
			}
			for _, program := range append(c.programs, "sh") {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("SKIPPED: no %s", program)
				}
			}
			readme, err := os.ReadFile(filepath.Join(top, c.readme))
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			t.Setenv("WEXEC", top)
			t.Setenv("WEXEC_ENGINES", store.Dir)
			runReadme(t, there.Replace(string(readme)))
		})
	}
}

var block = regexp.MustCompile("(?m)(?:^<!-- (\\S+) -->\n)?^```(\\w+)\n((?s:.*?))^```$")

func runReadme(t *testing.T, readme string) {
	dir := t.TempDir()
	var lines []string
	for _, m := range block.FindAllStringSubmatch(readme, -1) {
		name, language, text := m[1], m[2], m[3]
		switch {
		case name != "":
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		case language == "sh":
			for line := range strings.Lines(text) {
				lines = append(lines, strings.TrimSpace(line))
			}
		default:
			t.Errorf("a block of %s has no name, so it is not tested:\n%s", language, text)
		}
	}
	if len(lines) == 0 {
		t.Error("it runs nothing")
	}
	for _, line := range lines {
		command, want, told := strings.Cut(line, " # ")
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		out, err := cmd.Output()
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%s\n%s\n%s", line, out, e.Stderr)
		}
		if got := strings.TrimSpace(string(out)); told && got != want {
			t.Errorf("%s\nprinted %s", line, got)
		}
	}
}
