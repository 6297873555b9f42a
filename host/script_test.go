package host_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// javascript loads a script in JavaScript.
func javascript(t testing.TB, cfg host.Config, text string, options ...host.Options) *host.Module {
	t.Helper()
	cfg.Engines = hosttest.Engines(t, "javascript")
	return hosttest.Load(t, hosttest.New(t, cfg), hosttest.Script(t, "javascript", "task.js", text), options...)
}

// callText calls a task and returns its output, or its error.
func callText(t testing.TB, m *host.Module, task, input string) string {
	t.Helper()
	out, err := m.Call(t.Context(), task, []byte(input)).Wait(t.Context())
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func TestScriptTasks(t *testing.T) {
	cfg := host.Config{Engines: hosttest.Engines(t, "javascript")}
	m := hosttest.Load(t, hosttest.New(t, cfg), hosttest.Script(t, "javascript", "src/task.js", `
		import { task, sleep } from "wexec";
		import { half } from "../lib/half.js";
		export const double = task({ mode: "cpu", doc: "Doubles.", timeout: 1000 }, (n) => n * 2);
		export async function slow(ms) { await sleep(ms); return "slept"; }
		export const add = (a, b) => a + b;
		export const list = (l) => l.length;
		export const raw = task({ bytes: true }, (b) => b.map((n) => n + 1));
		export const nothing = () => {};
		export const calls = async (n) => await double(n) + await double(1);
		export class Helper {}
		export const number = 5;
		export { half };
	`, "lib/half.js", `export const half = (n) => n / 2;`))
	for _, c := range [][3]string{
		{"double", "21", "42"}, {"slow", "1", `"slept"`}, {"add", "[1,2]", "3"}, {"list", "[1,2]", "2"},
		{"raw", "abc", "bcd"}, {"nothing", "", ""}, {"calls", "2", "6"}, {"half", "1", "0.5"},
		{"double", "nonsense", `task "double" (mode cpu): failed: OpError: the input is not JSON: unexpected token`},
	} {
		if got := callText(t, m, c[0], c[1]); !strings.HasPrefix(got, c[2]) || c[2] == "" && got != "" {
			t.Errorf("%s: got %q, want %q", c[0], got, c[2])
		}
	}
	var tasks []string
	for _, task := range m.Tasks() {
		tasks = append(tasks, fmt.Sprintf("%s %s %v", task.Name, task.Mode, task.Program))
	}
	want := []string{
		"add blocking false", "calls io false", "double cpu false", "half blocking false", "list blocking false",
		"main blocking true", "nothing blocking false", "raw blocking false", "slow io false",
	}
	if slices.Sort(tasks); !slices.Equal(tasks, want) {
		t.Errorf("got tasks %q, want %q", tasks, want)
	}
	if info := m.Info(); info.Style != host.Script || info.Irreversible != "" || info.MemoryMin == 0 {
		t.Errorf("got %+v", info)
	}
}

// TestScriptErrors checks what an embedder sees of an exception.
func TestScriptErrors(t *testing.T) {
	m := javascript(t, host.Config{}, `
export function fails(n) {
  return inner(n);
}
const inner = (n) => n.x.y;
export const later = async () => { await null; fails({}); };
`)
	for _, task := range []string{"fails", "later"} {
		_, err := m.Call(t.Context(), task, []byte("{}")).Wait(t.Context())
		failed, ok := errors.AsType[*host.TaskError](err)
		if !ok || failed.Type != "TypeError" || failed.Message != "cannot read property 'y' of undefined" ||
			len(failed.Stack) < 2 || failed.Stack[0] != "inner (task.js:5:22)" || failed.Stack[1] != "fails (task.js:3:16)" {
			t.Errorf("%s: got %v", task, err)
		}
	}
}

// TestScriptErrorWords checks what people read of exceptions.
func TestScriptErrorWords(t *testing.T) {
	m := javascript(t, host.Config{}, `
export const cause = () => { throw new Error("outer", { cause: new TypeError("inner", { cause: 5 }) }); };
export const any = () => Promise.any([Promise.reject(new Error("a")), Promise.reject(5)]);
export const own = () => { throw Object.assign(new Error("x"), { get cause() { throw 1; } }); };
export const loop = () => { const e = new Error("x"); e.cause = e; throw e; };
export const circle = () => { const a = {}; a.a = a; return a; };
export const big = () => 10n;
`)
	for task, want := range map[string]string{
		"cause":  "Error: outer, because of TypeError: inner, because of 5\n    at cause (task.js:2:",
		"any":    "AggregateError: [Error: a; 5]",
		"own":    "failed: ",
		"loop":   "Error: x, because of Error: x, because of",
		"circle": "TypeError: the result has no form in JSON: circular reference",
		"big":    "TypeError: the result has no form in JSON: BigInt",
	} {
		if got := callText(t, m, task, ""); !strings.Contains(got, want) || len(got) > 1000 {
			t.Errorf("%s: got %s, want %s", task, got, want)
		}
	}
}

// TestScriptUncaught checks that exceptions that nothing catches are in the log, in all modes.
func TestScriptUncaught(t *testing.T) {
	var log hosttest.Log
	h := hosttest.New(t, host.Config{Logger: log.Logger(), Engines: hosttest.Engines(t, "javascript")})
	m := hosttest.Load(t, h, hosttest.Script(t, "javascript", "task.js", `
import { sleep, task } from "wexec";
const lost = () => { Promise.reject(new RangeError("lost")); return 1; };
export const io = task({ mode: "io" }, lost);
export const blocking = task({ mode: "blocking" }, lost);
export const cpu = task({ mode: "cpu" }, lost);
export const many = () => { for (let i = 0; i < 1000; i++) Promise.reject(new RangeError("lost")); return 1; };
export const timer = async () => { setTimeout(() => { throw new RangeError("lost"); }, 0); await sleep(1); return 1; };
export const caught = async () => { const p = Promise.reject(5); await null; return p.catch(() => 1); };
`))
	tasks := []string{"io", "blocking", "cpu", "many", "timer", "caught"}
	for _, task := range tasks {
		if got := callText(t, m, task, ""); got != "1" {
			t.Errorf("%s: got %s", task, got)
		}
	}
	h.Close(t.Context())
	for _, task := range tasks {
		told := regexp.MustCompile(`nothing caught: RangeError: lost.* task=` + task + `\b`).MatchString(log.String())
		if told != (task != "caught") {
			t.Errorf("%s: logged %s", task, log.String())
		}
	}
}

// TestScriptMap checks that stacks name the files that the main file was made of.
func TestScriptMap(t *testing.T) {
	cfg := host.Config{Engines: hosttest.Engines(t, "javascript")}
	m := hosttest.Load(t, hosttest.New(t, cfg), hosttest.Script(t, "javascript",
		"task.js", `export function fails() { throw new Error("x"); }`,
		"task.js.map", `{"version": 3, "sources": ["task.ts"], "mappings": "AAAA,0BAUY"}`))
	if got, want := callText(t, m, "fails", ""), "at fails (task.ts:11:13)"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestScriptRefused checks what is said of modules that can't be scripts.
func TestScriptRefused(t *testing.T) {
	cfg := host.Config{Engines: hosttest.Engines(t, "javascript")}
	text := func(text string) []byte { return hosttest.Script(t, "javascript", "task.js", text) }
	other := abi.Script{Language: "javascript", Engine: strings.Repeat("ab", 32), Main: "task.js"}
	cobol := abi.Script{Language: "cobol", Engine: other.Engine, Main: "x"}
	emptyZip := []byte("PK\x05\x06" + strings.Repeat("\x00", 18))
	manyFiles := bytes.Repeat([]byte("PK\x01\x02"), 30_000)
	for name, c := range map[string]struct {
		cfg  host.Config
		wasm []byte
		want string
	}{
		"no engines": {host.Config{}, text("export const f = 1"), "this host has no engines (Config.Engines)"},
		"not there":  {cfg, other.Module(emptyZip, nil), "get it with wexec engine fetch javascript"},
		"another file": {
			host.Config{Engines: fstest.MapFS{other.Engine + ".wasm": {Data: []byte("x")}}},
			other.Module(emptyZip, nil), "has the SHA-256 2d7116",
		},
		"no zip":       {cfg, other.Module([]byte("x"), nil), "wexec.files: zip: not a valid zip file"},
		"many files":   {cfg, other.Module(manyFiles, nil), "30000 files, at most 20000"},
		"with code":    {cfg, append(text(""), 1, 1, 0), "no code of its own"},
		"language":     {cfg, cobol.Module(emptyZip, nil), `a script in "cobol"`},
		"syntax":       {cfg, text("const f = ;"), "SyntaxError"},
		"syntax place": {cfg, text("\n  let x = ;"), "task.js:2:11"},
		"throws":       {cfg, text("export const f = 1; throw new RangeError('no')"), "RangeError: no"},
		"waits":        {cfg, text("export const f = await new Promise(() => {})"), "awaits something that only a task can wait for"},
		"sleeps":       {cfg, text(`import {sleep} from "wexec"; export const f = await sleep(1)`), "use it in a task"},
		"cpu and async": {
			cfg, text(`import {task} from "wexec"; export const f = task({mode: "cpu"}, async () => {})`),
			"a cpu task may not await",
		},
		"no such import": {cfg, text(`import {tusk} from "wexec"; export const f = tusk`), "'tusk' in module 'wexec'"},
		"name":           {cfg, text(`export const f$ = () => 1`), "can't be a task's name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hosttest.New(t, c.cfg).Load(t.Context(), "guest", c.wasm)
			if kind := host.Kind(err); kind != host.InvalidModule && kind != host.InvalidManifest && kind != host.Failed {
				t.Errorf("got %v", err)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestEngineImports checks that only engines get the functions that engines import.
func TestEngineImports(t *testing.T) {
	// (module (import "env" "host_interrupt" (func (result i32))) (export "f" (func 0)))
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x05\x01\x60\x00\x01\x7f\x02\x16\x01\x03env\x0ehost_interrupt\x00\x00" +
		"\x07\x05\x01\x01f\x00\x00")
	_, err := hosttest.New(t, host.Config{}).Load(t.Context(), "guest", wasm)
	if host.Kind(err) != host.InvalidModule || !strings.Contains(err.Error(), "it imports env.host_interrupt") {
		t.Errorf("got %v", err)
	}
}

// TestScriptsShareAnEngine checks that the engine is compiled once, and that scripts see
// nothing of each other.
func TestScriptsShareAnEngine(t *testing.T) {
	h := hosttest.New(t, host.Config{Engines: hosttest.Engines(t, "javascript"), CacheDir: "off"})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			text := fmt.Sprintf("globalThis.n = (globalThis.n ?? 0) + %d; export const get = () => n;", i)
			m, err := h.Load(t.Context(), fmt.Sprint("guest", i), hosttest.Script(t, "javascript", "task.js", text))
			if err != nil {
				t.Error(err)
				return
			}
			if got := callText(t, m, "get", ""); got != fmt.Sprint(i) {
				t.Errorf("script %d: %s", i, got)
			}
			if i%2 == 0 {
				if err := m.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestScriptIsPristine checks that a task finds the state that the top level has left, and
// its own random numbers.
func TestScriptIsPristine(t *testing.T) {
	m := javascript(t, host.Config{}, `
		import { task } from "wexec";
		let n = 0;
		const before = Math.random();
		const next = () => [++n, Math.random(), crypto.randomUUID()];
		export const fresh = task({ mode: "blocking" }, next);
		export const kept = task({ mode: "io" }, next);
	`)
	seen := map[string]bool{}
	for i := range 10 {
		for task, count := range map[string]int{"fresh": 1, "kept": i + 1} {
			var out []any
			if err := json.Unmarshal([]byte(callText(t, m, task, "")), &out); err != nil {
				t.Fatal(err)
			}
			if out[0] != float64(count) {
				t.Errorf("%s: the count is %v, want %d", task, out[0], count)
			}
			for _, random := range out[1:] {
				if key := fmt.Sprint(random); seen[key] {
					t.Errorf("%s: %s again", task, key)
				} else {
					seen[key] = true
				}
			}
		}
	}
}

// TestScriptCalls checks that code goes on with its own call after it has awaited a
// promise that another call settles: the end of that call must not cancel its ops.
func TestScriptCalls(t *testing.T) {
	m := javascript(t, host.Config{IO: host.ExecutorLimits{Workers: 1}}, `
		import { sleep, task } from "wexec";
		let shared;
		export async function begin() { shared = sleep(30); await shared; }
		export async function awaits() { await shared; await sleep(5); }
		export const chains = task({ mode: "io" }, () => shared.then(() => sleep(5)).then(() => sleep(5)));
		export async function all() { await Promise.all([shared, 1]); await sleep(5); }
		export async function race() { await Promise.race([shared]); await sleep(5); }
		export async function last() { await shared.finally(() => {}); await sleep(5); }
		export async function iterates() { for await (const x of [shared, 1]) await sleep(5); }
		export async function nested() { await (async () => { await shared; await sleep(5); })(); await sleep(5); }
	`)
	tasks := []string{"begin", "awaits", "chains", "all", "race", "last", "iterates", "nested"}
	var calls []*host.Future[[]byte]
	for _, task := range tasks {
		calls = append(calls, m.Call(t.Context(), task, nil))
	}
	for i, c := range calls {
		if _, err := c.Wait(t.Context()); err != nil {
			t.Errorf("%s: %v", tasks[i], err)
		}
	}
}

// TestScriptLeavesOps checks that an instance serves the next task although a task has
// left ops behind.
func TestScriptLeavesOps(t *testing.T) {
	h := hosttest.New(t, host.Config{
		Engines: hosttest.Engines(t, "javascript"), Blocking: host.ExecutorLimits{Workers: 1},
	})
	m := hosttest.Load(t, h, hosttest.Script(t, "javascript", "task.js", `
		import { sleep, task } from "wexec";
		export const leave = task({ mode: "blocking" }, async () => {
			for (let i = 0; i < 10; i++) sleep(3600e3).catch(() => {});
			await sleep(1);
		});
	`))
	for range 20 {
		if got := callText(t, m, "leave", ""); got != "" {
			t.Error(got)
		}
	}
	if made := h.Stats().Made; made > 2 {
		t.Errorf("%d instances were made", made)
	}
}

// TestScriptHammer cancels some of many calls, in shared instances and in others. The rest
// must end well.
func TestScriptHammer(t *testing.T) {
	m := javascript(t, host.Config{IO: host.ExecutorLimits{Workers: 2}}, `
		import { call, sleep, task } from "wexec";
		const work = async (n) => {
			const timer = setTimeout(() => {}, 3600e3);
			try {
				await Promise.all([sleep(n % 3), call("half", n), Promise.race([sleep(3600e3), sleep(1)])]);
				if (n % 5 === 0) await sleep(3600e3);
				return n;
			} finally {
				clearTimeout(timer);
				await sleep(0).catch(() => {});
			}
		};
		export const io = task({ mode: "io" }, work);
		export const blocking = task({ mode: "blocking" }, work);
		export const half = task({ mode: "cpu" }, (n) => n / 2);
	`)
	var wg sync.WaitGroup
	for n := range 400 {
		task := []string{"io", "blocking"}[n%2]
		f := m.Call(t.Context(), task, fmt.Append(nil, n))
		wg.Go(func() {
			if n%5 == 0 {
				if _, err := m.Call(t.Context(), "half", []byte("1")).Wait(t.Context()); err != nil {
					t.Error(err)
				}
				f.Cancel()
			}
			out, err := f.Wait(t.Context())
			if n%5 == 0 && host.Kind(err) != host.Cancelled || n%5 != 0 && string(out) != fmt.Sprint(n) {
				t.Errorf("%s(%d): %s, %v", task, n, out, err)
			}
		})
	}
	wg.Wait()
}

// TestScriptIsolation checks that a caller can give an io task an instance of its own, and
// let another keep its state.
func TestScriptIsolation(t *testing.T) {
	m := javascript(t, host.Config{Blocking: host.ExecutorLimits{Workers: 1}}, `
		import { task } from "wexec";
		let n = 0;
		export const io = task({ mode: "io" }, () => ++n);
		export const blocking = task({ mode: "blocking" }, () => ++n);
	`)
	alone, kept := m.With(host.Options{Isolation: host.PerTask}), m.With(host.Options{Isolation: host.PerInstance})
	for i := range 3 {
		if got := callText(t, alone, "io", ""); got != "1" {
			t.Errorf("alone: %s", got)
		}
		if got := callText(t, kept, "blocking", ""); got != fmt.Sprint(i+1) {
			t.Errorf("kept: %s", got)
		}
	}
}

// TestScriptEmits checks that chunks come whole and in order although the reader is slow.
func TestScriptEmits(t *testing.T) {
	m := javascript(t, host.Config{}, `
		import { emit, task } from "wexec";
		const many = () => Promise.all(Array.from({ length: 300 }, (_, i) => emit(i + "x".repeat(4000) + "\n"))).then(() => {});
		export const io = task({ mode: "io" }, many);
		export const blocking = task({ mode: "blocking" }, many);
		export const huge = task({ mode: "io" }, async () => { await emit("y".repeat(3 << 20)); });
		export const bad = task({ mode: "io" }, () => emit({}));
	`)
	var lines strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, "%d%s\n", i, strings.Repeat("x", 4000))
	}
	huge := strings.Repeat("y", 3<<20)
	for task, want := range map[string]string{"io": lines.String(), "blocking": lines.String(), "huge": huge, "bad": ""} {
		var events host.Events
		f := m.With(host.Options{Events: &events}).Call(t.Context(), task, nil)
		var got strings.Builder
		for e := range events.All(t.Context()) {
			got.Write(e.Data)
		}
		_, err := f.Wait(t.Context())
		if got.String() != want || (task == "bad") != (err != nil) {
			t.Errorf("%s: %d bytes that are right: %v, and %v", task, got.Len(), got.String() == want, err)
		}
		if without := callText(t, m, task, ""); task != "bad" && without != want { // no reader: they are the output
			t.Errorf("%s: %d bytes of output without a reader", task, len(without))
		}
	}
}
