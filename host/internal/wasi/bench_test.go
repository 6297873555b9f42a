package wasi

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// BenchmarkWASI runs one guest on these calls and on wazero's own.
func BenchmarkWASI(b *testing.B) {
	code := buildGuest(b, "bench", "-buildmode=c-shared")
	dir := b.TempDir()
	for _, sub := range []string{"a/b/c", "many"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	names := []string{"file", "a/b/c/file"}
	for i := range 100 {
		names = append(names, fmt.Sprintf("many/name-%03d", i))
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 1<<20), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	reactors := []struct {
		name  string
		start func(*testing.B) reactor
	}{
		{"ours", func(b *testing.B) reactor { return ourReactor(b, code, dir) }},
		{"wazero", func(b *testing.B) reactor { return wazeroReactor(b, code, dir) }},
	}
	for _, c := range []struct {
		name, function string
		param          uint64
		bytes          int64
	}{
		{"clock", "clock", 0, 0},
		{"read-4K", "read", 4 << 10, 4 << 10},
		{"read-1M", "read", 1 << 20, 1 << 20},
		{"write-4K", "write", 4 << 10, 4 << 10},
		{"write-1M", "write", 1 << 20, 1 << 20},
		{"stat", "stat", 0, 0},
		{"stat-deep", "stat", 1, 0},
		{"open-close", "opens", 0, 0},
		{"open-close-deep", "opens", 1, 0},
		{"readdir-4K", "readdir", 4 << 10, 0},
	} {
		for _, made := range reactors {
			b.Run(c.name+"/"+made.name, func(b *testing.B) {
				r := made.start(b)
				b.SetBytes(c.bytes)
				b.ResetTimer()
				r.call(b, c.function, uint64(b.N), c.param)
			})
		}
	}
}

// BenchmarkHost is what the host's own programs need for the same.
func BenchmarkHost(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	buf := make([]byte, 1<<20)
	for name, move := range map[string]func([]byte) (int, error){"write-1M": file.Write, "read-1M": file.Read} {
		_, _ = file.WriteAt(buf, 0)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(buf)))
			for range b.N {
				_, _ = file.Seek(0, io.SeekStart)
				if n, err := move(buf); n != len(buf) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// reactor is an instance of testdata/bench.
type reactor struct {
	ctx context.Context
	mod api.Module
}

func (r reactor) call(b *testing.B, function string, params ...uint64) {
	b.Helper()
	if _, err := r.mod.ExportedFunction(function).Call(r.ctx, params...); err != nil {
		b.Fatal(err)
	}
}

func ourReactor(b *testing.B, code []byte, dir string) reactor {
	e := newEngine(b, wazero.NewRuntimeConfig())
	system, err := New(Config{Mounts: []Mount{{"/", openMount(b, dir, readWrite)}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(system.Close)
	ctx := newWasmGuest(context.Background(), b, system)
	return startReactor(ctx, b, e.runtime, code, wazero.NewModuleConfig())
}

func wazeroReactor(b *testing.B, code []byte, dir string) reactor {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	b.Cleanup(func() { _ = runtime.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	config := wazero.NewModuleConfig().WithFSConfig(wazero.NewFSConfig().WithDirMount(dir, "/")).
		WithSysNanotime().WithSysWalltime()
	return startReactor(ctx, b, runtime, code, config)
}

func startReactor(
	ctx context.Context, b *testing.B, runtime wazero.Runtime, code []byte, config wazero.ModuleConfig,
) reactor {
	mod, err := runtime.InstantiateWithConfig(ctx, code, config.WithStartFunctions("_initialize"))
	if err != nil {
		b.Fatal(err)
	}
	r := reactor{ctx, mod}
	r.call(b, "setup")
	return r
}
