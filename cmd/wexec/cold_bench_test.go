package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wexec/wexec/host/build/engines"
)

// BenchmarkColdRun times a whole process of wexec run that finds its module in
// the cache: a task in C, a program in Go, and tasks of scripts from their sources. For
// the program it also times wazero's own command.
func BenchmarkColdRun(b *testing.B) {
	store, err := engines.DefaultStore()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	b.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	build := func(name, pkg string, env ...string) string {
		out := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, pkg)
		cmd.Env = append(os.Environ(), env...)
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, text)
		}
		return out
	}
	wexec := build("wexec", ".")
	wazero := build("wazero", "github.com/tetratelabs/wazero/cmd/wazero")
	program := build("hello.wasm", "./testdata/hello", "GOOS=wasip1", "GOARCH=wasm")
	js, py := filepath.Join(dir, "task.js"), filepath.Join(dir, "task.py")
	for file, source := range map[string]string{
		js: "export const noop = () => {};",
		py: "from wexec import task\n\n@task\ndef noop():\n    pass\n",
	} {
		if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		args  []string
		stock []string
	}{
		{"c", []string{"run", "../../guests/c/conformance.wasm", "noop"}, nil},
		{"javascript", []string{"run", js, "noop"}, nil},
		{"python", []string{"run", py, "noop"}, nil},
		{"go", []string{"run", program}, []string{"run", "-cachedir", filepath.Join(dir, "wazero-cache"), program}},
	} {
		b.Run(c.name, func(b *testing.B) {
			if e, err := engines.Of(c.name); err == nil && !store.Has(e) {
				b.Skipf("SKIPPED: no engine: wexec engine fetch %s", c.name)
			}
			run := func(file string, args []string) time.Duration {
				start := time.Now()
				if text, err := exec.Command(file, args...).CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, text)
				}
				return time.Since(start)
			}
			run(wexec, c.args) // to fill the cache
			if c.stock != nil {
				run(wazero, c.stock)
			}
			var ours, stock time.Duration
			for b.Loop() { // in turns, since the machine's speed changes
				ours += run(wexec, c.args)
				if c.stock != nil {
					stock += run(wazero, c.stock)
				}
			}
			b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "ms")
			if c.stock != nil {
				b.ReportMetric(float64(stock.Microseconds())/1000/float64(b.N), "wazero-ms")
				b.ReportMetric(float64(ours)/float64(stock), "wexec/wazero")
			}
		})
	}
}
