//go:build !wasip1

package rust_test

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

// TestSamples runs the samples of the README on a host.
func TestSamples(t *testing.T) {
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		io.WriteString(w, "<html><title>Hello</title></html>")
	}))
	defer web.Close()
	for _, c := range []struct {
		sample, task, input string
		output              string
		kind                abi.Status
	}{
		{sample: "compute", task: "primes", input: "100", output: "25"},
		{sample: "sleep", task: "nap", input: "1", output: `"slept for 1 ms"`},
		{sample: "fetch", task: "title", input: `"` + web.URL + `"`, output: `"Hello"`},
		{sample: "fetch", task: "title", input: `"http://denied.example"`, kind: abi.Denied},
		{sample: "fan_out", task: "primes", input: "10001", output: "1229"},
		{sample: "typed", task: "hypotenuse", input: `{"a":3,"b":4}`, output: "5"},
		{sample: "typed", task: "hypotenuse", input: `{"a":3,"b":0}`, kind: abi.Failed},
		{sample: "typed", task: "hypotenuse", input: `{"a":3}`, kind: abi.InvalidInput},
		{sample: "progress", task: "squares", input: "4", output: "0\n1\n4\n9\n"},
	} {
		t.Run(c.sample, func(t *testing.T) {
			h := hosttest.New(t, host.Config{
				Capabilities: []capability.Capability{
					&http.Client{Allow: []string{strings.TrimPrefix(web.URL, "http://")}},
				},
			})
			m := hosttest.Load(t, h, hosttest.RustGuest(t, "../../guests/rust", c.sample))
			output, err := m.Call(t.Context(), c.task, []byte(c.input)).Wait(t.Context())
			if string(output) != c.output || host.Kind(err) != c.kind {
				t.Errorf("got %q, %v; want %q, %v", output, err, c.output, c.kind)
			}
		})
	}
}

// TestNewProject follows the README: it makes a package of its own with the first sample,
// and builds and runs that.
func TestNewProject(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	_, config, _ := strings.Cut(read("README.md"), "<!-- Cargo.toml -->\n```toml\n")
	config, _, ok := strings.Cut(config, "```\n<!-- /Cargo.toml -->")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const published = `git = "https://github.com/wexec/wexec"`
	if !ok || !strings.Contains(config, published) {
		t.Fatal("the README has no Cargo.toml that depends on wexec")
	}
	config = strings.Replace(config, published, fmt.Sprintf("path = %q", here), 1)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"Cargo.toml": config, "src/lib.rs": read("examples/compute.rs")} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wasm := []byte(read(filepath.Join(hosttest.RustBuild(t, dir), "tasks.wasm")))
	m := hosttest.Load(t, hosttest.New(t, host.Config{}), wasm)
	if n, err := m.Call(t.Context(), "primes", []byte("100")).Wait(t.Context()); err != nil || string(n) != "25" {
		t.Errorf("primes: %q, %v", n, err)
	}
	t.Logf("the module has %d bytes", len(wasm))
}
