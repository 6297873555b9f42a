package host_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// doAgain is the step of puppet.wat that starts the script again.
const doAgain = doStore + 1

// end is how an attack is to end.
type end struct {
	name    string
	options host.Options
	cancel  bool // the caller cancels it
	kind    abi.Status
	want    string // in the error, or in the output if there is no error
}

var (
	byDeadline = end{name: "deadline", options: host.Options{RunTimeout: 20 * time.Millisecond},
		kind: abi.Timeout, want: "ran for more than 20ms"}
	byCancel = end{name: "cancel", cancel: true, kind: abi.Cancelled, want: "cancelled"}
	byFuel   = end{name: "fuel", options: host.Options{Fuel: 200_000}, kind: abi.OutOfFuel, want: "out of fuel"}

	overflow = end{name: "overflow", kind: abi.Trap, want: "stack overflow"}
	outside  = end{name: "outside", kind: abi.Trap, want: "out of bounds memory access"}
	errFault = end{name: "EFAULT", want: "21"}
)

// always ends any code, and asleep ends a guest that waits.
var (
	always = []end{byDeadline, byCancel, byFuel}
	asleep = []end{byDeadline, byCancel}
)

var (
	everyMode = []host.Mode{host.IO, host.Blocking, host.CPU}
	mayAwait  = []host.Mode{host.IO, host.Blocking}
	blocking  = []host.Mode{host.Blocking}
)

// stalls are attacks on the time, the stack and the memory of the host.
var stalls = []struct {
	guest string // a file in guests/wat
	tasks string
	modes []host.Mode
	ends  []end
}{
	{"stalls", "loop_br loop_br_if loop_br_table loop_br_table_default", everyMode, always},
	{"stalls", "loop_nested loop_from_inner loop_two", everyMode, always},
	{"stalls", "loop_values loop_in_if loop_in_else loop_around_if loop_of_calls", everyMode, always},
	{"stalls", "tail_call tail_call_mutual tail_call_indirect", everyMode, always},
	{"stalls", "tree tree_indirect tree_of_functions", everyMode, always},
	{"stalls", "recurse recurse_mutual recurse_indirect", everyMode, []end{overflow}},
	{"stalls", "memory_init memory_grow table_init table_grow", everyMode, always},
	{"stalls", "memory_fill memory_copy table_fill table_copy", blocking, always},
	{"stalls", "memory_fill_outside", blocking, []end{outside}},
	{"start_spins", "run", everyMode, always},
	{"init_spins", "run", everyMode, always},
	{"init_sleeps", "run", everyMode, asleep},
	{"floods", "clock environ prestat read yield log log_much write", everyMode, always},
	{"floods", "random write_wide", blocking, always},
	{"floods", "sleep", everyMode, asleep},
	{"floods", "random_outside write_outside read_outside poll_outside poll_wrapped", blocking, []end{errFault}},
}

// TestStalls calls functions that never end. The call must end, in time and with the
// right error. Then its worker must be free, and the process must not have stood still
// meanwhile.
func TestStalls(t *testing.T) {
	watchLife(t)
	for _, s := range stalls {
		for task := range strings.FieldsSeq(s.tasks) {
			t.Run(s.guest+"/"+task, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, host.Limits{})
				m := b.load(t, guest(t, "wat/"+s.guest+".wasm"))
				for _, mode := range s.modes {
					for _, e := range s.ends {
						b.try(t, e, m.With(host.Options{Mode: mode}), mode, task, nil)
					}
				}
			})
		}
	}
}

// TestStallingScripts floods the host with calls of every import, in guests of both
// styles, and waits for ops that never end.
func TestStallingScripts(t *testing.T) {
	watchLife(t)
	all := puppets(t)
	for _, c := range []struct {
		name   string
		script script
		modes  []host.Mode
		ends   []end
		only   string // style, if not both
	}{
		{name: "input", script: script{}.do(doInput, theCall, 30000, 30000, 0), modes: everyMode, ends: always},
		{name: "log", script: script{}.do(doLog, 1, 0, 2000), modes: everyMode, ends: always},
		{name: "progress", script: script{}.do(doEmit, theCall, 1, 0, 2000), modes: everyMode, ends: always},
		{name: "chunks of nothing", script: script{}.do(doEmit, theCall, 0, 0, 0), modes: everyMode, ends: always},
		{name: "next", script: script{}.do(doNext, 8192, 1), modes: everyMode, ends: always, only: "resumable"},
		{name: "an op that is refused", script: script{}.noSuch().do(doOpDrop, theLast), modes: mayAwait, ends: always},
		{name: "an op dropped", script: script{}.sleepLong().do(doOpDrop, theLast), modes: mayAwait, ends: always},
		{name: "an op cancelled", script: script{}.sleepLong().do(doOpCancel, theLast).do(doOpDrop, theLast),
			modes: mayAwait, ends: always},
		{name: "ops", script: script{}.sleepLong(), modes: mayAwait, only: "direct",
			ends: []end{{name: "hoard", kind: abi.Trap, want: "drop those that have ended"}}},
		{name: "wait for a sleep", script: script{}.sleepLong().do(doOpWait, theLast),
			modes: mayAwait, ends: asleep, only: "direct"},
		{name: "wait for a sleep", script: script{}.sleepLong().do(doNoMore),
			modes: mayAwait, ends: asleep, only: "resumable"},
		{name: "wait for a capability", script: script{}.testWait().do(doOpWait, theLast),
			modes: mayAwait, ends: asleep, only: "direct"},
		{name: "wait for a capability", script: script{}.testWait().do(doNoMore),
			modes: mayAwait, ends: asleep, only: "resumable"},
	} {
		forever := c.script.do(doAgain)
		for style, wasm := range all {
			if c.only != "" && c.only != style {
				continue
			}
			t.Run(style+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, host.Limits{})
				m := b.load(t, wasm)
				for _, mode := range c.modes {
					for _, e := range c.ends {
						b.try(t, e, m, mode, string(mode), forever)
					}
				}
			})
		}
	}
}

// TestStallingCommands runs WASI programs that do not end.
func TestStallingCommands(t *testing.T) {
	watchLife(t)
	never, feed := io.Pipe()
	t.Cleanup(func() { feed.Close() })
	for _, c := range []struct {
		guest, args string
		ends        []end
	}{
		{"c/command", "spin", always},
		{"c/command", "cat", asleep},
		{"c/command", "sleep 3600000", asleep},
	} {
		t.Run(c.guest+" "+c.args, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, host.Limits{})
			m := b.load(t, guest(t, c.guest+".wasm"))
			m = m.With(host.Options{WASI: &host.WASI{Args: strings.Fields(c.args), Stdin: never}})
			for _, e := range c.ends {
				b.try(t, e, m, host.Blocking, "main", nil)
			}
		})
	}
}

// TestStallingLoads loads modules that never return a manifest, and modules that would
// take too much memory.
func TestStallingLoads(t *testing.T) {
	watchLife(t)
	soon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 20*time.Millisecond)
	}
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, stop := context.WithCancel(ctx)
		time.AfterFunc(5*time.Millisecond, stop)
		return ctx, stop
	}
	none, noLocals := []byte{0x60, 0, 0}, []byte{0}
	manyNames := section(0, []byte("\x04name\x01\x05\xff\xff\xff\xff\x0f"))
	spins := guest(t, "wat/manifest_spins.wasm")
	for _, c := range []struct {
		name   string
		wasm   []byte
		until  func(context.Context) (context.Context, context.CancelFunc)
		limits host.Limits
		kind   abi.Status
		want   string
	}{
		{name: "manifest, deadline", wasm: spins, until: soon, kind: abi.InvalidManifest, want: "deadline"},
		{name: "manifest, cancel", wasm: spins, until: cancelled, kind: abi.InvalidManifest, want: "cancelled"},
		{name: "manifest, fuel", wasm: spins, limits: host.Limits{Fuel: 1_000_000},
			kind: abi.InvalidManifest, want: "out of fuel"},
		{name: "a table of 32 GB", wasm: guest(t, "wat/table_bomb.wasm"), kind: abi.InvalidModule, want: "elements"},
		{name: "4,294,967,295 names", wasm: append(oneFunction(none, noLocals, nil), manyNames...),
			kind: abi.OK, want: "nil"}, // they are dropped
		{name: "4,294,967,295 locals", wasm: frames(1<<32 - 1), kind: abi.InvalidModule, want: "locals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.limits)
			ctx := t.Context()
			if c.until != nil {
				var stop context.CancelFunc
				ctx, stop = c.until(ctx)
				defer stop()
			}
			_, err := b.Load(ctx, c.name, c.wasm)
			if host.Kind(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%v: %v; want %v with %q", host.Kind(err), err, c.kind, c.want)
			}
			b.serves(t, host.Blocking)
		})
	}
}

// TestStackComesBack: the stack that endless recursion took is free again when its call
// has ended, however large the frames.
func TestStackComesBack(t *testing.T) {
	b := newBench(t, host.Limits{})
	m := b.load(t, frames(1000))
	round := func() {
		for range 10 {
			b.try(t, overflow, m, host.Blocking, "run", nil)
		}
	}
	round()
	before := heap()
	round()
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("ten calls more left %d bytes", grown)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// frames returns a module with a function that has that many locals. It loads each of
// them, calls itself, and stores them.
func frames(locals int) []byte {
	code := []byte{}
	for i := range min(locals, 1000) { // (local.set i (i64.load offset=8*i (i32.const 0)))
		code = slices.Concat(code, []byte{0x41, 0, 0x29, 3}, u32(8*i), []byte{0x21}, u32(i))
	}
	code = append(code, 0x10, 0)       // call
	for i := range min(locals, 1000) { // (i64.store offset=8*i (i32.const 0) (local.get i))
		code = slices.Concat(code, []byte{0x41, 0, 0x20}, u32(i), []byte{0x37, 3}, u32(8*i))
	}
	return oneFunction([]byte{0x60, 0, 0}, slices.Concat([]byte{1}, u32(locals), []byte{0x7e}), code)
}

// oneFunction returns a module with a function, run, and a page of memory.
// Other sections may follow.
func oneFunction(signature, locals, code []byte, more ...[]byte) []byte {
	body := slices.Concat(locals, code, []byte{0x0b})
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1}, signature),
		section(3, []byte{1, 0}),
		section(5, []byte{1, 0, 1}),
		section(7, []byte{1, 3}, []byte("run"), []byte{0, 0}),
		slices.Concat(more...),
		section(10, []byte{1}, u32(len(body)), body))
}

func section(id byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat([]byte{id}, u32(len(body)), body)
}

func u32(v int) []byte { return binary.AppendUvarint(nil, uint64(v)) }

// bench is a host with one worker for each mode: if a call kept its worker, the next
// call would not run.
type bench struct {
	*host.Host
	good *host.Module
}

func newBench(t *testing.T, limits host.Limits) *bench {
	t.Helper()
	one := host.ExecutorLimits{Workers: 1}
	limits.TurnTimeout = 250 * time.Millisecond
	closing := make(chan struct{})
	wait := capability.Func("test.wait", func(context.Context, *capability.Use) ([]byte, error) {
		<-closing // even if it is asked to stop
		return nil, nil
	})
	b := &bench{}
	b.Host = hosttest.New(t, host.Config{
		IO: one, Blocking: one, CPU: one, Limits: limits, Capabilities: []capability.Capability{wait},
	})
	t.Cleanup(func() { close(closing) })
	b.good = hosttest.Load(t, b.Host, guest(t, "wat/hazards.wasm"))
	return b
}

func (b *bench) load(t *testing.T, wasm []byte) *host.Module {
	t.Helper()
	m, err := b.Load(t.Context(), "attack", wasm)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// try makes a call that must end as e says, and then a harmless one.
func (b *bench) try(t *testing.T, e end, m *host.Module, mode host.Mode, task string, input []byte) {
	t.Helper()
	ctx, stop := patience(t)
	defer stop()
	f := m.With(e.options).Call(t.Context(), task, input)
	if e.cancel {
		for b.idle() && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * time.Millisecond) // by then it most likely runs
		f.Cancel()
	}
	out, err := f.Wait(ctx)
	got := string(out)
	if err != nil {
		got = err.Error()
	}
	if host.Kind(err) != e.kind || !strings.Contains(got, e.want) {
		t.Errorf("%s, mode %s: ended as %v: %.1000s; want %v with %q", e.name, mode, host.Kind(err), got, e.kind, e.want)
	}
	b.serves(t, mode)
}

// serves makes a harmless call, and waits until the host is idle.
func (b *bench) serves(t *testing.T, mode host.Mode) {
	t.Helper()
	ctx, stop := patience(t)
	defer stop()
	if _, err := b.good.With(host.Options{Mode: mode}).Call(ctx, "nothing", nil).Wait(ctx); err != nil {
		t.Fatalf("the next call: %v", err)
	}
	for !b.idle() {
		if ctx.Err() != nil {
			t.Fatalf("the call has ended, and the host is still busy: %+v", b.Stats())
		}
		time.Sleep(time.Millisecond)
	}
}

func (b *bench) idle() bool {
	s := b.Stats()
	all := s.IO.Add(s.Blocking).Add(s.CPU)
	return s.Calls+all.Queued+all.Running+all.Parked == 0
}

// patience bounds how long a test waits for something that should happen soon.
func patience(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), 10*time.Second)
}

// watchLife fails the test if the process stands still while the test runs. It asks for
// a collection now and then, for which Go must stop every goroutine, those that run
// attacks too.
func watchLife(t *testing.T) {
	const longest = 2 * time.Second // a lot, for machines that do other work too
	over, worst := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most time.Duration
		for last, n := time.Now(), 0; ; n++ {
			select {
			case <-over:
				worst <- most
				return
			case <-time.After(time.Millisecond):
			}
			if n%50 == 0 {
				runtime.GC()
			}
			now := time.Now()
			most, last = max(most, now.Sub(last)), now
		}
	}()
	t.Cleanup(func() {
		close(over)
		if most := <-worst; most > longest {
			t.Errorf("the process stood still for %v", most)
		}
	})
}

// stories are attacks that need code of their own. Each once stopped the host for
// minutes, or killed it.
var stories = []struct {
	name   string
	attack func(t *testing.T)
}{
	{"commands that write more than may be output", func(t *testing.T) {
		tooMuch := end{name: "output", kind: abi.Failed, want: "its output has more than"}
		b := newBench(t, host.Limits{})
		m := b.load(t, guest(t, "wat/pours.wasm"))
		for _, args := range [][]string{nil, {"much"}} {
			b.try(t, tooMuch, m.With(host.Options{WASI: &host.WASI{Args: args}}), host.Blocking, "main", nil)
		}
	}},
	{"commands whose output is not read", func(t *testing.T) {
		read, write := io.Pipe()
		b := newBench(t, host.Limits{})
		t.Cleanup(func() { read.Close() })
		m := b.load(t, guest(t, "wat/pours.wasm")).With(host.Options{WASI: &host.WASI{Stdout: write}})
		for _, e := range asleep {
			b.try(t, e, m, host.Blocking, "main", nil)
		}
	}},
	{"millions of small writes in one call", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		m := b.load(t, guest(t, "wat/floods.wasm"))
		for _, task := range []string{"write_narrow", "write_empty"} {
			e := byFuel
			e.options.Fuel = 600_000_000 // half of it to prepare them
			b.try(t, e, m, host.Blocking, task, nil)
		}
	}},
	{"a path as long as the memory", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		m := b.load(t, guest(t, "wat/floods.wasm"))
		before := allocated()
		if _, err := m.Call(t.Context(), "path_long", nil).Wait(t.Context()); err != nil {
			t.Log(err) // an error is as good as an errno
		}
		if grown := allocated() - before; grown > 16<<20 {
			t.Errorf("the host allocated %d bytes", grown)
		}
	}},
	{"a file descriptor of 2,147,483,647", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		mounts := []host.Mount{{Host: t.TempDir(), Guest: "/", ReadOnly: true}}
		m, err := b.Load(t.Context(), "attack", guest(t, "wat/floods.wasm"), host.Options{WASI: &host.WASI{Mounts: mounts}})
		if err != nil {
			t.Fatal(err)
		}
		before := allocated()
		if _, err := m.Call(t.Context(), "renumber_far", nil).Wait(t.Context()); err != nil {
			t.Log(err) // an error is as good as an errno
		}
		if grown := allocated() - before; grown > 16<<20 {
			t.Errorf("the host allocated %d bytes", grown)
		}
	}},
	{"a million references", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		m := b.load(t, guest(t, "wat/stalls.wasm"))
		before := heap()
		if _, err := m.Call(t.Context(), "references", nil).Wait(t.Context()); err != nil {
			t.Log(err)
		}
		if grown := int64(heap()) - int64(before); grown > 8<<20 {
			t.Errorf("the instance keeps %d bytes", grown)
		}
	}},
	{"a long name of a task", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		tasks := []host.Task{{Name: "io", Mode: host.IO}}
		for i := range abi.MaxTasks - 1 {
			tasks = append(tasks, host.Task{Name: fmt.Sprintf("t%0100d", i), Mode: host.IO})
		}
		m := b.load(t, withTasks(t, guest(t, "wat/puppet.wasm"), tasks...))
		arg := `{"task":"` + strings.Repeat("y", 40_000) + `"}`
		again := script{}.do(doOpStart, theCall, 16, 9, 16384+48, len(arg)).do(doAgain)
		b.try(t, byDeadline, m, host.IO, "io", append(again, arg...))
	}},
	{"numbers with large exponents, many digits and long patterns under a schema", func(t *testing.T) {
		b := newBench(t, host.Limits{})
		schema := `{"items": {"anyOf": [{"type": "integer"}, {"pattern": "(a|aa|aaa){1,200}b"}]}}`
		m := b.load(t, withTasks(t, guest(t, "wat/puppet.wasm"), host.Task{Name: "io", Mode: host.IO, Input: []byte(schema)}))
		ctx, stop := patience(t)
		defer stop()
		for _, item := range []string{
			strings.Repeat("1e999999,", 1000) + "1",
			strings.Repeat("1", 4<<20),
			`"` + strings.Repeat("a", 4<<20) + `"`,
		} {
			done := make(chan struct{})
			go func() {
				m.With(host.Options{Validate: true}).Call(t.Context(), "io", []byte("["+item+"]")).Cancel()
				close(done)
			}()
			select {
			case <-done:
			case <-ctx.Done():
				t.Fatalf("Call did not return: %.20s", item)
			}
		}
	}},
	{"a stack of functions with long names", func(t *testing.T) {
		// It calls itself 40 times, and traps.
		code := []byte{
			0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0, // i32.store 0 (i32.add (i32.load 0) 1)
			0x41, 0, 0x28, 2, 0, 0x41, 40, 0x49, // i32.lt_u (i32.load 0) 40
			0x04, 0x40, 0x10, 0, 0x0b, 0, // if (call 0) end, unreachable
		}
		name := slices.Concat([]byte{1, 0}, u32(60_000), []byte(strings.Repeat("n", 60_000)))
		b := newBench(t, host.Limits{})
		names := section(0, []byte("\x04name\x01"), u32(len(name)), name)
		m := b.load(t, append(oneFunction([]byte{0x60, 0, 0}, []byte{0}, code), names...))
		_, err := m.Call(t.Context(), "run", nil).Wait(t.Context())
		if host.Kind(err) != abi.Trap || len(err.Error()) > 64<<10 {
			t.Errorf("%v: an error of %d bytes", host.Kind(err), len(err.Error()))
		}
	}},
	{"modules that take long to compile, or much memory", func(t *testing.T) {
		none, noLocals := []byte{0x60, 0, 0}, []byte{0}
		many := func(b string, n int) []byte { return []byte(strings.Repeat(b, n)) }
		for _, c := range []struct {
			name string
			wasm []byte
		}{
			{"100,000 ifs", oneFunction(none, []byte{1, 1, 0x7f}, many("\x20\x00\x04\x40\x41\x01\x21\x00\x0b", 100_000))},
			{"100,000 loops", oneFunction(none, []byte{1, 1, 0x7f}, many("\x03\x40\x20\x00\x0d\x00\x0b", 100_000))},
			{"100,000 nested blocks", oneFunction(none, noLocals,
				slices.Concat(many("\x02\x40", 100_000), many("\x0b", 100_000)))},
			{"a br_table of 1,000,000", oneFunction(none, noLocals,
				slices.Concat([]byte{0x41, 0, 0x0e}, u32(1_000_000), many("\x00", 1_000_001)))},
			{"1,000,000 parameters", oneFunction(
				slices.Concat([]byte{0x60}, u32(1_000_000), many("\x7f", 1_000_000), []byte{0}), noLocals, nil)},
			{"100,000 results", oneFunction(
				slices.Concat([]byte{0x60, 0}, u32(100_000), many("\x7f", 100_000)), noLocals, many("\x41\x00", 100_000))},
			{"16,000,000 elements in a passive segment", oneFunction(none, noLocals, nil,
				section(9, []byte{1, 1, 0}, u32(16_000_000), make([]byte, 16_000_000)))},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := newBench(t, host.Limits{})
				ctx, stop := patience(t)
				defer stop()
				_, err := b.Load(ctx, "attack", c.wasm)
				if host.Kind(err) != abi.InvalidModule || ctx.Err() != nil {
					t.Error(err)
				}
			})
		}
	}},
}

func TestStories(t *testing.T) {
	watchLife(t)
	for _, s := range stories {
		t.Run(s.name, s.attack)
	}
}

// allocated returns how many bytes this process has ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
