package python_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/kind/script/python"
)

// compiler is a program for the engine: it compiles the sources that it reads.
const compiler = `
import json, marshal, sys
codes = {path: marshal.dumps(compile(text, path, "exec", optimize=2))
         for path, text in json.load(sys.stdin).items()}
sys.stdout.buffer.write(marshal.dumps(codes))
`

// TestBytecode checks that the bytecode is that of the sources. If not, it compiles
// them, and fails.
func TestBytecode(t *testing.T) {
	const file, mark = "prelude/bytecode", "prelude/bytecode.sha256"
	sources, sum := preludeSources(t)
	if old, err := os.ReadFile(mark); err == nil && string(old) == sum {
		return
	}
	t.Errorf("%s is not of these sources; WEXEC_ENGINES must be set to write it anew", file)
	h := newHost(t, host.Config{})
	engine, err := fs.ReadFile(hosttest.Engines(t, "python"), python.Engine+".wasm")
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(sources)
	if err != nil {
		t.Fatal(err)
	}
	m := hosttest.Load(t, h, engine).With(host.Options{WASI: &host.WASI{Args: []string{"-c", compiler}}})
	code, err := m.Call(t.Context(), "main", input).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{file: string(code), mark: sum} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("it is written now: run the tests again")
}

// preludeSources returns the sources of the prelude by their paths, and their digest.
func preludeSources(t *testing.T) (sources map[string]string, sum string) {
	t.Helper()
	sources, hash := map[string]string{}, sha256.New()
	prelude := os.DirFS("prelude")
	paths, err := fs.Glob(prelude, "wexec/*.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := fs.ReadFile(prelude, path)
		if err != nil {
			t.Fatal(err)
		}
		sources[path] = string(text)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
	}
	return sources, fmt.Sprintf("%x\n", hash.Sum(nil))
}
