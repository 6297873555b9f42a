package wasi

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// suiteVariable names the folder of the WASI test suite (the branch
// prod/testsuite-base of github.com/WebAssembly/wasi-testsuite).
const suiteVariable = "WEXEC_WASI_SUITE"

// suiteCase is what the suite says of a module in a file beside it.
type suiteCase struct {
	Args   []string
	Root   *string
	Env    map[string]string
	Exit   uint32 `json:"exit_code"`
	Stdout string
	Stderr string
}

// TestSuite runs the modules that the WASI project tests engines with.
func TestSuite(t *testing.T) {
	folder := os.Getenv(suiteVariable)
	if folder == "" {
		t.Skipf("THE WASI SUITE IS NOT RUN: %s names no folder that has it", suiteVariable)
	}
	modules, err := filepath.Glob(filepath.Join(folder, "tests/*/testsuite/wasm32-wasip1/*.wasm"))
	if err != nil || len(modules) == 0 {
		t.Fatalf("there are no modules in %s (%v)", folder, err)
	}
	e := newEngine(t, wazero.NewRuntimeConfig())
	for _, module := range modules {
		language := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(module))))
		name := language + "/" + strings.TrimSuffix(filepath.Base(module), ".wasm")
		t.Run(name, func(t *testing.T) { runSuiteCase(t, e, name, module) })
	}
	t.Logf("%d modules", len(modules))
}

func runSuiteCase(t *testing.T, e *engine, name, module string) {
	code, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	var c suiteCase
	if text, err := os.ReadFile(strings.TrimSuffix(module, ".wasm") + ".json"); err == nil {
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	config := Config{Args: append([]string{name}, c.Args...), Stdout: &stdout, Stderr: &stderr}
	for k, v := range c.Env {
		config.Env = append(config.Env, k+"="+v)
	}
	if c.Root != nil {
		root := t.TempDir()
		if err := os.CopyFS(root, os.DirFS(filepath.Join(filepath.Dir(module), *c.Root))); err != nil {
			t.Fatal(err)
		}
		config.Mounts = []Mount{{"/", openMount(t, root, rootfs.Options{Access: rootfs.ReadWrite})}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	exit, err := e.run(ctx, t, name, code, config)
	if err != nil || exit != c.Exit {
		t.Errorf("exit code %d (%v), want %d\n%s", exit, err, c.Exit, stderr.String())
	}
	if c.Stdout != "" && stdout.String() != c.Stdout {
		t.Errorf("stdout is %q, want %q", stdout.String(), c.Stdout)
	}
}

func openMount(t testing.TB, dir string, o rootfs.Options) *rootfs.Mount {
	t.Helper()
	m, err := rootfs.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}
