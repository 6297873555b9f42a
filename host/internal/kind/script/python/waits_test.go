package python_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
)

// load loads a script of testdata.
func load(t testing.TB, h *host.Host, name string) *host.Module {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return script(t, h, string(source))
}

// TestAsserting runs the tasks of scripts that check themselves.
func TestAsserting(t *testing.T) {
	h := newHost(t, host.Config{})
	for _, name := range []string{"waits.py", "values.py"} {
		t.Run(name, func(t *testing.T) {
			m := load(t, h, name)
			for _, task := range m.Tasks() {
				if !strings.HasPrefix(task.Name, "test_") {
					continue
				}
				t.Run(task.Name, func(t *testing.T) {
					if _, err := m.Call(t.Context(), task.Name, nil).Wait(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}
