package hosttest

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
)

// Samples runs the samples of an SDK's README on a host: compute, sleep, fetch, fan_out,
// typed and progress. They do the same in every language. build makes a sample's module.
func Samples(t *testing.T, build func(t testing.TB, sample string) []byte) {
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		io.WriteString(w, "<html><title>Hello</title></html>")
	}))
	defer web.Close()
	client := &http.Client{Allow: []string{web.Listener.Addr().String()}}
	modules := map[string][]byte{}
	for _, c := range []struct {
		sample, task, input string
		output              string
		kind                abi.Status
	}{
		{sample: "compute", task: "primes", input: "100", output: "25"},
		{sample: "sleep", task: "nap", input: "1", output: `"slept for 1 ms"`},
		{sample: "fetch", task: "title", input: `"` + web.URL + `"`, output: `"Hello"`},
		{sample: "fetch", task: "title", input: `"http://denied.example"`, kind: abi.Denied},
		{sample: "fetch", task: "title", input: `1`, kind: abi.InvalidInput},
		{sample: "fan_out", task: "primes", input: "10001", output: "1229"},
		{sample: "typed", task: "hypotenuse", input: `{"a":3,"b":4}`, output: "5"},
		{sample: "typed", task: "hypotenuse", input: `{"a":3,"b":0}`, kind: abi.Failed},
		{sample: "typed", task: "hypotenuse", input: `{"a":3}`, kind: abi.InvalidInput},
		{sample: "progress", task: "squares", input: "4", output: "0\n1\n4\n9\n"},
	} {
		t.Run(fmt.Sprintf("%s(%s)", c.sample, c.input), func(t *testing.T) {
			if modules[c.sample] == nil {
				modules[c.sample] = build(t, c.sample)
			}
			m := Load(t, New(t, host.Config{Capabilities: []capability.Capability{client}}), modules[c.sample])
			output, err := m.Call(t.Context(), c.task, []byte(c.input)).Wait(t.Context())
			if string(output) != c.output || host.Kind(err) != c.kind {
				t.Errorf("got %q, %v; want %q, %v", output, err, c.output, c.kind)
			}
		})
	}
}

// part is a part of a README that is a copy of an example.
var part = regexp.MustCompile(`(?s)<!-- (examples/\w+\.\w+) -->\n(.*?)<!-- /(examples/\w+\.\w+) -->`)

// Readme copies the files of the folder examples into README.md, in the current folder. It
// fails if they differed. Each file begins with a comment that is text in the README.
func Readme(t *testing.T, language string) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	now := part.ReplaceAllStringFunc(string(readme), func(text string) string {
		parts++
		name := part.FindStringSubmatch(text)[1]
		example, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		about, code, ok := strings.Cut(strings.TrimPrefix(string(example), "// "), "\n\n")
		if !ok {
			t.Fatalf("%s: want a line that says what it is, an empty line, and code", name)
		}
		return fmt.Sprintf("<!-- %s -->\n%s\n\n```%s\n%s```\n<!-- /%s -->", name, about, language, code, name)
	})
	files, err := os.ReadDir("examples")
	if err != nil || parts != len(files) {
		t.Errorf("the README has %d parts for %d examples (%v)", parts, len(files), err)
	}
	if now == string(readme) {
		return
	}
	if err := os.WriteFile("README.md", []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Error("README.md was stale; it is rewritten now")
}

// clang is how the guests in C and C++ are built: with each of these compilers, and flags.
var clang = map[string]struct {
	compiler string
	flags    []string
}{
	".c":   {"clang-22", []string{"-std=gnu11"}},
	".cpp": {"clang++-22", []string{"-std=c++23", "-fno-exceptions", "-fno-rtti"}},
}

// ClangGuest builds a module from a file in C or C++. The test is skipped where the
// compiler is missing, and fails if the build fails.
func ClangGuest(t testing.TB, source string, flags ...string) []byte {
	t.Helper()
	return readFile(t, Clang(t, source, append([]string{"--target=wasm32-wasi", "-Wno-deprecated", "--no-wasm-opt",
		"-mexec-model=reactor", "-Wl,-z,stack-size=65536", "-Wl,--stack-first"}, flags...)...))
}

// Clang builds a file in C or C++, and returns the path of what it made. It skips and
// fails as ClangGuest does.
func Clang(t testing.TB, source string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	flags = append([]string{"-Os", "-Wall", "-Wextra", "-Werror", "-o", out}, flags...)
	if said := ClangSays(t, source, flags...); said != "" {
		t.Fatalf("%s:\n%s", source, said)
	}
	return out
}

// missing is what the compiler says if it lacks a library: libc, libc++ or a sanitizer.
var missing = regexp.MustCompile(`'(stdio.h|math.h|cmath|cassert|chrono)' file not found|libclang_rt\S*: No such file`)

// ClangSays compiles a file in C or C++, and returns what the compiler says of it: nothing,
// if all is well. The test is skipped where the compiler or its libraries are missing.
func ClangSays(t testing.TB, source string, flags ...string) string {
	t.Helper()
	c := clang[filepath.Ext(source)]
	if _, err := exec.LookPath(c.compiler); err != nil {
		t.Skipf("SKIPPED: there is no %s here", c.compiler)
	}
	text, err := exec.Command(c.compiler, append(append(c.flags, source), flags...)...).CombinedOutput()
	if lacks := missing.Find(text); lacks != nil {
		t.Skipf("SKIPPED: %s has no libraries here: %s", c.compiler, lacks)
	}
	if err != nil {
		return fmt.Sprintf("%v\n%s", err, text)
	}
	return string(text)
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
