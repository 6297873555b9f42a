//go:build linux

package host_test

import (
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// BenchmarkScript calls a task of a script, one call at a time, each in a fresh state
// unless it is io.
func BenchmarkScript(b *testing.B) {
	b.Run("js", func(b *testing.B) {
		m := javascript(b, host.Config{}, `
			import { task } from "wexec";
			const handle = (o) => ({ ...o, n: o.n + 1 });
			export const sync = task({ mode: "cpu" }, handle);
			export const direct = task({ mode: "blocking" }, async (o) => handle(await o));
			export const async = task(async (o) => handle(await Promise.resolve(o)));
		`)
		for _, name := range []string{"sync", "direct", "async"} {
			b.Run(name, func(b *testing.B) {
				cpu := cpuTime()
				for b.Loop() {
					out, err := m.Call(b.Context(), name, []byte(`{"n":41,"name":"x","list":[1,2,3]}`)).Wait(b.Context())
					if err != nil || string(out) != `{"n":42,"name":"x","list":[1,2,3]}` {
						b.Fatalf("%s, %v", out, err)
					}
				}
				b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
			})
		}
	})
}

// BenchmarkScriptCold makes a host, loads a script whose engine is in the compile cache,
// and makes one call.
func BenchmarkScriptCold(b *testing.B) {
	cfg := host.Config{CacheDir: b.TempDir(), Engines: hosttest.Engines(b, "javascript")}
	wasm := hosttest.Script(b, "javascript", "task.js", `export const f = (n) => n + 1;`)
	call := func() {
		h, err := host.New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		m, err := h.Load(b.Context(), "guest", wasm)
		if err != nil {
			b.Fatal(err)
		}
		if out, err := m.Call(b.Context(), "f", []byte("1")).Wait(b.Context()); string(out) != "2" {
			b.Fatal(err)
		}
		if err := h.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	call() // compiles the engine
	for b.Loop() {
		call()
	}
}
