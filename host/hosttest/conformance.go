package hosttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/files"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/capability/kv"
)

// Conformance runs the conformance suite, as subtests of t. wasm is the
// conformance guest of a language: a module with the tasks of
// guests/c/conformance.c. cfg has what the host needs besides, such as Engines.
//
// exceptions maps the names of the cases that the language can't pass to the
// reasons. These cases are skipped. A case that makes one call is named after its
// task and input, like fail("why"); other cases have names like cancel. A name
// that is not a case fails the test.
func Conformance(t *testing.T, cfg host.Config, wasm []byte, exceptions map[string]string) {
	var log Log
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		io.WriteString(w, "page "+r.URL.Path)
		if r.Method == nethttp.MethodPost {
			io.WriteString(w, ": ")
			io.Copy(w, r.Body)
		}
	}))
	defer web.Close()
	folders, err := files.Open(host.Mount{Host: t.TempDir(), Guest: "/data"})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = log.Logger()
	cfg.Capabilities = []capability.Capability{
		&http.Client{Allow: []string{web.Listener.Addr().String()}}, kv.Memory(kv.Limits{}), folders,
	}
	cfg.Limits.Memory = 64 << 20
	h := New(t, cfg)
	m := Load(t, h, wasm)
	s := &suite{h: h, m: m, log: &log, url: web.URL, exceptions: exceptions, seen: map[string]bool{}}
	t.Run("table", s.table)
	t.Run("behaviour", s.behaviour)
	for name := range exceptions {
		if !s.seen[name] {
			t.Errorf("an exception names the case %q, which does not exist", name)
		}
	}
}

// suite is one run of the conformance suite.
type suite struct {
	h          *host.Host
	m          *host.Module
	log        *Log
	url        string
	exceptions map[string]string
	seen       map[string]bool // the names of the cases so far
}

// expect is how a call must end: with output, or with an error of a kind whose
// text contains message.
type expect struct {
	output  string
	kind    abi.Status
	message string
}

// table calls tasks, and compares how each call ends.
func (s *suite) table(t *testing.T) {
	big := make([]byte, 300_000)
	for i := range big {
		big[i] = byte(i % 251)
	}
	ok := func(output string) expect { return expect{output: output} }
	bad := func(kind abi.Status, message string) expect { return expect{kind: kind, message: message} }
	for _, c := range []struct {
		task, input string
		want        expect
	}{
		{"echo", "hello", ok("hello")},
		{"echo", "", ok("")},
		{"echo", "\x00\xff\n\x80", ok("\x00\xff\n\x80")},
		{"echo", string(big), ok(string(big))},
		{"echo_blocking", "hello", ok("hello")},
		{"echo_cpu", "hello", ok("hello")},
		{"noop", "", ok("")},
		{"noop_io", "ignored", ok("")},
		{"noop_cpu", "", ok("")},
		{"sum", "\x01\x02\xff", ok("258")},
		{"big", "300000", ok(string(big))},
		{"big", "0", ok("")},
		{"count_out", "3", ok("0\n1\n2\nend")},
		{"count_out_io", "3", ok("0\n1\n2\nend")},
		{"count_out_cpu", "3", ok("0\n1\n2\nend")},
		{"count_out_io", "0", ok("end")},
		{"fail", "why", bad(abi.Failed, "failed with code 7: told to fail: why")},
		{"trap", "", bad(abi.Trap, "trapped")},
		{"trap_io", "", bad(abi.Trap, "trapped")},
		{"exit3", "", bad(abi.Exit, "exited with code 3")},
		{"sleep", "1", ok("slept")},
		{"sleep_blocking", "1", ok("slept")},
		{"await_cpu", "", bad(abi.Denied,
			`task "await_cpu" (mode cpu) called clock.sleep: cpu tasks may not await; declare it io or blocking`)},
		{"fetch", s.url + "/a", ok("page /a")},
		{"fetch", "http://denied.example/", bad(abi.Denied, "denied.example")},
		{"fetch", "no url", bad(abi.InvalidInput, "")},
		{"stream", s.url + "/a", ok("page /a: one two")},
		{"kv", "hello", ok("101 k=hello;n=42;")},
		{"kv", "", ok("101 k=;n=42;")},
		{"kv", string(make([]byte, 2<<20)), bad(abi.InvalidInput, "at most 1048576 are allowed")},
		{"files", "hello", ok("4 5 f=hello")},
		{"call", "echo\nhello", ok("hello")},
		{"call", "echo_blocking\nhello", ok("hello")},
		{"call", "sum\nab", ok("195")},
		{"call", "count_out\n2", ok("0\n1\nend")},
		{"call", "fail\nx", bad(abi.Failed, "failed with code 7: ")},
		{"call", "fail\nx", bad(abi.Failed, "told to fail: x")},
		{"call", "trap\n", bad(abi.Trap, "trapped")},
		{"call", "slow\n", bad(abi.Timeout, "timed out")},
		{"call", "nosuch\n", bad(abi.Denied, "no.such")},
		{"call", "missing\n", bad(abi.NoSuchTask, `no task "missing"`)},
		{"call_blocking", "echo_cpu\nhello", ok("hello")},
		{"call_blocking", "call_blocking\nfail\nx", bad(abi.Failed, "told to fail: x")},
		{"fan", "100 1", ok("100")},
		{"tree", "5", ok("32")},
		{"nosuch", "", bad(abi.Denied, "no.such")},
		{"log", "line", ok("")},
		{"print", "printed", ok("")},
		{"leak_op", "", ok("")},
		{"slow", "", bad(abi.Timeout, "ran for more than 50ms")},
		{"schema", `{"n": 42}`, ok("42")},
	} {
		name := fmt.Sprintf("%s(%.30q)", c.task, c.input)
		s.run(t, name, func(t *testing.T) {
			got, err := s.m.Call(t.Context(), c.task, []byte(c.input)).Wait(t.Context())
			c.want.check(t, got, err)
		})
	}
}

func (w expect) check(t *testing.T, got []byte, err error) {
	t.Helper()
	if kind := host.Kind(err); kind != w.kind {
		t.Fatalf("ended as %v (%v), want %v", kind, err, w.kind)
	}
	if err != nil && !strings.Contains(err.Error(), w.message) {
		t.Errorf("error %q, want %q in it", err, w.message)
	}
	if !bytes.Equal(got, []byte(w.output)) {
		t.Errorf("output %.60q, want %.60q", got, w.output)
	}
}

// run runs a case as a subtest, unless it is an exception.
func (s *suite) run(t *testing.T, name string, f func(t *testing.T)) {
	s.seen[name] = true
	t.Run(name, func(t *testing.T) {
		if reason, ok := s.exceptions[name]; ok {
			t.Skip("this language can't pass the case:", reason)
		}
		f(t)
	})
}

// behaviour runs the cases that need more than one call, or more than its result.
func (s *suite) behaviour(t *testing.T) {
	s.run(t, "cancel", s.cancel)
	s.run(t, "emits", s.emits)
	s.run(t, "logs", s.logs)
	s.run(t, "memory", s.memory)
	s.run(t, "modes", s.modes)
	s.run(t, "schema", s.schema)
	s.run(t, "together", s.together)
	s.run(t, "trap spares the next", s.trapSparesTheNext)
}

// cancel cancels calls that sleep, that loop for ever, and that wait for one that
// does.
func (s *suite) cancel(t *testing.T) {
	for _, c := range [][2]string{
		{"hang", ""}, {"call", "hang\n"}, {"call", "forever\n"}, {"forever", ""}, {"forever_cpu", ""},
	} {
		f := s.m.Call(t.Context(), c[0], []byte(c[1]))
		time.Sleep(20 * time.Millisecond) // by then it has most likely started
		f.Cancel()
		if _, err := f.Wait(t.Context()); host.Kind(err) != abi.Cancelled {
			t.Errorf("%v: got %v, want a cancelled call", c, err)
		}
	}
}

// emits reads what several calls at once emit before their end, which is several times
// as much as the host keeps.
func (s *suite) emits(t *testing.T) {
	const lines = 5000
	var want bytes.Buffer
	for i := range lines {
		fmt.Fprintln(&want, i)
	}
	var events host.Events
	var calls []*host.Future[[]byte]
	for range 4 {
		for _, task := range []string{"count_out", "count_out_io", "count_out_cpu"} {
			m := s.m.With(host.Options{Events: &events})
			calls = append(calls, m.Call(t.Context(), task, fmt.Append(nil, lines)))
		}
	}
	outputs, reports := map[uint64]*bytes.Buffer{}, map[uint64]int{}
	for e := range events.All(t.Context()) {
		if outputs[e.Call] == nil {
			outputs[e.Call] = &bytes.Buffer{}
		}
		if e.Kind == host.EventChunk {
			outputs[e.Call].Write(e.Data)
			continue
		}
		p, err := e.Progress()
		want := host.Progress{Done: float64(100 * reports[e.Call]), Total: lines, Message: `counting "out"`}
		if err != nil || p != want {
			t.Fatalf("%s: %v, %v; want %v", e.Task, p, err, want)
		}
		reports[e.Call]++
	}
	for _, f := range calls {
		if rest, err := f.Wait(t.Context()); err != nil || string(rest) != "end" {
			t.Errorf("the end: %q, %v", rest, err)
		}
	}
	for id, got := range outputs {
		if !bytes.Equal(got.Bytes(), want.Bytes()) || reports[id] != lines/100 {
			t.Errorf("call %d: %d bytes and %d reports", id, got.Len(), reports[id])
		}
	}
	if len(outputs) != len(calls) {
		t.Errorf("%d of %d calls emitted", len(outputs), len(calls))
	}
}

// logs checks that what a guest logs or prints is in the host's log.
func (s *suite) logs(t *testing.T) {
	for _, task := range []string{"log", "print"} {
		if _, err := s.m.Call(t.Context(), task, []byte("seen by "+task)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := `msg="seen by ` + task + `"`; !strings.Contains(s.log.String(), want) {
			t.Errorf("%s: %s is not in the log:\n%s", task, want, s.log)
		}
	}
}

// memory checks that the host survives a guest that allocates all the memory it
// can get. The guest may end, or carry on when the host refuses it more.
func (s *suite) memory(t *testing.T) {
	out, err := s.m.Call(t.Context(), "grow", nil).Wait(t.Context())
	if err == nil && string(out) == "0" {
		t.Error("the guest got no memory at all")
	}
	if out, err := s.m.Call(t.Context(), "echo", []byte("x")).Wait(t.Context()); err != nil || string(out) != "x" {
		t.Errorf("afterwards: %q, %v", out, err)
	}
}

// modes checks the modes in the manifest.
func (s *suite) modes(t *testing.T) {
	want := map[string]host.Mode{"echo": host.IO, "echo_blocking": host.Blocking, "echo_cpu": host.CPU}
	for _, task := range s.m.Tasks() {
		if mode, ok := want[task.Name]; ok && mode != task.Mode {
			t.Errorf("%s has mode %s, want %s", task.Name, task.Mode, mode)
		}
		delete(want, task.Name)
	}
	if len(want) > 0 {
		t.Errorf("tasks missing from the manifest: %v", want)
	}
}

// schema checks that the host validates inputs against the manifest's schema.
func (s *suite) schema(t *testing.T) {
	checked := s.m.With(host.Options{Validate: true})
	for _, c := range []struct {
		input string
		want  expect
	}{
		{`{"n": 5}`, expect{output: "5"}},
		{`{"n": "five"}`, expect{kind: abi.InvalidInput}},
		{`{}`, expect{kind: abi.InvalidInput}},
		{`nonsense`, expect{kind: abi.InvalidInput}},
	} {
		got, err := checked.Call(t.Context(), "schema", []byte(c.input)).Wait(t.Context())
		c.want.check(t, got, err)
	}
}

// together runs many calls of every mode at once, and checks that each gets its
// own output.
func (s *suite) together(t *testing.T) {
	var calls []*host.Future[[]byte]
	var want [][]byte
	for i := range 300 {
		text := fmt.Append(nil, i)
		task := []string{"echo", "echo_blocking", "echo_cpu", "sleep"}[i%4]
		if task == "sleep" {
			calls = append(calls, s.m.Call(t.Context(), task, []byte("5")))
			want = append(want, []byte("slept"))
			continue
		}
		calls = append(calls, s.m.Call(t.Context(), task, text))
		want = append(want, text)
	}
	got, err := host.All(calls...).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Error("calls got the outputs of others")
	}
}

// trapSparesTheNext checks that a module still serves calls after a trap.
func (s *suite) trapSparesTheNext(t *testing.T) {
	for _, task := range []string{"trap_io", "trap"} {
		if _, err := s.m.Call(t.Context(), task, nil).Wait(context.Background()); host.Kind(err) != abi.Trap {
			t.Errorf("%s: %v", task, err)
		}
		if out, err := s.m.Call(t.Context(), "echo", []byte("alive")).Wait(t.Context()); string(out) != "alive" {
			t.Errorf("after %s: %q, %v", task, out, err)
		}
	}
}
