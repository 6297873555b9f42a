package host_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestHammer makes 10,000 calls of every mode and style. They succeed, fail, trap,
// exit, time out or are cancelled. Every future must be settled once, every call
// counted, and the host must close with nothing left.
func TestHammer(t *testing.T) {
	calls := 10_000
	if testing.Short() {
		calls = 1_000
	}
	var observed atomic.Int64
	h := hosttest.New(t, host.Config{Observe: func(s host.Span) {
		if s.Parent == 0 {
			observed.Add(1)
		}
	}})
	direct := hosttest.Load(t, h, guest(t, "c/conformance.wasm"))
	resumable, err := h.Load(t.Context(), "actor", puppets(t)["resumable"])
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var unresolved sync.WaitGroup // panics if a future is settled twice
	pending := make(chan *host.Future[[]byte], 500)
	done := make(chan map[abi.Status]int)
	go func() {
		kinds := map[abi.Status]int{}
		for f := range pending {
			_, err := f.Wait(context.Background())
			kinds[host.Kind(err)]++
		}
		done <- kinds
	}()
	for i := range calls {
		f := hammerCall(t, random, direct, resumable)
		unresolved.Add(1)
		f.Notify(unresolved.Done)
		if random.IntN(4) == 0 {
			delay := time.Duration(random.IntN(2000)) * time.Microsecond
			time.AfterFunc(delay, f.Cancel)
		}
		pending <- f
		if i%1000 == 0 {
			t.Logf("%d: %+v", i, h.Stats())
		}
	}
	close(pending)
	kinds := <-done
	t.Log(kinds)
	unresolved.Wait() // Wait returns a moment before Notify's function has run
	if got := observed.Load(); got != int64(calls) {
		t.Errorf("%d calls, %d spans", calls, got)
	}
	for _, kind := range []abi.Status{
		abi.OK, abi.Failed, abi.Trap, abi.Exit, abi.Timeout, abi.Cancelled, abi.InstanceLost,
	} {
		if kinds[kind] == 0 {
			t.Errorf("no call ended as %v", kind)
		}
	}
	if s := h.Stats(); s.Calls != 0 {
		t.Errorf("%d calls are left: %+v", s.Calls, s)
	}
}

func hammerCall(t *testing.T, random *rand.Rand, direct, resumable *host.Module) *host.Future[[]byte] {
	options := host.Options{
		RunTimeout: time.Duration(1+random.IntN(50)) * time.Millisecond,
		Priority:   random.IntN(3),
		Tenant:     fmt.Sprint(random.IntN(3)),
	}
	if random.IntN(2) == 0 {
		tasks := [][2]string{
			{"echo", "x"}, {"echo_blocking", "x"}, {"echo_cpu", "x"}, {"fail", "x"}, {"sleep", "1"}, {"sleep_blocking", "3"},
			{"trap", ""}, {"trap_io", ""}, {"exit3", ""}, {"hang", ""}, {"forever_cpu", ""}, {"fan", "5 1"}, {"tree", "3"},
			{"call", "hang\n"}, {"call_blocking", "trap\n"}, {"leak_op", ""}, {"silent", ""}, {"twice", ""},
		}
		task := tasks[random.IntN(len(tasks))]
		return direct.With(options).Call(t.Context(), task[0], []byte(task[1]))
	}
	scripts := []script{
		script{}.do(doStore, 60000), script{}.sleepShort().do(doNoMore), script{}.sleepLong().do(doNoMore),
		script{}.noSuch(), script{}.sleepShort().do(doOpDrop, theLast), script{}.do(doFail, theCall, 3, 0, 4).do(doNoMore),
		script{}.do(doTrap), script{}.do(doNoMore),
	}
	modes := []string{"io", "io", "blocking", "cpu"}
	return resumable.With(options).Call(t.Context(), modes[random.IntN(len(modes))], scripts[random.IntN(len(scripts))])
}
