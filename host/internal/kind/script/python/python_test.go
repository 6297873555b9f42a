package python_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/host"
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
