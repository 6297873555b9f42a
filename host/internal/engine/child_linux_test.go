//go:build linux

package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/wasm"
)

func TestMain(m *testing.M) {
	Child()
	goleak.VerifyTestMain(m)
}

func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func section(id byte, content ...byte) []byte {
	return append(append([]byte{id}, uleb(len(content))...), content...)
}

// moduleOf is a module with one function, of type (i32) → i32, which has that many i32
// locals.
func moduleOf(locals int, code []byte) []byte {
	body := append([]byte{1}, uleb(locals)...)
	body = append(append(body, 0x7f), code...)
	body = append(body, 0x0b)
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, 1, 0x60, 1, 0x7f, 1, 0x7f)...)
	out = append(out, section(3, 1, 0)...)
	out = append(out, section(7, 1, 1, 'f', 0, 0)...)
	return append(out, section(10, append(append([]byte{1}, uleb(len(body))...), body...)...)...)
}

// crossing is a module with many locals that live across many branches, which wazero's
// register allocator takes very long for.
func crossing(locals, branches int) []byte {
	var code []byte
	for i := range locals {
		code = append(append(append(code, 0x20, 0, 0x41), uleb(i&63)...), 0x6a, 0x21) // p + i
		code = append(code, uleb(i+1)...)
	}
	for i := range branches { // if (p == i) local = p
		code = append(append(append(code, 0x20, 0, 0x41), uleb(i&63)...), 0x46, 0x04, 0x40, 0x20, 0, 0x21)
		code = append(append(code, uleb(i%locals+1)...), 0x0b)
	}
	code = append(code, 0x20, 0)
	for i := range locals {
		code = append(append(append(code, 0x20), uleb(i+1)...), 0x6a)
	}
	return moduleOf(locals, code)
}

func open(t testing.TB, bounds Bounds, cacheDir string) *Engine {
	t.Helper()
	e, err := Open(Config{
		CacheDir: cacheDir, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Compile: bounds,
		Pause: func(context.Context) {}, Imports: []Import{{Module: "wasi_snapshot_preview1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func compile(t testing.TB, ctx context.Context, e *Engine, bytes []byte) (*Code, error) {
	t.Helper()
	m, err := wasm.Parse(bytes)
	if err != nil {
		t.Fatal(err)
	}
	return e.Compile(ctx, Source{Module: m, Name: "test", Stack: DefaultStack, Table: DefaultTable})
}

// TestChildCompiles: what is too hard for this process loads all the same, from a child
// and then from the cache, with or without a cache on disk.
func TestChildCompiles(t *testing.T) {
	bytes := crossing(400, 400)
	for name, dir := range map[string]string{"cache": t.TempDir(), "no cache": NoCache} {
		t.Run(name, func(t *testing.T) {
			e := open(t, Bounds{}, dir)
			for range 2 {
				c, err := compile(t, t.Context(), e, bytes)
				if err != nil {
					t.Fatal(err)
				}
				if !c.hard && c.wasm != nil {
					t.Error("it is not hard: the test proves nothing")
				}
				c.Keep("", nil)
				if err := c.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestChildIsBounded: a child that takes too much of something is ended, and the error
// says what to do.
func TestChildIsBounded(t *testing.T) {
	monster := crossing(4000, 4000) // minutes, and gigabytes
	for name, c := range map[string]struct {
		bounds Bounds
		want   string
	}{
		"time":   {Bounds{Time: 300 * time.Millisecond}, "compiling it takes longer than 300ms (Config.Compile.Timeout)"},
		"memory": {Bounds{Memory: 64 << 20}, "compiling it takes more than 64 MiB of memory (Config.Compile.Memory)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compile(t, t.Context(), open(t, c.bounds, t.TempDir()), monster)
			if fault.Kind(err).String() != "invalid_module" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	t.Run("context", func(t *testing.T) {
		e := open(t, Bounds{}, t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := compile(t, ctx, e, monster); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestChildRefuses: the error of an invalid module is about the original, whichever
// process compiled it.
func TestChildRefuses(t *testing.T) {
	hard := crossing(400, 400)
	invalid := append([]byte(nil), hard...)
	invalid[len(invalid)-2] = 0x92 // f32.add in place of the last i32.add
	_, err := compile(t, t.Context(), open(t, Bounds{}, t.TempDir()), invalid)
	if err == nil || !strings.Contains(err.Error(), "it can't be compiled") {
		t.Errorf("got %v", err)
	}
}

// shapes are modules that each burden another part of a load.
var shapes = []struct {
	name string
	wasm []byte
}{
	{"crossing", crossing(4000, 4000)},
	{"types", listing(16_000, 1, 0)},
	{"functions", listing(1, 199_000, 0)},
	{"exports", listing(1, 60_000, 60_000)},
}

// listing is a module with many types, empty functions, and exports.
func listing(types, functions, exports int) []byte {
	list := uleb(types)
	for i := range types {
		list = append(list, 0x60, 8)
		for bit := range 8 {
			list = append(list, []byte{0x7f, 0x7e, 0x7d, 0x7c}[i>>(2*bit)&3])
		}
		list = append(list, 0)
	}
	of, code := uleb(functions), uleb(functions)
	for range functions {
		of, code = append(of, 0), append(code, 2, 0, 0x0b)
	}
	names := uleb(exports)
	for i := range exports {
		name := fmt.Sprint("export", i)
		names = append(append(append(names, byte(len(name))), name...), 0)
		names = append(names, uleb(i%functions)...)
	}
	out := append([]byte("\x00asm\x01\x00\x00\x00"), section(1, list...)...)
	out = append(out, section(3, of...)...)
	out = append(out, section(7, names...)...)
	return append(out, section(10, code...)...)
}

// BenchmarkHostileCompile loads modules that are as hard to load as may be, in a child
// that has a second and 256 MiB, or from the cache. host-ms is the CPU time of this
// process, and host-MB what it allocates.
func BenchmarkHostileCompile(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			dir := b.TempDir()
			var spent time.Duration
			var bytes uint64
			for b.Loop() {
				e := open(b, Bounds{Time: time.Second, Memory: 256 << 20}, dir)
				var before, after goruntime.MemStats
				goruntime.ReadMemStats(&before)
				cpu := ownTime(b)
				if c, err := compile(b, b.Context(), e, shape.wasm); err == nil {
					c.Keep("", nil)
				}
				spent += ownTime(b) - cpu
				goruntime.ReadMemStats(&after)
				bytes += after.TotalAlloc - before.TotalAlloc
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "host-ms")
			b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "host-MB")
		})
	}
}

// ownTime is the CPU time of this process.
func ownTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestChildEndsWithItsParent: a child whose parent has gone does not go on.
func TestChildEndsWithItsParent(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	monster := crossing(4000, 4000)
	if err := (job{Workers: 1, Size: len(monster)}).writeTo(in, monster); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := child.Wait(); err == nil {
		t.Error("it has compiled the module")
	}
}

// TestOddJobs: a child that is told nonsense says so, and ends.
func TestOddJobs(t *testing.T) {
	for _, text := range []string{"", "\x01", "\xff\xff\xff\xff", "\x02\x00\x00\x00{}", "\x02\x00\x00\x00[]", "\x0b\x00\x00\x00{\"Size\":99}"} {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childEnv+"=1")
		child.Stdin = strings.NewReader(text)
		out, err := child.CombinedOutput()
		if err == nil && !strings.Contains(string(out), "Invalid") {
			t.Errorf("%q: %s", text, out)
		}
	}
}
