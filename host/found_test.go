package host_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/hosttest"
)

// Faults that attacks, bug reports and real programs found.

// TestLoadTogether: the same bytes may be loaded many times at once from the compile
// cache, and each module works.
func TestLoadTogether(t *testing.T) {
	dir := t.TempDir()
	wasm := guest(t, "c/conformance.wasm")
	hosttest.Load(t, hosttest.New(t, host.Config{CacheDir: dir}), wasm)
	h := hosttest.New(t, host.Config{CacheDir: dir})
	var loads sync.WaitGroup
	for i := range 16 {
		loads.Go(func() {
			m, err := h.Load(t.Context(), fmt.Sprint(i), wasm)
			if err != nil {
				t.Error(err)
				return
			}
			if out, err := result(t, m, "echo", "hello"); out != "hello" || err != nil {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
	loads.Wait()
}

// TestCloseTwice: closing a module again does no harm to another one with the
// same bytes.
func TestCloseTwice(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	wasm := guest(t, "wat/hazards.wasm")
	first, err := h.Load(t.Context(), "first", wasm)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Load(t.Context(), "second", wasm)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	third, err := h.Load(t.Context(), "first", wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*host.Module{second, third} {
		if out, err := m.Call(t.Context(), "add", []byte("[1,2]")).Wait(t.Context()); string(out) != "3" || err != nil {
			t.Errorf("%s: %s, %v", m.Name(), out, err)
		}
	}
}

// TestEmbedderPanics: an embedder's function that panics or exits fails only the call
// that waits for it.
func TestEmbedderPanics(t *testing.T) {
	for name, harm := range map[string]func(){"panic": func() { panic("mine") }, "goexit": runtime.Goexit} {
		var log hosttest.Log
		cfg := host.Config{Logger: log.Logger(), Observe: func(host.Span) { harm() }}
		_, m := waiter(t, cfg, func(context.Context, *capability.Use) ([]byte, error) {
			harm()
			return nil, nil
		})
		for range 3 { // the workers go on
			out, err := m.Call(t.Context(), "io", awaited()).Wait(t.Context())
			if err != nil || status(out) != abi.Failed {
				t.Errorf("%s in a capability: %v, %v", name, out, err)
			}
			out, err = host.Then(host.Resolved(1), func(context.Context, int) ([]byte, error) {
				harm()
				return nil, nil
			}).Wait(t.Context())
			if host.Kind(err) != abi.Failed {
				t.Errorf("%s in Then: %s, %v", name, out, err)
			}
			_, err = host.Map(t.Context(), 1, []int{1}, func(context.Context, int) *host.Future[int] {
				harm()
				return nil
			}).Wait(t.Context())
			if host.Kind(err) != abi.Failed {
				t.Errorf("%s in Map: %v", name, err)
			}
		}
		if name == "panic" && !strings.Contains(log.String(), "Config.Observe panicked") {
			t.Errorf("nothing in the log: %s", log.String())
		}
	}
}

// callOther has the guest calls.wat call a task of a module, and returns the op's
// status and result.
func callOther(t *testing.T, m *host.Module, module, task, input string) (abi.Status, string) {
	t.Helper()
	arg := fmt.Sprintf(`{"module":%q,"task":%q}`+"\n%s", module, task, input)
	out, err := m.Call(t.Context(), "run", []byte(arg)).Wait(t.Context())
	if err != nil || len(out) < 4 {
		t.Fatalf("%q, %v", out, err)
	}
	return abi.Status(out[0]), string(out[4:])
}

// TestCallers: a tenant's guests reach the modules of their owner, and those of the
// host that list them. Every other name gets the same answer.
func TestCallers(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	for name, o := range map[string]host.Options{
		"private": {},
		"open":    {Callers: []string{"A"}},
		"for m":   {Callers: []string{"A/m"}},
		"for n":   {Callers: []string{"A/n", "B", "A/m/x"}},
		"of B":    {Tenant: "B"},
		"of A":    {Tenant: "A"},
	} {
		if _, err := h.Load(t.Context(), name, guest(t, "wat/hazards.wasm"), o); err != nil {
			t.Fatal(err)
		}
	}
	calls := withTasks(t, guest(t, "wat/calls.wasm"), host.Task{Name: "run", Mode: host.IO})
	m, err := h.Load(t.Context(), "m", calls, host.Options{Tenant: "A"})
	if err != nil {
		t.Fatal(err)
	}
	refusals := map[string]bool{}
	for name, want := range map[string]abi.Status{
		"open": abi.OK, "for m": abi.OK, "of A": abi.OK,
		"private": abi.NoSuchTask, "for n": abi.NoSuchTask, "of B": abi.NoSuchTask, "nowhere": abi.NoSuchTask,
	} {
		got, text := callOther(t, m, name, "add", "[1,2]")
		if got != want || want == abi.OK && text != "3" {
			t.Errorf("%s: %v %s, want %v", name, got, text, want)
		}
		if want == abi.NoSuchTask {
			refusals[strings.ReplaceAll(text, name, "X")] = true
		}
	}
	if len(refusals) != 1 {
		t.Errorf("a guest can tell a module that it may not call from one that is not there: %v", refusals)
	}
}

// TestManifestUnderGrants: the manifest of a guest that sees an environment is not shown
// to a tenant that loads it without.
func TestManifestUnderGrants(t *testing.T) {
	dir := t.TempDir()
	wasm := guest(t, "wat/tells_environment.wasm")
	for _, env := range []string{"SECRET=hunter2", "", "OTHER=1"} {
		o := host.Options{}
		if env != "" {
			o.WASI = &host.WASI{Env: []string{env}}
		}
		m := hosttest.Load(t, hosttest.New(t, host.Config{CacheDir: dir}), wasm, o)
		if doc := m.Tasks()[0].Doc; doc != env {
			t.Errorf("with %q the doc is %q", env, doc)
		}
	}
}

// TestCodePasses: the code that a task fails with passes through calls of tasks.
func TestCodePasses(t *testing.T) {
	for _, wasm := range [][]byte{guest(t, "c/conformance.wasm"), hosttest.GoGuest(t, "../guests/go/conformance")} {
		testCodePasses(t, hosttest.Load(t, hosttest.New(t, host.Config{}), wasm))
	}
}

func testCodePasses(t *testing.T, m *host.Module) {
	t.Helper()
	for _, input := range []string{"fail\nx", "call\nfail\nx", "call_blocking\ncall\nfail\nx"} {
		_, err := m.Call(t.Context(), "call", []byte(input)).Wait(t.Context())
		var failed *host.TaskError
		if !errors.As(err, &failed) || failed.Code != 7 || host.Kind(err) != abi.Failed {
			t.Errorf("%q: %v", input, err)
		}
	}
}

// TestEntries: a module whose _start or _initialize has the wrong type is refused, and
// only functions that can be called by name are tasks.
func TestEntries(t *testing.T) {
	takes, gives := []byte{0x60, 1, 0x7f, 0}, []byte{0x60, 0, 1, 0x7f}
	none := []byte{0x60, 0, 0}
	for _, c := range []struct {
		export string
		typ    []byte
		code   []byte
		want   string // in the error, or the tasks
	}{
		{"_start", takes, nil, "_start is (i32) -> ()"},
		{"_start", gives, []byte{0x41, 0}, "_start is () -> (i32)"},
		{"_initialize", takes, nil, "_initialize is (i32) -> ()"},
		{"_initialize", gives, []byte{0x41, 0}, "_initialize is () -> (i32)"},
		{"_start", none, nil, "[main]"},
		{"f", none, nil, "[f]"},
		{"", none, nil, "it has no tasks"},
		{" \t", none, nil, "it has no tasks"},
	} {
		h := hosttest.New(t, host.Config{})
		m, err := h.Load(t.Context(), "m", exporting(c.typ, c.code, c.export))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(taskNames(m))
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q of type %x: %s; want %s", c.export, c.typ, got, c.want)
		}
	}
}

// TestEmptyStart: functions beside a _start that does nothing can be called.
func TestEmptyStart(t *testing.T) {
	m := hosttest.Load(t, hosttest.New(t, host.Config{}), exporting([]byte{0x60, 0, 0}, nil, "_start", "f", " "))
	if got := taskNames(m); !slices.Equal(got, []string{"f"}) {
		t.Errorf("tasks %q", got)
	}
	if _, err := m.Call(t.Context(), "f", nil).Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// exporting returns a module with one function of a type, under some names.
func exporting(typ, code []byte, names ...string) []byte {
	exports := []byte{byte(len(names))}
	for _, name := range names {
		exports = slices.Concat(exports, []byte{byte(len(name))}, []byte(name), []byte{0, 0})
	}
	body := slices.Concat([]byte{0}, code, []byte{0x0b})
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1}, typ), section(3, []byte{1, 0}), section(7, exports),
		section(10, []byte{1}, u32(len(body)), body))
}

func taskNames(m *host.Module) (names []string) {
	for _, task := range m.Tasks() {
		names = append(names, task.Name)
	}
	return names
}

// importing returns a module with imports and one type, which takes and returns
// nothing.
func importing(imports ...[]byte) []byte {
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1, 0x60, 0, 0}), section(2, u32(len(imports)), slices.Concat(imports...)))
}

func imported(module, name string, description ...byte) []byte {
	return slices.Concat(u32(len(module)), []byte(module), u32(len(name)), []byte(name), description)
}

// TestMissingImports: the error lists all imports that the host lacks, before the module
// is compiled, and says what the module seems to be made for.
func TestMissingImports(t *testing.T) {
	function, global, table, memory := []byte{0, 0}, []byte{3, 0x7f, 0}, []byte{1, 0x70, 0, 0}, []byte{2, 0, 1}
	many := [][]byte{}
	for i := range 100 {
		many = append(many, imported("m", fmt.Sprint("f", i), function...))
	}
	for _, c := range []struct {
		wasm []byte
		want []string
	}{
		{
			importing(
				imported("extism:host/env", "alloc", function...),
				imported("x", "y", function...),
				imported("extism:host/env", "free", function...)),
			[]string{"extism:host/env.alloc, free: it is an Extism plugin", "x.y"},
		},
		{importing(imported("env", "base", global...)), []string{"env.base (a global)"}},
		{importing(imported("env", "t", table...)), []string{"env.t (a table)"}},
		{importing(imported("env", "memory", memory...)), []string{"env.memory (a memory)"}},
		{importing(imported("wasi_snapshot_preview1", "nope", function...)), []string{"wasi_snapshot_preview1.nope"}},
		{importing(imported("wexec:safepoint", "pause", function...)), []string{"wexec:safepoint"}},
		{importing(many...), []string{"m.f0", "f15, and 84 more"}},
		{importing(imported(strings.Repeat("m", 5000), strings.Repeat("n", 5000), function...)), []string{"mmm…", "nnn…"}},
	} {
		var log hosttest.Log
		h := hosttest.New(t, host.Config{Logger: log.Logger(), CacheDir: "off"})
		_, err := h.Load(t.Context(), "m", c.wasm)
		if host.Kind(err) != abi.InvalidModule {
			t.Errorf("%v; want %q", err, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || len(err.Error()) > 2000 {
				t.Errorf("%v; want %q", err, want)
			}
		}
	}
}

// TestEndedContext: a call whose context has ended does not run.
func TestEndedContext(t *testing.T) {
	spans := &spanLog{}
	h := hosttest.New(t, host.Config{Observe: spans.add})
	m := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	for _, c := range []struct {
		ctx  context.Context
		kind abi.Status
		is   error
	}{
		{cancelled, abi.Cancelled, host.ErrCancelled},
		{late, abi.Timeout, host.ErrTimeout},
		{late, abi.Timeout, context.DeadlineExceeded},
	} {
		_, err := m.Call(c.ctx, "nothing", nil).Wait(t.Context())
		if host.Kind(err) != c.kind || !errors.Is(err, c.is) {
			t.Errorf("%v, want %v", err, c.kind)
		}
	}
	if span := spans.last(); span.Task != "nothing" || host.Kind(span.Err) != abi.Timeout || span.Lane != "" {
		t.Errorf("the last call is reported as %+v", span)
	}
	if made := h.Stats().Made; made != 0 {
		t.Errorf("%d instances were made", made)
	}
}

// TestCauseThatPanics: a cause that panics when it is asked is left out.
func TestCauseThatPanics(t *testing.T) {
	_, m := conformance(t, host.Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	call := m.Call(ctx, "call", []byte("sleep_blocking\n3600000"))
	cancel((*fs.PathError)(nil))
	if _, err := call.Wait(t.Context()); host.Kind(err) != abi.Cancelled || !errors.Is(err, host.ErrCancelled) {
		t.Error(err)
	}
}

// TestCapabilityDeadline: the context of a capability ends with the call's time.
func TestCapabilityDeadline(t *testing.T) {
	deadlines := make(chan bool, 2)
	_, m := waiter(t, host.Config{}, func(ctx context.Context, _ *capability.Use) ([]byte, error) {
		at, ok := ctx.Deadline()
		deadlines <- ok && time.Until(at) <= time.Hour
		return nil, nil
	})
	for _, o := range []host.Options{{}, {RunTimeout: time.Hour}} {
		if _, err := m.With(o).Call(t.Context(), "io", awaited()).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !<-deadlines {
			t.Errorf("%+v: no deadline", o)
		}
	}
}

// TestRefusedMemory: a guest that ends badly after it was refused memory says so.
func TestRefusedMemory(t *testing.T) {
	h := hosttest.New(t, host.Config{Limits: host.Limits{Memory: 1 << 20}})
	// It traps if its memory can't grow by 100 pages.
	grow := []byte{0x41, 0xe4, 0, 0x40, 0, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b}
	m := hosttest.Load(t, h, oneFunction([]byte{0x60, 0, 0}, []byte{0}, grow))
	_, err := m.Call(t.Context(), "run", nil).Wait(t.Context())
	var refused *host.MemoryError
	if host.Kind(err) != abi.Trap || !errors.As(err, &refused) || refused.Limit != 1<<20 ||
		!strings.Contains(err.Error(), "(Config.Limits.Memory)") {
		t.Errorf("%v", err)
	}
}

// TestUnsigned: results print as unsigned numbers if asked, and "NaN" is the
// canonical one.
func TestUnsigned(t *testing.T) {
	m := hosttest.Load(t, hosttest.New(t, host.Config{}), guest(t, "wat/hazards.wasm"))
	for input, want := range map[string]string{"[-1, 0]": "4294967295", "[2147483647, 1]": "2147483648", "[1, 2]": "3"} {
		out, err := result(t, m.With(host.Options{Unsigned: true}), "add", input)
		if out != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", input, out, err, want)
		}
	}
	// f64 → i64, f32 → i32: their bits.
	for _, c := range []struct {
		typ  []byte
		op   byte
		want string
	}{
		{[]byte{0x60, 1, 0x7c, 1, 0x7e}, 0xbd, "9221120237041090560"},
		{[]byte{0x60, 1, 0x7d, 1, 0x7f}, 0xbc, "2143289344"},
	} {
		h := hosttest.New(t, host.Config{})
		bits := hosttest.Load(t, h, oneFunction(c.typ, []byte{0}, []byte{0x20, 0, c.op}))
		out, err := bits.Call(t.Context(), "run", []byte(`["NaN"]`)).Wait(t.Context())
		if string(out) != c.want || err != nil {
			t.Errorf("NaN: %s, %v; want %s", out, err, c.want)
		}
	}
}

// TestBadTimesAndNames: New and Load refuse times and names that make no sense.
func TestBadTimesAndNames(t *testing.T) {
	for want, cfg := range map[string]host.Config{
		"Config.Limits.QueueTimeout": {Limits: host.Limits{QueueTimeout: -time.Second}},
		"Config.Limits.RunTimeout":   {Limits: host.Limits{RunTimeout: -2}},
		"Config.Limits.TurnTimeout":  {Limits: host.Limits{TurnTimeout: -time.Hour}},
		"Config.Grace":               {Grace: -1},
	} {
		if h, err := host.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v; want %q", h, err, want)
		}
	}
	h := hosttest.New(t, host.Config{Limits: host.Limits{
		RunTimeout: host.NoLimit, QueueTimeout: host.NoLimit, TurnTimeout: host.NoLimit,
	}})
	for _, name := range []string{"", strings.Repeat("n", 17<<20)} {
		_, err := h.Load(t.Context(), name, guest(t, "wat/hazards.wasm"))
		if host.Kind(err) != abi.InvalidInput || len(err.Error()) > 1000 {
			t.Errorf("a name of %d bytes: %v", len(name), host.Kind(err))
		}
	}
}

// TestCustomSections: what is in custom sections never makes a module invalid. Usable
// names show in stack traces.
func TestCustomSections(t *testing.T) {
	custom := func(name, content string) []byte { return withSection(nil, name, content) }
	names := func(content string) []byte { return custom("name", content) }
	const named = "\x01\x04\x01\x00\x01g" // function 0 is g
	for name, c := range map[string]struct {
		sections []byte
		frame    string
	}{
		"empty, at the end":        {custom("foo", ""), ".$0"},
		"without a name":           {custom("", ""), ".$0"},
		"usable names":             {names(named), ".g"},
		"two sections of names":    {slices.Concat(names(named), names("\x01\x04\x01\x00\x01h")), ".g"},
		"two empty ones":           {slices.Concat(names(""), names("")), ".$0"},
		"a function named twice":   {names("\x01\x07\x02\x00\x01g\x00\x01h"), ".g"},
		"functions out of order":   {names("\x01\x07\x02\x01\x01h\x00\x01g"), ".g"},
		"parts out of order":       {names(named + "\x00\x02\x01m"), "m.g"},
		"a name that is not UTF-8": {names("\x01\x05\x01\x00\x02\xff\xfe"), ".$0"},
		"a part without a size":    {names(named + "\x00"), ".g"},
		"an endless size":          {names("\xff\xff\xff"), ".$0"},
		"a count of 2^30 names":    {names("\x01\x05\x84\x84\x84\x84\x04"), ".$0"},
		"locals without end":       {names("\x02\x07\x01\x00\x84\x84\x84\x84\x04" + named), ".g"},
	} {
		for _, o := range []host.Options{{}, {Safepoints: host.Off}} {
			for _, loop := range [][]byte{nil, {0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b}} {
				// if (i32.ne (local.get 0) 7) unreachable end, i32.const 7
				code := slices.Concat(loop, []byte{0x20, 0, 0x41, 7, 0x47, 0x04, 0x40, 0x00, 0x0b, 0x41, 7})
				wasm := oneFunction([]byte{0x60, 1, 0x7f, 1, 0x7f}, []byte{0}, code)
				m := hosttest.Load(t, hosttest.New(t, host.Config{}), append(wasm, c.sections...), o)
				if out, err := result(t, m, "run", "[7]"); out != "7" || err != nil {
					t.Errorf("%s: %s, %v", name, out, err)
				}
				_, err := result(t, m, "run", "[8]")
				var trap *host.TrapError
				if !errors.As(err, &trap) || !slices.Equal(trap.Stack, []string{c.frame + "(i32) i32"}) {
					t.Errorf("%s: %v; want %s", name, err, c.frame)
				}
			}
		}
	}
}

// TestManifestTwice: of two manifests, the first counts.
func TestManifestTwice(t *testing.T) {
	wasm := withTasks(t, guest(t, "wat/calls.wasm"), host.Task{Name: "run", Mode: host.IO})
	wasm = withTasks(t, wasm, host.Task{Name: "other", Mode: host.CPU})
	m := hosttest.Load(t, hosttest.New(t, host.Config{}), wasm)
	if got := taskNames(m); !slices.Equal(got, []string{"run"}) {
		t.Errorf("tasks %q", got)
	}
}

// TestElementsOutside: a module whose table has no room for an element segment can't be
// instantiated, and its start function does not run. It is the same with data.
func TestElementsOutside(t *testing.T) {
	for name, c := range map[string]struct {
		elements, data []byte
		kind           abi.Status
		want           string
	}{
		"all fits":     {[]byte{1, 0, 0x41, 1, 0x0b, 1, 0}, []byte{0}, abi.Trap, "unreachable"},
		"one too many": {[]byte{1, 0, 0x41, 1, 0x0b, 2, 0, 0}, []byte{0}, abi.InvalidModule, "element[0]: out of bounds"},
		"at a global":  {[]byte{1, 0, 0x23, 0, 0x0b, 1, 0}, []byte{0}, abi.InvalidModule, "element[0]: out of bounds"},
		"the second":   {[]byte{2, 1, 0, 0, 0, 0x41, 3, 0x0b, 0}, []byte{0}, abi.InvalidModule, "element[1]: out of bounds"},
		"data":         {[]byte{0}, []byte{1, 0, 0x41, 0x7f, 0x0b, 1, 0}, abi.InvalidModule, "data[0]: out of bounds"},
		"both": {
			[]byte{1, 0, 0x41, 3, 0x0b, 0}, []byte{1, 0, 0x41, 0x7f, 0x0b, 1, 0},
			abi.InvalidModule, "it can't be instantiated: element[0]: out of bounds table access",
		},
	} {
		wasm := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
			section(1, []byte{1, 0x60, 0, 0}), section(3, []byte{2, 0, 0}),
			section(4, []byte{1, 0x70, 0, 2}), section(5, []byte{1, 0, 1}), // a table of 2, a memory
			section(6, []byte{1, 0x7f, 0, 0x41, 2, 0x0b}),              // a global that is 2
			section(7, []byte{1, 1, 'f', 0, 0}), section(8, []byte{1}), // the start function traps
			section(9, c.elements), section(10, []byte{2, 2, 0, 0x0b, 3, 0, 0x00, 0x0b}), section(11, c.data))
		for _, o := range []host.Options{{}, {Safepoints: host.Off}} {
			m := hosttest.Load(t, hosttest.New(t, host.Config{}), wasm, o)
			out, err := result(t, m, "f", "")
			if host.Kind(err) != c.kind || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %+v: %s, %v; want %s", name, o, out, err, c.want)
			}
		}
	}
}

// TestInitOutside: an instruction that reads or writes outside of a segment, a table or
// a memory traps.
func TestInitOutside(t *testing.T) {
	tableInit, memoryInit := []byte{0xfc, 12, 0, 0}, []byte{0xfc, 8, 0, 0}
	const table, memory = "invalid table access", "out of bounds memory access"
	for name, c := range map[string]struct {
		at, from, n byte
		op          []byte
		want        string // empty if all is well
	}{
		"table.init":                     {1, 1, 1, tableInit, ""},
		"table.init of no room":          {2, 1, 1, tableInit, table},
		"table.init of too much":         {0, 1, 2, tableInit, table},
		"table.init of nothing, outside": {3, 0, 0, tableInit, table},
		"table.init of an active one":    {0, 0, 1, []byte{0xfc, 12, 1, 0}, table},
		"memory.init":                    {1, 1, 1, memoryInit, ""},
		"memory.init of no room":         {0x7f, 1, 1, memoryInit, memory},
		"memory.init of too much":        {0, 1, 2, memoryInit, memory},
	} {
		body := slices.Concat([]byte{0, 0x41, c.at, 0x41, c.from, 0x41, c.n}, c.op, []byte{0x0b})
		wasm := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
			section(1, []byte{1, 0x60, 0, 0}), section(3, []byte{1, 0}),
			section(4, []byte{1, 0x70, 0, 2}), section(5, []byte{1, 0, 1}), // a table of 2, a memory
			section(7, []byte{1, 1, 'f', 0, 0}),
			section(9, []byte{2, 1, 0, 2, 0, 0, 0, 0x41, 0, 0x0b, 2, 0, 0}), // a passive one of 2, an active one
			section(12, []byte{2}), section(10, []byte{1}, u32(len(body)), body),
			section(11, []byte{2, 1, 2, 'a', 'b', 0, 0x41, 0, 0x0b, 2, 'a', 'b'}))
		for _, o := range []host.Options{{}, {Safepoints: host.Off}} {
			m := hosttest.Load(t, hosttest.New(t, host.Config{}), wasm, o)
			_, err := result(t, m, "f", "")
			well := err == nil
			if c.want != "" {
				well = host.Kind(err) == abi.Trap && strings.Contains(err.Error(), c.want)
			}
			if !well {
				t.Errorf("%s, %+v: %v; want %q", name, o, err, c.want)
			}
		}
	}
}

// TestLongInputs: an error does not repeat an input that is long.
func TestLongInputs(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	program, err := h.Load(t.Context(), "program", guest(t, "c/command.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	_, unknownGrant := h.Load(t.Context(), "m", guest(t, "wat/hazards.wasm"), host.Options{Grants: []string{long}})
	call := func(m *host.Module, o host.Options, input string) error {
		_, err := m.With(o).Call(t.Context(), m.Tasks()[0].Name, []byte(input)).Wait(t.Context())
		return err
	}
	for what, err := range map[string]error{
		"number":   call(m, host.Options{}, `["`+long+`", 1]`),
		"mode":     call(m, host.Options{Mode: host.Mode(long)}, "[1,2]"),
		"grant":    unknownGrant,
		"argument": call(program, host.Options{WASI: &host.WASI{Args: []string{long + "\x00"}}}, ""),
		"variable": call(program, host.Options{WASI: &host.WASI{Env: []string{long}}}, ""),
		"mount":    call(program, host.Options{WASI: &host.WASI{Mounts: []host.Mount{{Host: long, Guest: "/x"}}}}, ""),
	} {
		if host.Kind(err) != abi.InvalidInput || len(err.Error()) > 5000 {
			t.Errorf("%s: %v with %d bytes", what, host.Kind(err), len(err.Error()))
		}
	}
}
