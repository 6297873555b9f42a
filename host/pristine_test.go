package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// Steps of scribble.wat, in its order.
const (
	scribbleStore = iota
	scribbleFill
	scribbleGrow
	scribbleI32
	scribbleI64
	scribbleF32
	scribbleF64
	scribbleV128
	scribbleTableSet
	scribbleTableGrow
	scribbleTableFill
	scribbleRef
	scribbleElemDrop
	scribbleDataDrop
	scribbleCopy
	scribbleInit
	scribbleFail
	scribbleTrap
	scribbleSpin
	scribbleRecurse
	scribbleExit
	scribbleLeaveOp
	scribbleWait
	scribblePrint
	scribbleClose
	scribbleSteps
)

func scribbled(steps ...int) []byte {
	var s []byte
	for _, n := range steps {
		s = binary.LittleEndian.AppendUint32(s, uint32(n))
	}
	return s
}

// scribbler loads scribble.wat, with its two tasks in every mode.
func scribbler(t testing.TB, h *host.Host, options ...host.Options) *host.Module {
	var tasks []host.Task
	for _, mode := range modes {
		for _, name := range []string{"scribble_", "look_"} {
			tasks = append(tasks, host.Task{Name: name + string(mode), Mode: mode})
		}
	}
	return hosttest.Load(t, h, withTasks(t, guest(t, "wat/scribble.wasm"), tasks...), options...)
}

// pristineGuests has the guest pristine in each language.
var pristineGuests = []struct {
	name string
	wasm func(t testing.TB) []byte
}{
	{"c", func(t testing.TB) []byte { return guest(t, "c/pristine.wasm") }},
	{"rust", func(t testing.TB) []byte { return guest(t, "rust/pristine.wasm") }},
	{"as", func(t testing.TB) []byte { return guest(t, "assemblyscript/pristine.wasm") }},
	{"go", func(t testing.TB) []byte { return hosttest.GoGuest(t, "../guests/go/pristine") }},
}

// oneWorker is the config of a host that runs every task of a mode on one worker.
func oneWorker() host.Config {
	one := host.ExecutorLimits{Workers: 1}
	return host.Config{IO: one, Blocking: one, CPU: one}
}

// pristine is a module that scribbles, and what a task finds in an instance that
// wazero alone has made.
type pristine struct {
	h    *host.Host
	m    *host.Module
	want string
}

func newPristine(t testing.TB) *pristine {
	p := &pristine{h: hosttest.New(t, oneWorker())}
	p.m = scribbler(t, p.h)
	plain := scribbler(t, hosttest.New(t, oneWorker()), host.Options{Safepoints: host.Off})
	p.want = look(t, plain, host.Blocking)
	return p
}

// look returns what a task finds.
func look(t rapid.TB, m *host.Module, mode host.Mode) string {
	t.Helper()
	out, err := m.Call(context.Background(), "look_"+string(mode), nil).Wait(context.Background())
	if err != nil {
		t.Fatalf("looking: %v", err)
	}
	return hex.EncodeToString(out)
}

// TestPristine: after any task, however it ended, the next task finds what it would
// find in a new instance.
func TestPristine(t *testing.T) {
	rapid.Check(t, newPristine(t).property)
}

func FuzzPristine(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(newPristine(f).property))
}

func (p *pristine) property(t *rapid.T) {
	mode := rapid.SampledFrom(modes).Draw(t, "mode")
	number := rapid.OneOf(rapid.IntRange(0, 1<<19), rapid.Int())
	for range rapid.IntRange(1, 3).Draw(t, "tasks") {
		var steps []int
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			steps = append(steps, rapid.IntRange(0, scribbleSteps-1).Draw(t, "step"), number.Draw(t, "a"), number.Draw(t, "b"))
		}
		o := host.Options{Fuel: 1 << 20, RunTimeout: time.Second}
		switch rapid.IntRange(0, 5).Draw(t, "bound") {
		case 0:
			o.RunTimeout = time.Millisecond
		case 1:
			o.Memory = 3 * 64 << 10
		}
		f := p.m.With(o).Call(context.Background(), "scribble_"+string(mode), scribbled(steps...))
		if rapid.IntRange(0, 5).Draw(t, "cancel") == 0 {
			f.Cancel()
		}
		if _, err := f.Wait(context.Background()); host.Kind(err) == abi.InvalidModule {
			t.Fatal(err)
		}
	}
	if got := look(t, p.m, mode); got != p.want {
		t.Fatalf("a task finds\n%s, in a new instance\n%s", got, p.want)
	}
}

// TestPristineEach tries each step alone, and checks that an instance which can be
// reset is reused.
func TestPristineEach(t *testing.T) {
	p := newPristine(t)
	reusable := []int{
		scribbleStore, scribbleFill, scribbleGrow, scribbleI32, scribbleI64, scribbleF32,
		scribbleF64, scribbleCopy, scribbleInit, scribbleRecurse, scribbleWait, scribblePrint, scribbleClose,
	}
	for step := range scribbleSteps {
		scribble := func() {
			p.m.With(host.Options{Fuel: 1 << 20}).Call(t.Context(), "scribble_cpu", scribbled(step, 1, 3)).Wait(t.Context())
		}
		if step == scribbleLeaveOp || step == scribbleWait {
			scribble = func() {
				p.m.Call(t.Context(), "scribble_io", scribbled(step, 0, 0)).Wait(t.Context())
			}
		}
		// A task may come before the last one's instance is back in its pool, and may
		// find an instance that an earlier step has left there.
		const tasks, few = 20, 5
		before := p.h.Stats().Made
		for range tasks {
			scribble()
		}
		made, reused := p.h.Stats().Made-before, slices.Contains(reusable, step)
		if reused && made > few || !reused && made < tasks-few {
			t.Errorf("step %d: %d tasks had %d new instances", step, tasks, made)
		}
		for _, mode := range []host.Mode{host.CPU, host.IO} {
			if got := look(t, p.m, mode); got != p.want {
				t.Errorf("after step %d a task finds\n%s, in a new instance\n%s", step, got, p.want)
			}
		}
	}
	// The test would notice a difference.
	kept := p.m.With(host.Options{Isolation: host.PerInstance})
	until(t, func() bool { // the instance may not be back in its pool when the next task comes
		kept.Call(t.Context(), "scribble_cpu", scribbled(scribbleStore, 0x5000, 1)).Wait(t.Context())
		return look(t, kept, host.CPU) != p.want
	})
}

// TestIrreversible: a module whose instances can't be reset has a new one for every
// task, and says why.
func TestIrreversible(t *testing.T) {
	conformance := guest(t, "c/conformance.wasm")
	start := func(name string) []byte {
		return withTasks(t, guest(t, "wat/start_"+name+".wasm"), host.Task{Name: "t"})
	}
	environment := &host.WASI{Env: []string{"A=1"}}
	folders := &host.WASI{Mounts: []host.Mount{{Host: t.TempDir(), Guest: "/"}}}
	for _, c := range []struct {
		name    string
		wasm    []byte
		options host.Options
		why     string
	}{
		{"no safepoints", conformance, host.Options{Safepoints: host.Off}, "it runs as it is, without safepoints"},
		{"environment", conformance, host.Options{WASI: environment}, "it sees an environment or folders"},
		{"folders", conformance, host.Options{WASI: folders}, "it sees an environment or folders"},
		{"a program", guest(t, "c/command.wasm"), host.Options{}, "it is a program, which runs once"},
		{"a table", start("tables"), host.Options{}, "its start changes a table"},
		{"descriptors", start("closes"), host.Options{}, "its start changes its descriptors"},
		{"random numbers", start("draws"), host.Options{}, "its start draws random numbers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hosttest.New(t, oneWorker())
			m := hosttest.Load(t, h, c.wasm, c.options)
			for range 3 {
				if _, err := result(t, m, m.Tasks()[0].Name, ""); err != nil && host.Kind(err) != abi.Exit {
					t.Fatal(err)
				}
			}
			if why := m.Info().Irreversible; !strings.Contains(why, c.why) {
				t.Errorf("it says %q, want %q in it", why, c.why)
			}
			if s := h.Stats(); s.Made != 3 || s.Instances != 0 {
				t.Errorf("%d instances were made for 3 tasks, and %d are kept", s.Made, s.Instances)
			}
		})
	}
}

// TestOnlyItsOwnFunctions: imports that a module exports again are not tasks, nor are
// the functions that the host adds to it.
func TestOnlyItsOwnFunctions(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	wasm := guest(t, "wat/reexports.wasm")
	m := hosttest.Load(t, h, wasm)
	if tasks := m.Tasks(); len(tasks) != 1 || tasks[0].Name != "starts" {
		t.Errorf("its tasks: %v", tasks)
	}
	for range 3 {
		if out, err := m.Call(t.Context(), "starts", nil).Wait(t.Context()); err != nil || string(out) != "1" {
			t.Errorf("its start has run %s times, %v", out, err)
		}
	}
	if exports := strings.Join(m.Info().Exports, " "); strings.Contains(exports, "wexec:") {
		t.Errorf("its exports: %s", exports)
	}
	for _, name := range []string{"_initialize", "_start", "wexec_call"} {
		_, err := h.Load(t.Context(), name, exportedAs(wasm, "p", name))
		if host.Kind(err) != abi.InvalidModule || !strings.Contains(err.Error(), "is an import") {
			t.Errorf("%s is an import: %v", name, err)
		}
	}
}

// exportedAs gives an export of a module another name.
func exportedAs(wasm []byte, from, to string) []byte {
	const exportSection = 7
	at := 8
	for wasm[at] != exportSection {
		size, n := binary.Uvarint(wasm[at+1:])
		at += 1 + n + int(size)
	}
	size, n := binary.Uvarint(wasm[at+1:])
	body := wasm[at+1+n : at+1+n+int(size)]
	body = bytes.Replace(body, append([]byte{byte(len(from))}, from...), append([]byte{byte(len(to))}, to...), 1)
	out := append(bytes.Clone(wasm[:at]), exportSection)
	out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	return append(out, wasm[at+1+n+int(size):]...)
}

// TestLeaks: a task hides a secret wherever it can, and a task of another tenant does
// not find it.
func TestLeaks(t *testing.T) {
	for _, g := range pristineGuests {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, oneWorker())
			m := hosttest.Load(t, h, g.wasm(t))
			secret := make([]byte, 16)
			for i := range secret {
				secret[i] = byte(rand.Uint32())
			}
			masked := bytes.Clone(secret)
			for i := range masked {
				masked[i] ^= 0x55
			}
			number := func(o host.Options, task string, input []byte) (n int) {
				t.Helper()
				out, err := m.With(o).Call(t.Context(), task, input).Wait(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				fmt.Sscan(string(out), &n)
				return n
			}
			size := number(host.Options{}, "size", nil)
			for _, end := range []string{"noop_cpu", "fail", "trap", "grow", "exit", "spin"} {
				if n := number(host.Options{Tenant: "a"}, "hide", secret); n < 1000 {
					t.Fatalf("only %d copies were hidden", n)
				}
				if n := number(host.Options{Tenant: "b"}, "seek", masked); n != 0 {
					t.Errorf("%d copies of another tenant's secret were found", n)
				}
				m.With(host.Options{Fuel: 1 << 30, Memory: 16 << 20}).Call(t.Context(), end, nil).Wait(t.Context())
				if n := number(host.Options{}, "size", nil); n != size {
					t.Errorf("after %s: memory has %d pages, %d at first", end, n, size)
				}
			}
			kept := host.Options{Tenant: "a", Isolation: host.PerInstance}
			number(kept, "hide", secret)
			if n := number(kept, "seek", masked); n < 1000 {
				t.Errorf("a task that keeps its state finds %d copies of its own secret", n)
			}
			kept.Tenant = "b"
			if n := number(kept, "seek", masked); n != 0 {
				t.Errorf("%d copies of another tenant's secret were found in an instance that keeps its state", n)
			}
		})
	}
}

// TestRandomDiffers: no two tasks draw the same random numbers, although their
// instances start from the same snapshot.
func TestRandomDiffers(t *testing.T) {
	for _, g := range pristineGuests {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, host.Config{})
			m := hosttest.Load(t, h, g.wasm(t))
			tasks := []string{"random"}
			if g.name == "go" {
				tasks = append(tasks, "maphash")
			}
			for _, task := range tasks {
				seen := map[string]bool{}
				for range 20 {
					out, err := m.Call(t.Context(), task, nil).Wait(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if seen[string(out)] {
						t.Errorf("%s drew %s twice", task, out)
					}
					seen[string(out)] = true
				}
			}
			if why := m.Info().Irreversible; why != "" {
				t.Errorf("it can't be reset: %s", why)
			}
			if made := h.Stats().Made; made > 8 {
				t.Errorf("%d instances were made", made)
			}
		})
	}
}

// TestIOPerTask: tasks of mode io in a resumable guest share an instance, unless they
// ask for PerTask.
func TestIOPerTask(t *testing.T) {
	m := hosttest.Load(t, hosttest.New(t, oneWorker()), guest(t, "c/resumable.wasm"))
	beside := func(isolation host.Isolation) (sleepers []*host.Future[[]byte]) {
		m := m.With(host.Options{Isolation: isolation})
		for range 4 {
			sleepers = append(sleepers, m.Call(t.Context(), "sleep", []byte("60000")))
		}
		if _, err := m.Call(t.Context(), "trap", nil).Wait(t.Context()); host.Kind(err) != abi.Trap {
			t.Fatal(err)
		}
		return sleepers
	}
	for _, f := range beside("") {
		if _, err := f.Wait(t.Context()); host.Kind(err) != abi.InstanceLost {
			t.Errorf("a trap in its instance ended a call with %v", err)
		}
	}
	for _, f := range beside(host.PerTask) {
		f.Cancel()
		if _, err := f.Wait(t.Context()); host.Kind(err) != abi.Cancelled {
			t.Errorf("a trap in another instance, or a cancellation, ended a call with %v", err)
		}
	}
}

// TestBudgetOfHost: idle instances are evicted to make room for others. A call for
// which there is no room is refused and may be tried again.
func TestBudgetOfHost(t *testing.T) {
	cfg := oneWorker()
	cfg.Memory = 4 << 20
	h := hosttest.New(t, cfg)
	wasm := guest(t, "c/pristine.wasm") // an instance takes 2 pages, and the image as much
	var modules []*host.Module
	for i := range 40 {
		m, err := h.Load(t.Context(), fmt.Sprint("m", i), wasm)
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, m)
	}
	// noop waits until the instances that should be idle are.
	noop := func(m *host.Module, idle int) {
		t.Helper()
		ctx, stop := patience(t)
		defer stop()
		if _, err := m.Call(ctx, "noop", nil).Wait(ctx); err != nil {
			t.Fatal(err)
		}
		for h.Stats().Instances != idle {
			if ctx.Err() != nil {
				t.Fatalf("%+v, want %d instances", h.Stats(), idle)
			}
			time.Sleep(time.Millisecond)
		}
	}
	most := int(cfg.Memory / (4 * 64 << 10))
	for i, m := range modules {
		noop(m, min(i+1, most))
		if used := h.Stats().MemoryBytes; used > cfg.Memory {
			t.Fatalf("%d bytes are used", used)
		}
	}
	// The first instances were evicted, the last ones are still there.
	made := h.Stats().Made
	noop(modules[39], most)
	if h.Stats().Made != made {
		t.Error("the most recently used instance was evicted")
	}
	noop(modules[0], most)
	if h.Stats().Made != made+1 {
		t.Error("the least recently used instance was kept")
	}
	// A guest that asks for more than there is can't grow.
	if _, err := modules[1].Call(t.Context(), "grow", nil).Wait(t.Context()); host.Kind(err) != abi.Trap {
		t.Error(err)
	}
	// That does not keep room from others: calls that park take all of it, and the rest
	// find none.
	sleepers := hosttest.Load(t, h, guest(t, "c/conformance.wasm"))
	const each = 40
	before := h.Stats().Blocking.Ended
	ctx, wake := context.WithCancel(t.Context())
	var calls []*host.Future[[]byte]
	for range each {
		calls = append(calls, sleepers.Call(ctx, "sleep_blocking", []byte("3600000")))
	}
	for s := h.Stats().Blocking; s.Parked+int(s.Ended-before) < each; s = h.Stats().Blocking {
		time.Sleep(time.Millisecond)
	}
	wake()
	full := 0
	for _, f := range calls {
		_, err := f.Wait(t.Context())
		if host.Kind(err) == abi.QueueFull && strings.Contains(err.Error(), "Config.Memory") {
			full++
		} else if !errors.Is(err, host.ErrCancelled) {
			t.Error(err)
		}
	}
	if full == 0 || full == len(calls) {
		t.Errorf("%d of %d calls found no room", full, len(calls))
	}
}

// TestIdleInstances: instances beyond the warm ones are closed after Config.Idle,
// without any call.
func TestIdleInstances(t *testing.T) {
	cfg := host.Config{Idle: 20 * time.Millisecond, Blocking: host.ExecutorLimits{Workers: 8, Warm: 2}}
	h := hosttest.New(t, cfg)
	m := hosttest.Load(t, h, guest(t, "c/conformance.wasm"))
	var calls []*host.Future[[]byte]
	for range 8 {
		calls = append(calls, m.Call(t.Context(), "sleep_blocking", []byte("20")))
	}
	if _, err := host.All(calls...).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for h.Stats().Instances != 2 { // or the test times out
		time.Sleep(time.Millisecond)
	}
	time.Sleep(3 * cfg.Idle)
	if n := h.Stats().Instances; n != 2 {
		t.Errorf("%d instances are kept warm, want 2", n)
	}
}

// TestTogether runs tasks of all modes, tenants and isolations at once, which compete
// for a few instances.
func TestTogether(t *testing.T) {
	p := newPristine(t)
	m := scribbler(t, hosttest.New(t, host.Config{}))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for range 100 {
				mode := modes[random.IntN(len(modes))]
				o := host.Options{Fuel: 1 << 20, Tenant: fmt.Sprint(random.IntN(3))}
				if random.IntN(4) == 0 {
					o.Isolation = host.PerInstance
				}
				steps := scribbled(random.IntN(scribbleSteps), random.Int(), random.Int())
				m.With(o).Call(t.Context(), "scribble_"+string(mode), steps).Wait(t.Context())
				if got := look(t, m.With(host.Options{Tenant: o.Tenant}), mode); got != p.want {
					t.Errorf("a task finds\n%s, in a new instance\n%s", got, p.want)
				}
			}
		})
	}
	wg.Wait()
}
