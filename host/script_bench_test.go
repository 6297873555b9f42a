package host_test

import (
	"testing"

	"github.com/wexec/wexec/host"
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
				for b.Loop() {
					out, err := m.Call(b.Context(), name, []byte(`{"n":41,"name":"x","list":[1,2,3]}`)).Wait(b.Context())
					if err != nil || string(out) != `{"n":42,"name":"x","list":[1,2,3]}` {
						b.Fatalf("%s, %v", out, err)
					}
				}
			})
		}
	})
}
