package python_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/config"
	"github.com/wexec/wexec/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newHost returns a host that has the engine, or skips the test.
func newHost(t testing.TB, cfg host.Config) *host.Host {
	t.Helper()
	cfg.Engines = hosttest.Engines(t, "python")
	return hosttest.New(t, cfg)
}

// script loads the module of one file.
func script(t testing.TB, h *host.Host, source string) *host.Module {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", "_")
	m, err := h.Load(t.Context(), name, hosttest.Script(t, "python", "tasks.py", source))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// program returns a program of guests/python.
func program(t testing.TB, name string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("../../../../../guests/python", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func TestConformance(t *testing.T) {
	cfg := host.Config{Engines: hosttest.Engines(t, "python")}
	hosttest.Conformance(t, cfg, hosttest.Script(t, "python", "tasks.py", program(t, "conformance.py")), nil)
}

// TestManifest checks what a script says of its tasks.
func TestManifest(t *testing.T) {
	h := newHost(t, host.Config{Capabilities: []capability.Capability{config.Values{"key": "the value"}}})
	m := script(t, h, `
from wexec import config, task

@task(name="other", timeout=1.5, memory=50_000_000, fuel=10**12, uses=["config"])
async def read(name: str):
    """Reads a value.

    It may be None.
    """
    return await config(name)
`)
	got := m.Tasks()[0]
	got.Input, got.Output = nil, nil
	want := host.Task{
		Name: "other", Mode: host.IO, Doc: "Reads a value.\n\nIt may be None.", Timeout: 1500 * time.Millisecond,
		Memory: 50_000_000, Fuel: 1e12, Uses: []string{"config"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"key": `"the value"`, "none": ""} {
		out, err := m.Call(t.Context(), "other", []byte(`"`+name+`"`)).Wait(t.Context())
		if err != nil || string(out) != want {
			t.Errorf("config %s: %s, %v; want %s", name, out, err, want)
		}
	}
}
