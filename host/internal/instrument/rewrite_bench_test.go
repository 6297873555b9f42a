package instrument_test

import (
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/instrument"
)

// BenchmarkRewrite rewrites a guest in Go, and compiles it as it was, which
// the rewriting is a part of.
func BenchmarkRewrite(b *testing.B) {
	wasm := hosttest.GoGuest(b, "../../../guests/go/demo")
	r := wazero.NewRuntimeWithConfig(b.Context(), wazero.NewRuntimeConfigCompiler())
	defer r.Close(b.Context())
	b.SetBytes(int64(len(wasm)))
	b.ReportAllocs()
	var compiling time.Duration
	for b.Loop() {
		if _, err := rewrite(wasm, instrument.Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		began := time.Now()
		compiled, err := r.CompileModule(b.Context(), wasm)
		if err != nil {
			b.Fatal(err)
		}
		compiling += time.Since(began)
		compiled.Close(b.Context())
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(compiling), "rewrite/compile")
}
