package python_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// fine is what the task of that name returns in a pristine instance.
const fine = `[[],2,"[1]",true,1000,false,"random",true,false]`

// failsSomehow stands for any failure, where it depends on what limit is met first.
const failsSomehow abi.Status = 1000

// TestHostile runs tasks that attack. Each ends in its own way, and the next task finds
// nothing of it.
func TestHostile(t *testing.T) {
	h := newHost(t, host.Config{
		Limits: host.Limits{Memory: 64 << 20, TurnTimeout: 2 * time.Second, Ops: 1000},
		Logger: slog.New(slog.DiscardHandler),
	})
	m := load(t, h, "hostile.py")
	hostile := m.With(host.Options{RunTimeout: 2 * time.Second})
	for _, c := range []struct {
		task   string
		kind   abi.Status
		output string // or a part of the error
	}{
		{"no_function", abi.Trap, "the host has no function 200"},
		{"hello_again", abi.Trap, "the handshake came twice"},
		{"hello_short", abi.Trap, "the handshake came twice, or is too short"},
		{"broken_late", abi.OK, `"still here"`},
		{"foreign_call", abi.Trap, "no call has the handle 77"},
		{"ends_twice", abi.Trap, "no call has the handle"},
		{"no_op", abi.Trap, "no op has the handle 5"},
		{"takes_early", abi.Trap, "the op has not ended"},
		{"no_room", abi.Trap, "there is no room"},
		{"waits_for_nothing", abi.Trap, "no op is running"},
		{"waits_in_a_loop", abi.Trap, "in an instance that holds many calls"},
		{"no_code", abi.Trap, "there is no code"},
		{"opens_nonsense", abi.OK, "[0,0,0,0,0]"},
		{"other_offsets", abi.Trap, "the host has no function"},
		{"closes_it", abi.OK, `"closed"`},
		{"floods", abi.Trap, "drop those that have ended"},
		{"unanswered", abi.Trap, "without ending the call"},
		{"patched", abi.Trap, "neither True nor False"},
		{"traced", abi.Failed, "RuntimeError: traced"},
		{"code_swapped", abi.OK, "1"},
		{"exits_hard", abi.Exit, "exited with code 0"},
		{"aborts", abi.Trap, "unreachable"},
		{"generator_exit", abi.Failed, "GeneratorExit"},
		{"base_exception", abi.Failed, "Strange: x"},
		{"hog", abi.Failed, "(Config.Limits.Memory): failed: MemoryError"},
		{"big_number", failsSomehow, ""},
		{"spins", abi.Timeout, ""},
		{"spins_io", abi.Timeout, ""},
		{"backtracks", abi.Timeout, ""},
		{"sleeps", abi.Timeout, ""},
		{"deep", failsSomehow, ""},
		{"deep_in_c", abi.Failed, "RecursionError"},
		{"deep_code", abi.Failed, "Parser stack overflowed"},
		{"threads", abi.Failed, "RuntimeError: can't start new thread"},
		{"prints", abi.OK, "1"},
		{"no_memory", failsSomehow, ""},
		{"leaves", abi.OK, `"done"`},
	} {
		t.Run(c.task, func(t *testing.T) {
			out, err := hostile.Call(t.Context(), c.task, nil).Wait(t.Context())
			if kind := host.Kind(err); kind != c.kind && (c.kind != failsSomehow || kind == abi.OK) {
				t.Errorf("ended as %v: %v, want %v", kind, err, c.kind)
			}
			if err == nil && string(out) != c.output || err != nil && !strings.Contains(err.Error(), c.output) {
				t.Errorf("%s, %v; want %s", out, err, c.output)
			}
			for range 2 {
				if out, err := m.Call(t.Context(), "fine", nil).Wait(t.Context()); string(out) != fine {
					t.Fatalf("the next task found %s, %v", out, err)
				}
			}
		})
	}
}

// TestForgedHandshakes loads scripts that shake hands in place of the prelude.
func TestForgedHandshakes(t *testing.T) {
	h := newHost(t, host.Config{})
	for _, c := range []struct{ name, hello, want string }{
		{"nothing", `b""`, "too short"},
		{"zeros", `words(0, 0, 0, 0, 0)`, "does not fit CPython 3.12"},
		{"outside", `words(0xffffff00, 0, 0, 0, 0)`, "not inside the memory"},
		{"data for a type", `words(id(b"x"*1000), id(f), id(()), 1, 2)`, "does not fit CPython 3.12"},
		{"type that is no function's", `words(id(int), id(f), id(()), 1, 2)`, "does not fit CPython 3.12"},
		{"arguments", `words(id(type(f)), id(f), id((1,)), 1, 2)`, "does not fit CPython 3.12"},
		{"no manifest", `words(id(type(f)), id(f), id(()), 1, 2)`, "manifest"},
		{"bad manifest", `words(id(type(f)), id(f), id(()), 1, 2) + b'{"tasks":[]}'`, "want at least one task"},
	} {
		source := fmt.Sprintf(`
import os, wexec
def words(*values): return b"".join(v.to_bytes(4, "little") for v in values)
def f(): pass
os.pwrite(0, %s, 3 << 32)
os._exit(0)
`, c.hello)
		_, err := h.Load(t.Context(), c.name, hosttest.Script(t, "python", "tasks.py", source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	m := script(t, h, `
import os, wexec
def words(*values): return b"".join(v.to_bytes(4, "little") for v in values)
def f(): return 5
hello = words(id(type(f)), id(f), id(()), id(True), id(False))
os.pwrite(0, hello + b'{"tasks":[{"name":"t"}],"reseeds":true}', 3 << 32)
os._exit(0)
`)
	for range 3 {
		if _, err := m.Call(t.Context(), "t", nil).Wait(t.Context()); host.Kind(err) != abi.Trap {
			t.Errorf("a function that answers nothing: %v", err)
		}
	}
}

// TestRestores runs a task that uses much of the interpreter again and again. It gets
// equal results, and random numbers of its own.
func TestRestores(t *testing.T) {
	h := newHost(t, host.Config{})
	m := script(t, h, `
import decimal, gc, hashlib, json, os, random, re, secrets, uuid
from wexec import task
words = {}

@task
def mixed(n: int):
    words[n] = len(words)
    decimal.getcontext().prec = 30
    def f(): return f()
    try:
        f()
    except RecursionError as e:
        depth = str(e)
    cycle = []
    cycle.append(cycle)
    del cycle
    try:
        {}["x"]
    except KeyError as e:
        error = repr(e)
    return [
        len(words), json.loads(json.dumps({"a": [n, 1.5, None]})), re.sub(r"(\w)(\d)", r"\2\1", "a1 b2"),
        str(decimal.Decimal(1) / 7), hashlib.sha256(b"x").hexdigest(), hash("stable within a snapshot"),
        gc.collect() >= 1, error, depth, sorted({"z", "y", "x"}), f"{3.14159:.2f}", id(words),
    ]

@task
def drawn():
    return [random.random(), str(uuid.uuid4()), os.urandom(8).hex(), secrets.token_hex(8), str(uuid.uuid1())[19:]]
`)
	const rounds = 300
	var first string
	seen := map[string]bool{}
	for range rounds {
		out, err := m.Call(t.Context(), "mixed", []byte("7")).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(out)
		}
		if string(out) != first {
			t.Fatalf("%s\nwas at first %s", out, first)
		}
		drawn, err := m.Call(t.Context(), "drawn", nil).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n, value := range strings.Split(string(drawn), ",") {
			if key := fmt.Sprint(n, value); seen[key] {
				t.Fatalf("drawn twice: %s", value)
			} else {
				seen[key] = true
			}
		}
	}
	if !strings.HasPrefix(first, `[1,{"a":[7,1.5,null]},"1a 2b","0.142857142857142857142857142857"`) {
		t.Error(first)
	}
}
