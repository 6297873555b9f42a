//go:build unix

package python_test

import (
	"io"
	"io/fs"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/kind/script/python"
)

const benchScript = `
from wexec import task, sleep

@task
def double(n: int) -> int:
    return 2 * n

@task(cpu=True)
def double_cpu(n: int) -> int:
    return 2 * n

@task
async def double_io(n: int) -> int:
    return 2 * n

@task
async def nap(s: float):
    await sleep(s)
`

// BenchmarkScript measures warm calls, one after the other: each is pristine, except
// those of mode io, which share an instance.
func BenchmarkScript(b *testing.B) {
	h := newHost(b, host.Config{})
	m := script(b, h, benchScript)
	for name, task := range map[string]string{"blocking": "double", "cpu": "double_cpu", "io": "double_io"} {
		b.Run("python/"+name, func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				out, err := m.Call(b.Context(), task, []byte("21")).Wait(b.Context())
				if err != nil || string(out) != "42" {
					b.Fatal(string(out), err)
				}
			}
			reportCPU(b, before)
		})
	}
}

// BenchmarkInFlight has 10,000 calls wait in one instance, and tells the memory that
// each takes, in the guest and in the host.
func BenchmarkInFlight(b *testing.B) {
	const calls = 10_000
	h := newHost(b, host.Config{IO: host.ExecutorLimits{Workers: 1, InFlight: calls + 1, Queue: calls + 1}})
	m := script(b, h, benchScript)
	call := func(input string) *host.Future[[]byte] { return m.Call(b.Context(), "nap", []byte(input)) }
	if _, err := call("0.001").Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		heap, guest := heapBytes(), int64(h.Stats().MemoryBytes)
		futures := make([]*host.Future[[]byte], calls)
		start := time.Now()
		for i := range futures {
			futures[i] = call("30")
		}
		if _, err := m.Call(b.Context(), "double_io", []byte("1")).Wait(b.Context()); err != nil {
			b.Fatal(err) // it ran after the others, which all wait now
		}
		b.ReportMetric(float64(time.Since(start).Microseconds())/calls, "µs/start")
		b.ReportMetric(float64(heapBytes()-heap)/calls, "heap-B/call")
		b.ReportMetric(float64(int64(h.Stats().MemoryBytes)-guest)/calls, "guest-B/call")
		for _, f := range futures {
			f.Cancel()
		}
		for _, f := range futures {
			_, _ = f.Wait(b.Context())
		}
	}
}

// cpuTime returns how long the process has computed, which other processes change less
// than they do the time on the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU reports the time since before, for each of b.N.
func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// BenchmarkStart compares a program of one line on the engine itself, run as a WASI
// command, with the same program as a script, and with scripts that have tasks. All are
// compiled before.
func BenchmarkStart(b *testing.B) {
	const source = "import json\nprint(json.dumps({'a': 1}))\n"
	h := newHost(b, host.Config{})
	bytes, err := fs.ReadFile(hosttest.Engines(b, "python"), python.Engine+".wasm")
	if err != nil {
		b.Fatal(err)
	}
	plain, err := h.Load(b.Context(), "plain", bytes)
	if err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, m *host.Module, task string, args ...string) {
		m = m.With(host.Options{WASI: &host.WASI{Args: args, Stdout: io.Discard}})
		before := cpuTime()
		for b.Loop() {
			if _, err := m.Call(b.Context(), task, nil).Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		reportCPU(b, before)
	}
	b.Run("plain", func(b *testing.B) { run(b, plain, "main", "-c", source) })
	b.Run("program", func(b *testing.B) { run(b, script(b, h, source), "main") })
	for name, text := range map[string]string{
		"tasks":    "from wexec import task\n@task\ndef f(): pass",
		"io tasks": "from wexec import task\n@task\nasync def f(): pass",
	} {
		module := hosttest.Script(b, "python", "tasks.py", text)
		b.Run(name, func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				m, err := h.Load(b.Context(), "loaded", module)
				if err == nil {
					err = m.Close(b.Context())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, before)
		})
	}
}
