package wexec

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/abi"
)

// fakeHost is a minimal host to test the SDK with. It has one instance, its
// clock moves only when nothing else happens, and it panics on anything that the
// ABI forbids.
type fakeHost struct {
	t        *testing.T
	resume   api.Function
	tasks    []abi.Task
	now      time.Duration
	events   []abi.Event
	handles  uint32 // the last one given
	calls    map[uint32]*fakeCall
	ops      map[uint32]*fakeOp
	denied   string          // a capability that is not granted
	room     int             // how many emits are accepted
	refill   int             // the room after a while
	told     map[uint32]bool // calls that were told that there is no room
	batch    int             // the most events per next; 0 means no limit
	entries  int
	yields   int
	log      []string
	finished map[*fakeCall]bool
}

type fakeCall struct {
	handle    uint32
	task      abi.Task
	input     []byte
	cancelled bool
	// code and output are how the guest ended the call.
	code    int32
	output  string
	chunks  string // that it emitted
	reports []string
	parent  *fakeOp
}

type fakeOp struct {
	handle uint32
	call   *fakeCall
	child  *fakeCall
	due    time.Duration // when a sleep ends
	ended  bool
	result []byte
}

// buildGuest builds and compiles testdata/guest, once.
var buildGuest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wexec")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "guest.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "./testdata/guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %s", err, out)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The cache keeps compiled code while a runtime holds it. This runtime is
	// never closed.
	_, err = wazero.NewRuntimeWithConfig(context.Background(), withCache).CompileModule(context.Background(), wasm)
	return wasm, err
})

var withCache = wazero.NewRuntimeConfig().WithCompilationCache(wazero.NewCompilationCache())

func newFakeHost(t *testing.T) *fakeHost {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and compiles a guest")
	}
	wasm, err := buildGuest()
	if err != nil {
		t.Fatal(err)
	}
	h := &fakeHost{
		t: t, calls: map[uint32]*fakeCall{}, ops: map[uint32]*fakeOp{}, finished: map[*fakeCall]bool{},
		told: map[uint32]bool{},
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, withCache)
	t.Cleanup(func() { runtime.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	h.provideImports(ctx, runtime)
	guest, err := runtime.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().
		WithStartFunctions(abi.ExportInitialize).
		WithNanotime(func() int64 { h.now += time.Microsecond; return int64(h.now) }, 1).
		WithNanosleep(func(ns int64) { h.now += time.Duration(ns) }))
	if err != nil {
		t.Fatal(err)
	}
	place, err := guest.ExportedFunction(abi.ExportManifest).Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := guest.Memory().Read(uint32(place[0]>>32), uint32(place[0]))
	manifest, err := abi.ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	h.tasks = manifest.Tasks
	h.resume = guest.ExportedFunction(abi.ExportResume)
	return h
}

// call submits a call. run runs it.
func (h *fakeHost) call(task, input string) *fakeCall {
	c := h.submit(task, []byte(input), nil)
	if c == nil {
		h.t.Fatalf("no task %s", task)
	}
	return c
}

func (h *fakeHost) submit(task string, input []byte, parent *fakeOp) *fakeCall {
	i := slices.IndexFunc(h.tasks, func(t abi.Task) bool { return t.Name == task })
	if i < 0 {
		return nil
	}
	h.handles++
	c := &fakeCall{handle: h.handles, task: h.tasks[i], input: input, parent: parent}
	h.calls[c.handle] = c
	h.events = append(h.events, abi.Event{
		Kind: abi.EventCall, Handle: c.handle, Detail: uint32(i), Len: uint32(len(input)),
	})
	return c
}

// run enters the guest until the call has ended and all events are taken.
func (h *fakeHost) run(c *fakeCall) {
	h.t.Helper()
	for yield := false; !h.finished[c] || len(h.events) > 0; {
		if !yield && len(h.events) == 0 && !h.passTime() {
			h.t.Fatalf("%s waits, but no op is pending", c.task.Name)
		}
		h.entries++
		if h.entries > 10_000 {
			h.t.Fatal("the call does not end after 10,000 entries")
		}
		result, err := h.resume.Call(context.Background())
		if err != nil {
			h.t.Fatal(err)
		}
		if yield = result[0] == abi.ResumeYield; yield {
			h.yields++
		}
	}
}

// passTime makes room for what calls emit, or advances the clock to the end of the next
// sleep. It returns false if nobody waits.
func (h *fakeHost) passTime() bool {
	if h.refill > 0 && len(h.told) > 0 {
		h.room = h.refill
		for handle := range h.told {
			h.events = append(h.events, abi.Event{Kind: abi.EventRoom, Handle: handle})
		}
		clear(h.told)
		return true
	}
	var next *fakeOp
	for _, o := range h.ops {
		if !o.ended && o.due > 0 && (next == nil || o.due < next.due) {
			next = o
		}
	}
	if next == nil {
		return false
	}
	h.now = max(h.now, next.due)
	h.endOp(next, abi.OK, nil)
	return true
}

func (h *fakeHost) endOp(o *fakeOp, status abi.Status, result []byte) {
	if o.ended {
		return
	}
	o.ended, o.result = true, result
	h.events = append(h.events, abi.Event{
		Kind: abi.EventOp, Handle: o.handle, Detail: uint32(status), Len: uint32(len(result)),
	})
}

func (h *fakeHost) endCall(c *fakeCall, code int32, output []byte) {
	c.code, c.output = code, string(output)
	delete(h.calls, c.handle)
	delete(h.told, c.handle)
	h.events = slices.DeleteFunc(h.events, func(e abi.Event) bool {
		return e.Kind == abi.EventRoom && e.Handle == c.handle
	})
	h.finished[c] = true
	for _, o := range h.ops {
		if o.call == c {
			h.t.Errorf("%s ended with an op alive", c.task.Name)
		}
	}
	if c.parent != nil && h.ops[c.parent.handle] != nil {
		h.endOp(c.parent, statusOfCode(code), output)
	}
}

func statusOfCode(code int32) abi.Status {
	switch {
	case code == 0:
		return abi.OK
	case code > 0:
		return abi.Failed
	}
	return abi.Status(-code)
}

func (h *fakeHost) cancelCall(c *fakeCall) {
	if c == nil || c.cancelled || h.finished[c] {
		return
	}
	c.cancelled = true
	delete(h.told, c.handle)
	h.events = append(h.events, abi.Event{Kind: abi.EventCancel, Handle: c.handle})
	for _, o := range h.ops {
		if o.call == c {
			h.cancelOp(o)
		}
	}
}

func (h *fakeHost) cancelOp(o *fakeOp) {
	h.cancelCall(o.child)
	h.endOp(o, abi.Cancelled, []byte("no longer wanted"))
}

func (h *fakeHost) startOp(c *fakeCall, capability string, arg []byte) *fakeOp {
	if c.task.Mode == abi.CPU {
		panic(fmt.Errorf("the cpu task %s starts %s", c.task.Name, capability))
	}
	h.handles++
	o := &fakeOp{handle: h.handles, call: c}
	h.ops[o.handle] = o
	switch {
	case c.cancelled:
		h.cancelOp(o)
	case capability == h.denied:
		h.endOp(o, abi.Denied, []byte(capability+" is not granted"))
	case capability == abi.CapSleep && len(arg) == 8:
		o.due = h.now + max(1, time.Duration(binary.LittleEndian.Uint64(arg)))
	case capability == abi.CapTaskCall:
		head, input := abi.SplitMessage(arg)
		var call abi.TaskCall
		if err := json.Unmarshal(head, &call); err != nil {
			panic(err)
		}
		if o.child = h.submit(call.Task, slices.Clone(input), o); o.child == nil {
			h.endOp(o, abi.NoSuchTask, []byte("no task "+call.Task))
		}
	default:
		h.endOp(o, abi.Denied, []byte("no capability "+capability))
	}
	return o
}

// emit returns 1 if it accepts what a call emits.
func (h *fakeHost) emit(c *fakeCall, kind abi.EmitKind, data []byte) uint64 {
	switch {
	case c.cancelled:
		return 1
	case len(data) > abi.MaxEmitBytes:
		panic("too much at once")
	case h.room == 0 && c.task.Mode != abi.CPU:
		h.told[c.handle] = true
		return 0
	case kind == abi.EmitChunk:
		c.chunks += string(data)
	default:
		c.reports = append(c.reports, string(data))
	}
	h.room = max(h.room-1, 0)
	return 1
}

var errDeadHandle = errors.New("a dead handle")

func alive[T any](m map[uint32]*T, handle uint64) *T {
	v := m[uint32(handle)]
	if v == nil {
		panic(errDeadHandle)
	}
	return v
}

func (h *fakeHost) provideImports(ctx context.Context, runtime wazero.Runtime) {
	// s holds the parameters. The result goes into s[0].
	imports := map[string]func(m api.Memory, s []uint64){
		"input": func(m api.Memory, s []uint64) {
			s[0] = give(m, s[1:], alive(h.calls, s[0]).input)
		},
		"output": func(m api.Memory, s []uint64) {
			h.endCall(alive(h.calls, s[0]), 0, take(m, s[1:]))
		},
		"fail": func(m api.Memory, s []uint64) {
			h.endCall(alive(h.calls, s[0]), int32(s[1]), take(m, s[2:]))
		},
		"emit": func(m api.Memory, s []uint64) {
			s[0] = h.emit(alive(h.calls, s[0]), abi.EmitKind(uint32(s[1])), take(m, s[2:]))
		},
		"op_start": func(m api.Memory, s []uint64) {
			s[0] = uint64(h.startOp(alive(h.calls, s[0]), string(take(m, s[1:])), take(m, s[3:])).handle)
		},
		"op_wait": func(api.Memory, []uint64) { panic("op_wait is for direct guests") },
		"op_result": func(m api.Memory, s []uint64) {
			o := alive(h.ops, s[0])
			if !o.ended {
				panic("the op has not ended")
			}
			s[0] = give(m, s[1:], o.result)
		},
		"op_code": func(_ api.Memory, s []uint64) {
			o := alive(h.ops, s[0])
			if !o.ended {
				panic("the op has not ended")
			}
			s[0] = 0
			if o.child != nil && o.child.code > 0 {
				s[0] = uint64(uint32(o.child.code))
			}
		},
		"op_cancel": func(_ api.Memory, s []uint64) { h.cancelOp(alive(h.ops, s[0])) },
		"op_drop": func(_ api.Memory, s []uint64) {
			o := alive(h.ops, s[0])
			h.cancelCall(o.child)
			delete(h.ops, o.handle)
			h.events = slices.DeleteFunc(h.events, func(e abi.Event) bool {
				return e.Kind == abi.EventOp && e.Handle == o.handle
			})
		},
		"next": func(m api.Memory, s []uint64) {
			n := min(len(h.events), int(uint32(s[1])))
			if h.batch > 0 {
				n = min(n, h.batch)
			}
			var b []byte
			for _, e := range h.events[:n] {
				b = e.AppendTo(b)
			}
			h.events = h.events[n:]
			m.Write(uint32(s[0]), b)
			s[0] = uint64(n)
		},
		"log": func(m api.Memory, s []uint64) { h.log = append(h.log, string(take(m, s[1:]))) },
	}
	module := runtime.NewHostModuleBuilder(abi.ImportModule)
	for _, i := range abi.Imports {
		params := slices.Repeat([]api.ValueType{api.ValueTypeI32}, len(i.Params))
		results := []api.ValueType{api.ValueTypeI32}
		if i.Result == "" {
			results = nil
		}
		f := func(_ context.Context, m api.Module, s []uint64) { imports[i.Name](m.Memory(), s) }
		module.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(f), params, results).Export(i.Name)
	}
	if _, err := module.Instantiate(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// take reads the bytes at a pointer, given the pointer and a length.
func take(m api.Memory, s []uint64) []byte {
	b, ok := m.Read(uint32(s[0]), uint32(s[1]))
	if !ok {
		panic("outside the memory")
	}
	return slices.Clone(b)
}

// give copies b to a pointer, given the pointer, a capacity and an offset in b.
func give(m api.Memory, s []uint64, b []byte) uint64 {
	capacity, offset := int(uint32(s[1])), int(uint32(s[2]))
	part := b[min(offset, len(b)):]
	part = part[:min(capacity, len(part))]
	if len(part) > 0 && !m.Write(uint32(s[0]), part) {
		panic("outside the memory")
	}
	return uint64(len(b))
}
