//go:build !wasip1

package c_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/hosttest"
)

func TestSamples(t *testing.T) {
	hosttest.Samples(t, func(t testing.TB, sample string) []byte {
		return hosttest.ClangGuest(t, "examples/"+sample+".c", "-I.")
	})
}

func TestReadme(t *testing.T) { hosttest.Readme(t, "c") }

// TestJSON runs tests/json_test.c on this machine.
func TestJSON(t *testing.T) {
	program := hosttest.Clang(t, "tests/json_test.c", "-I.", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-lm")
	if out, err := exec.Command(program).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRefused lists tasks wrongly. The compiler must say so, in C and in C++, even if its
// warnings are off.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{`WEXEC_TASK(f, io, "Fine.", "timeout_ms": 5, "input": {"type": "object"})`, ""},
		{`WEXEC_TASK_NAMED("g", f, io, "Fine.")`, ""},
		{`WEXEC_TASK(f, io)`, "too few arguments"},
		{`WEXEC_TASK(f, io, "")`, `the task "f" has no doc`},
		{`WEXEC_TASK(f, io, No quotes)`, "error"},
		{`WEXEC_TASK(f, io, "One quote)`, "error"},
		{"WEXEC_TASK(f, io, \"One quote\n)", "error"},
		{"WEXEC_TASK(f, io, One quote\"\n)", "error"},
		{`WEXEC_TASK(f, idle, "No such mode.")`, "wexec_mode_idle"},
		{`WEXEC_TASK(f, io, "No quotes.", timeout_ms: 5)`, `the fields of "f" must be JSON`},
		{"WEXEC_TASK(f, io, \"One quote.\", \"timeout_ms: 5\n)", "error"},
		{`WEXEC_TASK_NAMED(g, f, io, "No quotes.")`, "the name g must be in quotes"},
	} {
		for _, extension := range []string{".c", ".cpp"} {
			t.Run(c.list+extension, func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "task"+extension)
				text := fmt.Sprintf(`#include "wexec.h"
					static void f(wexec_handle call) { (void)call; }
					WEXEC_TASKS(%s)`, c.list)
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				out := hosttest.ClangSays(t, file, "-o", file+".o", "--target=wasm32-wasi", "-I.", "-w", "-c")
				if c.want == "" && out != "" || !strings.Contains(out, c.want) {
					t.Errorf("the compiler says %q, want %q in it", out, c.want)
				}
			})
		}
	}
}
