//go:build !wasip1

package cpp_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/hosttest"
)

var include = []string{"-I.", "-I../c"}

func TestSamples(t *testing.T) {
	hosttest.Samples(t, func(t testing.TB, sample string) []byte {
		return hosttest.ClangGuest(t, "examples/"+sample+".cpp", include...)
	})
}

func TestReadme(t *testing.T) { hosttest.Readme(t, "cpp") }

// TestUnit runs the SDK's unit tests, and that of the README, on this machine.
func TestUnit(t *testing.T) {
	sanitize := []string{"-fsanitize=address,undefined", "-fno-sanitize-recover=all"}
	for _, sources := range [][]string{{"tests/tasks_test.cpp"}, {"examples/fetch_test.cpp", "examples/fetch.cpp"}} {
		t.Run(sources[0], func(t *testing.T) {
			flags := append(append(sanitize, include...), sources[1:]...)
			out, err := exec.Command(hosttest.Clang(t, sources[0], flags...)).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestRefused lists tasks wrongly. The compiler must say so.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{`wexec::cpu<f>("f", "Fine.", {.timeout_ms = 5, .uses = {"kv"}})`, ""},
		{`wexec::io<f>("f")`, "no matching function"},
		{`wexec::io<f>("f", "")`, "a_task_has_no_doc"},
		{`wexec::io<f>("", "No name.")`, "a_task_has_no_name"},
		{`wexec::io<f>("f", "One."), wexec::io<g>("f", "Two.")`, "two_tasks_have_one_name"},
		{`wexec::cpu<g>("g", "Waits.")`, "a cpu task must not wait"},
		{`wexec::io<h>("h", "Holds a reference.")`, "a coroutine takes its input by value"},
		{`wexec::io<k>("k", "Has no fields.")`, "list the fields of the struct with WEXEC_FIELDS"},
	} {
		t.Run(c.list, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "task.cpp")
			text := fmt.Sprintf(`#include "wexec.hpp"
				struct plain { int n; };
				[[maybe_unused]] static int f(int n) { return n; }
				[[maybe_unused]] static wexec::task<int> g(int n) { co_return n; }
				[[maybe_unused]] static wexec::task<int> h(const std::string &s) { co_return s.size(); }
				[[maybe_unused]] static void k(plain) {}
				WEXEC_TASKS(%s)`, c.list)
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			flags := append(include, "-o", file+".o", "--target=wasm32-wasi", "-Wno-deprecated", "-c")
			out := hosttest.ClangSays(t, file, flags...)
			if c.want == "" && out != "" || !strings.Contains(out, c.want) {
				t.Errorf("the compiler says %q, want %q in it", out, c.want)
			}
		})
	}
}
