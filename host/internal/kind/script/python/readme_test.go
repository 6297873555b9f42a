package python_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

const sdk = "../../../../../sdk/python"

var block = regexp.MustCompile("(?s)```python\n(.*?)```\n```text\n(.*?)```")

// TestReadme runs the programs of the SDK's README, here and under CPython, and compares
// what they print.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sdk, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := block.FindAllStringSubmatch(string(text), -1)
	if n := strings.Count(string(text), "```python"); len(programs) != n {
		t.Fatalf("%d of %d programs say what they print", len(programs), n)
	}
	for i, p := range programs {
		t.Run(fmt.Sprintf("wexec/%d", i), func(t *testing.T) {
			h := newHost(t, host.Config{})
			var out bytes.Buffer
			m := hosttest.Load(t, h, hosttest.Script(t, "python", "tasks.py", p[1])).With(
				host.Options{WASI: &host.WASI{Stdout: &out}})
			if _, err := m.Call(t.Context(), "main", nil).Wait(t.Context()); err != nil || out.String() != p[2] {
				t.Errorf("%s, %v; want %s", out.String(), err, p[2])
			}
		})
		t.Run(fmt.Sprintf("cpython/%d", i), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "tasks.py")
			if err := os.WriteFile(file, []byte(p[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := cpython(t, file); out != p[2] {
				t.Errorf("%s; want %s", out, p[2])
			}
		})
	}
}

// TestSDK runs the tests of the package for CPython.
func TestSDK(t *testing.T) {
	cpython(t, "-m", "unittest", "discover", "-s", filepath.Join(sdk, "tests"))
}

// TestNames checks that the package for CPython has the names of the prelude's.
func TestNames(t *testing.T) {
	all := regexp.MustCompile(`(?s)__all__ = \[(.*?)\]`)
	var lists [][]string
	for _, file := range []string{"prelude/wexec/__init__.py", filepath.Join(sdk, "wexec/__init__.py")} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Fields(all.FindStringSubmatch(string(text))[1])
		slices.Sort(names)
		lists = append(lists, names)
	}
	if !slices.Equal(lists[0], lists[1]) {
		t.Errorf("the prelude has %v, the package %v", lists[0], lists[1])
	}
}

// cpython runs the machine's Python, and returns what it prints. It skips the test if
// there is none that is new enough.
func cpython(t *testing.T, args ...string) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run()
	}
	if err != nil {
		t.Skipf("SKIPPED, no Python 3.11: %v", err)
	}
	path, err := filepath.Abs(sdk)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+path, "PYTHONDONTWRITEBYTECODE=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	return string(out)
}
