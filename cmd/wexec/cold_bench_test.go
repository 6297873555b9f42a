package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkColdRun times a whole process of wexec run that finds its module in
// the cache: a task in C, and a program in Go. For the program it also times
// wazero's own command.
func BenchmarkColdRun(b *testing.B) {
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
	for _, c := range []struct {
		name  string
		args  []string
		stock []string
	}{
		{"c", []string{"run", "../../guests/c/conformance.wasm", "noop"}, nil},
		{"go", []string{"run", program}, []string{"run", "-cachedir", filepath.Join(dir, "wazero-cache"), program}},
	} {
		b.Run(c.name, func(b *testing.B) {
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
