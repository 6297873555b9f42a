package host_test

import (
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// javascript loads a script in JavaScript.
func javascript(t testing.TB, cfg host.Config, text string, options ...host.Options) *host.Module {
	t.Helper()
	cfg.Engines = hosttest.Engines(t, "javascript")
	return hosttest.Load(t, hosttest.New(t, cfg), hosttest.Script(t, "javascript", "task.js", text), options...)
}

func TestScript(t *testing.T) {
	m := javascript(t, host.Config{}, `
		import { task, sleep } from "wexec";
		export const double = task({ mode: "cpu" }, (n) => n * 2);
		export async function slow(ms) { await sleep(ms); return "slept"; }
		export const add = (a, b) => a + b;
	`)
	for _, c := range [][3]string{{"double", "21", "42"}, {"slow", "1", `"slept"`}, {"add", "[1,2]", "3"}} {
		out, err := m.Call(t.Context(), c[0], []byte(c[1])).Wait(t.Context())
		if err != nil || string(out) != c[2] {
			t.Errorf("%s: %s, %v", c[0], out, err)
		}
	}
}
