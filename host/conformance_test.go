package host_test

import (
	"os"
	"testing"

	"github.com/wexec/wexec/host"

	"github.com/wexec/wexec/host/hosttest"
)

func TestConformanceC(t *testing.T) {
	hosttest.Conformance(t, host.Config{}, guest(t, "c/conformance.wasm"), nil)
}

func TestConformanceCPP(t *testing.T) {
	hosttest.Conformance(t, host.Config{}, guest(t, "cpp/conformance.wasm"), nil)
}

func TestConformanceGo(t *testing.T) {
	hosttest.Conformance(t, host.Config{}, hosttest.GoGuest(t, "../guests/go/conformance"), nil)
}

// guestJS returns a guest in JavaScript.
func guestJS(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../guests/js/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return hosttest.Script(t, "javascript", name, string(text))
}

func TestConformanceJavaScript(t *testing.T) {
	cfg := host.Config{Engines: hosttest.Engines(t, "javascript")}
	const noTrap = "a script can't do what WebAssembly forbids"
	hosttest.Conformance(t, cfg, guestJS(t, "conformance.js"), map[string]string{
		`trap("")`: noTrap, `trap_io("")`: noTrap, `call("trap\n")`: noTrap, "trap spares the next": noTrap,
		`fetch("no url")`: "fetch throws a TypeError, as in browsers",
	})
}

func TestConformanceRust(t *testing.T) {
	hosttest.Conformance(t, host.Config{}, hosttest.RustGuest(t, "../guests/rust", "conformance"), nil)
}
