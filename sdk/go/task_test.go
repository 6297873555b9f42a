package wexec

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
)

func nothing(context.Context, None) (None, error) { return None{}, nil }

// withTasks runs f with an empty list of tasks.
func withTasks(t *testing.T, f func()) {
	t.Helper()
	before := tasks
	defer func() { tasks = before }()
	tasks = nil
	f()
}

func TestManifest(t *testing.T) {
	withTasks(t, func() {
		primes := Task("primes", CPU, func(context.Context, int) ([]int, error) { return nil, nil },
			Doc("Counts."), Timeout(1500*time.Microsecond), Memory(1<<20), Fuel(1e6))
		Task("raw", IO, func(context.Context, []byte) (None, error) { return None{}, nil })
		if primes.Task != "primes" || primes.Module != "" {
			t.Errorf("got %+v", primes)
		}
		m, err := abi.ParseManifest(manifest())
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Tasks) != 2 {
			t.Fatalf("got %+v", m)
		}
		got := m.Tasks[0]
		if got.Mode != CPU || got.Doc != "Counts." || got.Timeout != 2*time.Millisecond ||
			got.Memory != 1<<20 || got.Fuel != 1e6 {
			t.Errorf("got %+v", got)
		}
		if string(got.Input) != `{"type":"integer"}` || got.Output == nil {
			t.Errorf("got the schemas %s and %s", got.Input, got.Output)
		}
		if raw := m.Tasks[1]; raw.Input != nil || raw.Output != nil {
			t.Errorf("raw bytes have the schemas %s and %s", raw.Input, raw.Output)
		}
	})
}

func TestBadTasks(t *testing.T) {
	for want, register := range map[string]func(){
		"can't be a task's name":    func() { Task("2fast", IO, nothing) },
		`task "a": unknown mode`:    func() { Task("a", "fast", nothing) },
		`two tasks of the name "a"`: func() { Task("a", IO, nothing); Task("a", CPU, nothing) },
		"Timeout must be positive":  func() { Task("a", IO, nothing, Timeout(0)) },
	} {
		withTasks(t, func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(p.(string), want) {
					t.Errorf("got the panic %v, want %q", p, want)
				}
			}()
			register()
		})
	}
}
