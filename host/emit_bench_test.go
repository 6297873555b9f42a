package host_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// BenchmarkEmit takes chunks of 64 bytes from a guest to the reader: one event an
// op. A small chunk costs as much as an empty one.
func BenchmarkEmit(b *testing.B) {
	for style, wasm := range puppets(b) {
		for _, mode := range modes {
			b.Run(fmt.Sprintf("%s/%s", style, mode), func(b *testing.B) {
				h := hosttest.New(b, host.Config{Limits: host.Limits{TurnTimeout: host.NoLimit, RunTimeout: host.NoLimit}})
				m := hosttest.Load(b, h, wasm)
				var events host.Events
				s := script{}.do(doEmit, theCall, 0, 0, 64).do(doAgain)
				f := m.With(host.Options{Events: &events}).Call(context.Background(), string(mode), s)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := events.Next(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
				f.Cancel()
			})
		}
	}
}
