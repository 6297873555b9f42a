package host

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/gate"
	"github.com/wexec/wexec/host/internal/instrument"
)

// Task is what a module says of one of its tasks.
type Task = abi.Task

// Module is a loaded module, seen with some Options. It is safe for use by any
// number of goroutines.
type Module struct {
	m       *module
	options *Options // never changed: calls refer to it
}

// module is what all views of a module share.
type module struct {
	host        *Host
	name        string
	size        int
	defaults    Options
	key         cache.Key
	written     cache.Code // that the cache is to keep, if it has not and can
	code        *instrument.Rewritten
	engine      *engine
	compiled    wazero.CompiledModule
	style       Style
	entry       string // the export that runs a call, if there is one for all
	manifest    *abi.Manifest
	hasManifest bool
	byName      map[string]int // tasks of the manifest
	asksGuest   bool           // the manifest is an export's, not a section's
	schemas     []taskSchemas
	minMemory   uint64
	needed      []string // fields of Options
	own         bounds   // of the module itself, whatever its tasks have
	shared      bounds   // of an instance that holds calls of several tasks
	snapshots   snapshots
	pools       map[Mode]*instancePool
	called      atomic.Uint64 // the ID of its last call
	gate        gate.Gate
	logs        *rate.Limiter // of lines
	unlogged    atomic.Uint64 // lines that were too many

	mu     sync.Mutex
	shards map[string][]*shard // by tenant
}

// Name returns the module's name.
func (m *Module) Name() string { return m.m.name }

// Tasks returns the module's tasks, in the manifest's order. They must not be
// changed.
func (m *Module) Tasks() []Task { return m.m.manifest.Tasks }

// With returns the module as seen with more options. Timeouts, memory and
// grants narrow what the module and its host allow, and never widen it; the
// other fields replace what was there. The views share everything else, and
// closing one closes all.
func (m *Module) With(options Options) *Module {
	narrowed := m.options.and(options)
	return &Module{m: m.m, options: &narrowed}
}

// Call runs a task and returns its future at once. It never blocks: what can't
// be run is a future that is done, with the reason. The call is cancelled when
// ctx ends or the future's Cancel is called. The input must not be changed
// before the future is done.
func (m *Module) Call(ctx context.Context, task string, input []byte) *Future[[]byte] {
	c, err := m.m.submit(ctx, nil, task, input, m.options)
	if err != nil {
		return executors.Rejected[[]byte](err)
	}
	if !m.options.Validate {
		return c.promise.Future()
	}
	// Not on the goroutine that ends the call: others may share it.
	return executors.Then(c.promise.Future(), func(_ context.Context, output []byte) ([]byte, error) {
		if err := m.m.checkOutput(int(c.index), output); err != nil {
			return nil, c.failure(err)
		}
		return output, nil
	})
}

// submit makes a call and gives it to its executor.
func (m *module) submit(ctx context.Context, parent *call, task string, input []byte, o *Options) (*call, error) {
	index, ok := m.byName[task]
	if !ok {
		err := &NoSuchTaskError{Module: m.name, Task: task}
		if parent == nil && len(task) <= maxName { // a guest need not be helped
			err.Near = nearest(task, m.manifest.Tasks)
		}
		return nil, err
	}
	c, err := m.newCall(ctx, parent, index, input, o)
	if err == nil {
		err = m.admit(c)
	}
	if err != nil {
		t := &m.manifest.Tasks[index]
		return nil, &CallError{Module: m.name, Task: t.Name, Mode: t.Mode, Err: err}
	}
	c.promise.OnCancel(func() { c.cancel(ErrCancelled) })
	if parent == nil { // whose end is its children's
		c.watch(ctx)
	}
	return c, nil
}

// newCall checks what is asked for, and works out the call's limits.
func (m *module) newCall(ctx context.Context, parent *call, index int, input []byte, o *Options) (*call, error) {
	cfg := &m.host.cfg
	t := &m.manifest.Tasks[index]
	if most := cfg.Limits.Input; len(input) > most {
		return nil, &InvalidInputError{fmt.Sprintf("%d bytes, at most %d are allowed (Config.Limits.Input)", len(input), most)}
	}
	if o.Mode != "" && o.Mode != t.Mode {
		if _, err := abi.ParseMode(string(o.Mode)); err != nil {
			return nil, &InvalidInputError{"Options.Mode: " + err.Error()}
		}
		if m.hasManifest {
			return nil, &InvalidInputError{fmt.Sprintf("the module itself says that the task is %s; only tasks of modules without a manifest take a mode from the caller", t.Mode)}
		}
		withMode := *t
		withMode.Mode, t = o.Mode, &withMode
	}
	if o.WASI != m.defaults.WASI && m.style != Command {
		return nil, &InvalidInputError{"Options.WASI of a call is for WASI commands; give it to Load for a module of tasks, whose instances serve many calls"}
	}
	if o.Validate {
		if err := m.checkInput(index, input); err != nil {
			return nil, err
		}
	}
	c := &call{
		id: m.host.ids.Add(1), parent: parent, mod: m, task: t, index: int32(index), input: input, ctx: ctx,
		options: o,
	}
	switch cmp.Or(o.Isolation, m.isolationOf(t)) {
	case PerTask:
	case PerInstance:
		c.keeps = true
	default:
		return nil, &InvalidInputError{fmt.Sprintf("Options.Isolation %q: want %q or %q", o.Isolation, PerTask, PerInstance)}
	}
	c.memory = narrowed(narrowed(cfg.Limits.Memory, t.Memory), o.Memory)
	c.fuel = int64(narrowed(narrowed(cfg.Limits.Fuel, t.Fuel), o.Fuel))
	c.Priority = o.Priority
	c.QueueTimeout = max(narrow(cfg.Limits.QueueTimeout, o.QueueTimeout), 0)
	c.RunTimeout = max(narrow(narrow(cfg.Limits.RunTimeout, t.Timeout), o.RunTimeout), 0)
	if cfg.Observe != nil {
		c.queued = time.Now()
	}
	if parent != nil {
		c.depth = parent.depth + 1
		if int(c.depth) > cfg.Limits.Depth {
			return nil, &DeniedError{abi.CapTaskCall, fmt.Sprintf("tasks call tasks %d deep already: %s (Config.Limits.Depth)", cfg.Limits.Depth, trail(parent))}
		}
	}
	return c, nil
}

// isolationOf returns the isolation of a task for which nobody asks for one.
func (m *module) isolationOf(t *Task) Isolation {
	if m.style == Resumable && t.Mode == IO {
		return PerInstance
	}
	return PerTask
}

// trail writes the names of the calls that led to c.
func trail(c *call) string {
	var names []string
	for ; c != nil; c = c.parent {
		names = append(names, c.task.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

// admit gives a call to the executor of its mode.
func (m *module) admit(c *call) error {
	h := m.host
	enter := (*gate.Gate).Enter
	if c.parent != nil {
		enter = (*gate.Gate).EnterMore // what is under way may finish while the host drains
	}
	if err := enter(&h.gate); err != nil {
		return err
	}
	if err := enter(&m.gate); err != nil {
		h.gate.Leave()
		return err
	}
	err := m.enqueue(c)
	if err != nil {
		m.gate.Leave()
		h.gate.Leave()
	}
	return err
}

func (m *module) enqueue(c *call) error {
	m.called.Store(c.id)
	if m.style == Resumable && c.task.Mode == IO && c.keeps {
		// It may be cancelled while the guest reads it.
		c.input = copied(c.input)
		return m.enqueueShared(c)
	}
	return m.host.pools[c.task.Mode].Submit(c)
}

// sharedBounds returns those of an instance that holds calls of several tasks:
// the largest that one of them may have.
func (m *module) sharedBounds() bounds {
	limits := &m.host.cfg.Limits
	most := func(limit, own uint64, of func(Task) uint64) uint64 {
		limit = narrowed(limit, own)
		var largest uint64
		for _, t := range m.manifest.Tasks {
			if t.Mode == IO {
				largest = max(largest, narrowed(limit, of(t)))
			}
		}
		return largest
	}
	return bounds{
		memory: most(limits.Memory, m.defaults.Memory, func(t Task) uint64 { return t.Memory }),
		fuel:   int64(most(limits.Fuel, m.defaults.Fuel, func(t Task) uint64 { return t.Fuel })),
	}
}

// Close takes no more calls, waits for those under way until ctx ends, and
// then stops them. When all have ended, it frees the module's name.
func (m *Module) Close(ctx context.Context) error {
	err := m.m.close(ctx)
	if err == nil {
		m.m.host.unregister(m.m)
	}
	return err
}

// allShards returns those of all tenants.
func (m *module) allShards() []*shard {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Concat(slices.Collect(maps.Values(m.shards))...)
}

func (m *module) close(ctx context.Context) error {
	m.gate.Shut()
	if !m.gate.Wait(ctx) {
		for _, pool := range m.host.pools {
			pool.CancelAll(func(c *call) bool { return c.mod == m }, ErrClosed)
		}
	}
	var loops errgroup.Group
	for _, s := range m.allShards() {
		loops.Go(func() error { return s.close(ctx) })
	}
	err := loops.Wait()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.host.cfg.Grace)
	defer cancel()
	if err == nil && !m.gate.Wait(grace) {
		err = &AbandonedError{Executor: fmt.Sprintf("module %q", m.name), Jobs: m.gate.Count()}
	}
	if err != nil {
		return err // guest code may still run: what it uses can't be freed
	}
	return m.free(context.WithoutCancel(ctx))
}

// free gives back all that a module has of which no code runs.
func (m *module) free(ctx context.Context) error {
	for _, pool := range m.pools {
		pool.close()
	}
	m.snapshots.evict()
	return m.compiled.Close(ctx)
}

// idleBytes is the memory of what is idle.
func (m *module) idleBytes() (n uint64) {
	for _, pool := range m.pools {
		n += pool.bytes()
	}
	if snap := m.snapshots.now.Load(); snap != nil && snap.image != nil {
		n += snap.image.Size()
	}
	return n
}

// rest gives back the memory of what is idle.
func (m *module) rest() {
	for _, pool := range m.pools {
		pool.drop()
	}
	m.snapshots.evict()
}
