package host_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestCloseWhileBusy loads modules of all kinds, calls their tasks, and closes them
// while calls are under way, from many goroutines, in hosts with little memory. All
// calls end, and a host that is closed has nothing left.
func TestCloseWhileBusy(t *testing.T) {
	all := busy(t)
	for round := range 3 {
		h := hosttest.New(t, host.Config{Memory: 24 << 20, Idle: 4 * time.Millisecond})
		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
				for range 6 {
					closeWhileBusy(t, h, fmt.Sprint(worker), all[random.IntN(len(all))], random)
				}
			})
		}
		wg.Wait()
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := h.Stats(); s.MemoryBytes != 0 || s.Instances != 0 || s.Calls != 0 || s.Modules != 0 {
			t.Fatalf("after it was closed: %+v", s)
		}
	}
}

// busy are modules, their tasks, and what their tasks may get.
func busy(t *testing.T) []busyModule {
	puppets := puppets(t)
	scripts := [][]byte{script{}.sleepShort().do(doSpin), script{}.sleepLong().do(doNoMore), script{}.do(doStore, 60000)}
	modes := []string{"io", "blocking", "cpu"}
	number := [][]byte{[]byte("5")}
	return []busyModule{
		{guest(t, "c/pristine.wasm"), []string{"noop", "noop_io", "noop_cpu", "hide", "spin", "grow", "trap"}, number},
		{guest(t, "c/resumable.wasm"), []string{"sleep", "trap", "echo"}, number},
		{guest(t, "c/conformance.wasm"), []string{"sleep", "echo", "hang", "sleep_blocking"}, number},
		{guest(t, "c/conformance.wasm"), []string{"call", "call_blocking"}, [][]byte{[]byte("sleep\n3"), []byte("echo\nx")}},
		{puppets["direct"], modes, scripts},
		{puppets["resumable"], modes, scripts},
		{telling(goodManifest, goodManifest), []string{"a"}, number},
	}
}

type busyModule struct {
	wasm   []byte
	tasks  []string
	inputs [][]byte
}

func closeWhileBusy(t *testing.T, h *host.Host, name string, b busyModule, random *rand.Rand) {
	m, err := h.Load(t.Context(), name, b.wasm, host.Options{Tenant: fmt.Sprint(random.IntN(2))})
	if err != nil {
		t.Error(err)
		return
	}
	var calls []*host.Future[[]byte]
	for range random.IntN(60) {
		view := m.With(host.Options{
			Tenant: fmt.Sprint(random.IntN(3)), Fuel: 5_000_000, Memory: 8 << 20,
			RunTimeout: time.Duration(1+random.IntN(30)) * time.Millisecond,
			Isolation:  []host.Isolation{"", host.PerTask, host.PerInstance}[random.IntN(3)],
		})
		f := view.Call(t.Context(), b.tasks[random.IntN(len(b.tasks))], b.inputs[random.IntN(len(b.inputs))])
		if random.IntN(4) == 0 {
			f.Cancel()
		}
		calls = append(calls, f)
	}
	time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(20))*time.Millisecond)
	defer cancel()
	var closing sync.WaitGroup
	for range 1 + random.IntN(2) {
		closing.Go(func() {
			if err := m.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	closing.Wait()
	for _, f := range calls {
		if _, err := f.Wait(t.Context()); host.Kind(err) == abi.InvalidModule {
			t.Error(err)
		}
	}
}
