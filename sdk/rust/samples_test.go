//go:build !wasip1

package rust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestSamples runs the samples of the README on a host.
func TestSamples(t *testing.T) {
	hosttest.Samples(t, func(t testing.TB, sample string) []byte {
		return hosttest.RustGuest(t, "../../guests/rust", sample)
	})
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
