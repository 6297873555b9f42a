package host_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
)

// hostile are tasks that do their worst, and how each must end.
var hostile = []struct {
	name, body string
	kind       host.Status
	message    string
}{
	{"loop", `for (;;);`, host.OutOfFuel, ""},
	{"jobs", `const again = () => Promise.resolve().then(again); return again();`, host.OutOfFuel, ""},
	{"jobs_beside", `const again = () => Promise.resolve().then(again); again(); return new Promise(() => {});`,
		host.OutOfFuel, ""},
	{"denied_ops", `return (async () => { for (;;) await op("no.such").catch(() => {}); })();`, host.OutOfFuel, ""},
	{"never", `return new Promise(() => {});`, host.Failed, "waits for a promise that nothing can settle"},
	{"recursion", `const deep = (n) => deep(n + 1) + 1; return deep(0);`,
		host.Failed, "RangeError: Maximum call stack size exceeded"},
	{"recursion_catch", `const deep = () => { try { deep(); } catch { deep(); } }; deep();`, host.OutOfFuel, ""},
	{"nested_json", `return JSON.parse("[".repeat(1e6));`, host.Failed, "RangeError"},
	{"nested_output", `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a;`, host.OutOfFuel, ""},
	{"memory", `for (const kept = []; ;) kept.push(new Uint8Array(1 << 20).fill(1));`, host.Failed, "refused more than"},
	{"memory_string", `for (let s = "x"; ; s += s);`, host.Failed, "string too long"},
	{"output", `return "x".repeat(1 << 20);`, host.Failed, "its output has 1048578 bytes"},
	{"throw_null", `throw null;`, host.Failed, "threw null"},
	{"throw_string", `throw "text";`, host.Failed, `threw "text"`},
	{"throw_symbol", `throw Symbol("x");`, host.Failed, "threw Symbol(x)"},
	{"throw_proxy", `throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, ownKeys() { throw 3; } });`,
		host.Failed, "an exception that can't be described"},
	{"throw_getters", `throw Object.defineProperty(new Error(), "message", { get() { throw new Error("again"); } });`,
		host.Failed, "an exception that can't be described"},
	{"throw_loop", `throw Object.defineProperty(new Error(), "message", { get() { for (;;); } });`, host.OutOfFuel, ""},
	{"throw_long", `throw new Error("x".repeat(1 << 20));`, host.Failed, "xxx"},
	{"throw_in_job", `return Promise.resolve().then(() => { throw new Error("late"); });`, host.Failed, "Error: late"},
	{"throw_microtask", `queueMicrotask(() => { throw new Error("late"); }); return new Promise(() => {});`,
		host.Failed, "nothing can settle"},
	{"reject_thenable", `return { then(_, reject) { reject(new Error("no")); } };`, host.Failed, "Error: no"},
	{"thenable_throws", `return { get then() { throw new Error("no then"); } };`, host.Failed, "no then"},
	{"cyclic", `const o = {}; o.o = o; return o;`, host.Failed, "TypeError: the result has no form in JSON: circular reference"},
	{"bigint", `return 1n;`, host.Failed, "TypeError"},
	{"a_function", `return () => {};`, host.Failed, "which has no form in JSON"},
	{"getter", `return { get x() { throw new Error("got"); } };`, host.Failed, "Error: got"},
	{"toJSON", `return { toJSON() { for (;;); } };`, host.OutOfFuel, ""},
	{"regexp", `return /^(a+)+$/.test("a".repeat(64) + "b");`, host.OutOfFuel, ""},
	{"prepare", `Error.prepareStackTrace = () => { for (;;); }; throw new Error("x");`, host.OutOfFuel, ""},
	{"prepare_value", `Error.prepareStackTrace = () => ({}); throw new Error("x");`, host.Failed, "Error: x"},
	{"exit", `program.exit(9);`, host.Exit, "exited with code 9"},
	{"sync_sleep", `sleepSync(3600e3);`, host.Timeout, ""},
	{"an_eval", `return eval("1 +");`, host.Failed, "SyntaxError"},
	{"an_import", `return import("./missing.js");`, host.Failed, "missing.js"},
	{"import_up", `return import("../../etc/passwd");`, host.Failed, "invalid argument"},
	{"import_prelude", `return import("./wexec/core.js");`, host.Failed, "wexec/core.js"},
	{"import_prelude_up", `return import("../wexec/core.js");`, host.Failed, "invalid argument"},
	{"import_absolute", `return import("/wexec/core.js");`, host.Failed, "not a relative path"},
	{"import_package", `return import("left-pad");`, host.Failed, "build the script"},
}

// polluted change what the prelude might use, and then work as they should.
var polluted = []string{
	`Promise.prototype.then = () => { throw new Error("then"); };`,
	`Promise.prototype.then = undefined; Promise.resolve = Promise.reject = undefined;`,
	`globalThis.Promise = undefined;`,
	`JSON.parse = JSON.stringify = () => { throw new Error("JSON"); };`,
	`Array.prototype[Symbol.iterator] = () => { throw new Error("iterator"); };`,
	`Map.prototype.get = Map.prototype.set = Map.prototype.delete = () => { throw new Error("Map"); };`,
	`WeakMap.prototype.get = WeakMap.prototype.set = undefined;`,
	`Object.defineProperty(Object.prototype, "stop", { set() { throw new Error("stop"); }, configurable: true });`,
	`Object.defineProperty(Promise, Symbol.species, { value() { throw new Error("species"); }, configurable: true });`,
	`Promise.prototype.constructor = undefined;`,
	`Reflect.apply = Function.prototype.call = Function.prototype.apply = undefined;`,
	`Math.floor = Math.min = Math.max = () => NaN;`,
	`Uint8Array = ArrayBuffer = Error = undefined;`,
	`if (typeof Object === "function") {
		for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name]; } catch {}
	}`,
}

func hostileScript() string {
	var text strings.Builder
	text.WriteString(`import { op, program, sleep, sleepSync, task } from "wexec";` + "\n")
	for _, h := range hostile {
		fmt.Fprintf(&text, "export function %s() { %s }\n", h.name, h.body)
		fmt.Fprintf(&text, "export const io_%s = task({ mode: \"io\" }, %[1]s);\n", h.name)
	}
	text.WriteString("export async function fine(n) { await sleep(1); return { n }; }\n")
	for i, body := range polluted {
		fmt.Fprintf(&text, "export async function polluted%d(n) { %s await sleep(1); return { n }; }\n", i, body)
	}
	return text.String()
}

// TestHostileScripts runs each task in an instance of its own, and in one that others
// share. Fuel ends those that compute without end.
func TestHostileScripts(t *testing.T) {
	m := javascript(t, host.Config{Limits: host.Limits{Fuel: 2e9, Memory: 32 << 20, Output: 1 << 20}}, hostileScript())
	for _, h := range hostile {
		for _, name := range []string{h.name, "io_" + h.name} {
			t.Run(name, func(t *testing.T) {
				kind, message, m := h.kind, h.message, m
				switch name {
				case "sync_sleep":
					m = m.With(host.Options{RunTimeout: 100 * time.Millisecond})
				case "io_never", "io_throw_microtask": // another call of the instance might settle it
					kind, message = host.Timeout, ""
					m = m.With(host.Options{RunTimeout: 100 * time.Millisecond})
				case "io_sync_sleep":
					kind, message = host.Failed, "use await sleep"
				}
				out, err := m.Call(t.Context(), name, nil).Wait(t.Context())
				if host.Kind(err) != kind || !strings.Contains(err.Error(), message) {
					t.Errorf("ended with %.60q and %.300v, want %v and %q", out, err, kind, message)
				}
				if len(err.Error()) > 64<<10 {
					t.Errorf("the error has %d bytes", len(err.Error()))
				}
				if got := callText(t, m, "fine", "5"); got != `{"n":5}` {
					t.Errorf("afterwards: %s", got)
				}
			})
		}
	}
}

func TestPollutedScripts(t *testing.T) {
	for i, body := range polluted {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			m := javascript(t, host.Config{}, hostileScript())
			for range 3 {
				out, err := m.Call(t.Context(), fmt.Sprintf("polluted%d", i), []byte("5")).Wait(t.Context())
				if string(out) != `{"n":5}` || err != nil {
					t.Errorf("%s: %s, %v", body, out, err)
				}
			}
		})
	}
}

// TestScriptMemory checks that a script that is refused memory fails in a way that an
// embedder can tell.
func TestScriptMemory(t *testing.T) {
	m := javascript(t, host.Config{Limits: host.Limits{Memory: 16 << 20}}, hostileScript())
	for _, name := range []string{"memory", "io_memory"} {
		_, err := m.Call(t.Context(), name, nil).Wait(t.Context())
		if _, ok := errors.AsType[*host.MemoryError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
