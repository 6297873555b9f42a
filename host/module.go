package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/gate"
	"github.com/wexec/wexec/host/internal/grants"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/schema"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Task is what a module declares about one of its tasks.
type Task = abi.Task

// Module is a loaded module, seen with some Options. It is safe for use by any
// number of goroutines.
type Module struct {
	m       *module
	options *Options // never changed: calls refer to it
}

// module is what all views of a module share.
type module struct {
	host     *Host
	name     string
	owner    string // the tenant that it was loaded for, or "" for the host
	defaults Options
	plan     *kind.Plan
	template *guest.Template
	manifest *abi.Manifest
	byName   map[string]int // index of each task in the manifest
	schemas  []taskSchemas  // nil if there are none
	info     Info
	pools    map[Mode]*guest.Pool
	ops      *grants.Module
	called   atomic.Uint64 // the ID of its last call
	gate     gate.Gate     // calls under way

	mu    sync.Mutex
	loops map[string][]*loop // by tenant
}

// newModule makes a module from the results of the steps of loading.
func (h *Host) newModule(
	name string, parsed *wasm.Module, plan *kind.Plan, t *guest.Template, f found, o *Options,
) (*module, error) {
	m := &module{
		host: h, name: name, owner: o.Tenant, defaults: *o, plan: plan, template: t,
		manifest: f.manifest, schemas: f.schemas, byName: map[string]int{},
		pools: map[Mode]*guest.Pool{}, loops: map[string][]*loop{},
		info: newInfo(name, parsed, t.Code.Memories, plan, f),
	}
	for i, task := range m.manifest.Tasks {
		m.byName[task.Name] = i
	}
	for mode, e := range map[Mode]ExecutorLimits{IO: h.cfg.IO, Blocking: h.cfg.Blocking, CPU: h.cfg.CPU} {
		m.pools[mode] = t.NewPool(e.Warm, h.cfg.Idle)
	}
	t.Turn = m.turnBounds()
	scope := capability.Scope{Module: name, Owner: o.Tenant}
	if len(h.cfg.Capabilities) > 0 {
		scope.Digest = fmt.Sprintf("%x", cache.Sum(parsed.Bytes))
	}
	m.ops = h.grants.Module(scope)
	return m, m.ops.Configure(o.Tenant)
}

// Name returns the module's name.
func (m *Module) Name() string { return m.m.name }

// Tasks returns the module's tasks, in the manifest's order. They must not be
// changed.
func (m *Module) Tasks() []Task { return m.m.manifest.Tasks }

// Manifest returns what the module says of itself, or what was made up for a module
// without a manifest. It must not be changed.
func (m *Module) Manifest() *abi.Manifest { return m.m.manifest }

// With returns a view of the module with more options. Timeouts, memory, fuel and
// grants narrow what the module and its host allow, and never widen it. The other
// fields replace earlier ones. All views share the module, and closing one closes
// all.
func (m *Module) With(options Options) *Module {
	narrowed := m.options.and(options)
	return &Module{m: m.m, options: &narrowed}
}

// Call runs a task and returns its future at once. It never blocks: if the call
// can't be made, the future is done and has the error. The call is cancelled when
// ctx ends or the future's Cancel is called. The caller must not change the input
// before the future is done.
func (m *Module) Call(ctx context.Context, task string, input []byte) *Future[[]byte] {
	c, err := m.m.submit(ctx, nil, task, input, m.options)
	if err != nil {
		return executors.Rejected[[]byte](err)
	}
	if !m.options.Validate || m.m.schemas == nil {
		return c.promise.Future() // has the output too, even if the call failed
	}
	// Check the output on another goroutine, since calls share the one that ends them.
	f, ended := c.promise.Future(), &Promise[struct{}]{}
	ended.OnCancel(f.Cancel)
	f.Notify(func() { ended.Resolve(struct{}{}) })
	return executors.Then(ended.Future(), func(context.Context, struct{}) ([]byte, error) {
		output, err := f.Wait(context.Background())
		if err == nil && !c.inside.Placement.Source().Chunked() { // with chunks it is a part
			if err = m.m.checkOutput(int(c.inside.Index), output); err != nil {
				return nil, c.failure(err)
			}
		}
		return output, err
	})
}

// turnBounds returns the bounds of a turn of an instance that holds calls of several
// tasks: the largest bounds of any task.
func (m *module) turnBounds() guest.Bounds {
	limits := &m.host.cfg.Limits
	most := func(limit, own uint64, of func(Task) uint64) uint64 {
		limit = least(limit, own)
		var largest uint64
		for _, t := range m.manifest.Tasks {
			if t.Mode == IO {
				largest = max(largest, least(limit, of(t)))
			}
		}
		return largest
	}
	return guest.Bounds{
		Memory: most(limits.Memory, m.defaults.Memory, func(t Task) uint64 { return t.Memory }),
		Fuel:   int64(most(limits.Fuel, m.defaults.Fuel, func(t Task) uint64 { return t.Fuel })),
	}
}

// Close refuses new calls, waits for those under way until ctx ends, and then stops
// them. When all have ended, it frees the module and its name. Close may be called
// again.
func (m *Module) Close(ctx context.Context) error {
	err := m.m.close(ctx)
	if err == nil {
		m.m.host.unregister(m.m)
	}
	return err
}

// close ends the module. If some of its code still runs, it returns an error and
// frees nothing that the code may use.
func (m *module) close(ctx context.Context) error {
	ended := m.gate.Close(ctx, m.host.cfg.Grace, m.stop)
	var loops errgroup.Group
	for _, l := range m.allLoops() {
		loops.Go(func() error { return l.close(ctx) })
	}
	err := loops.Wait()
	if err == nil && !ended && m.gate.Count() > 0 {
		err = &AbandonedError{Executor: fmt.Sprintf("module %q", m.name), Jobs: m.gate.Count()}
	}
	if err != nil {
		return err
	}
	for _, pool := range m.pools {
		pool.Close()
	}
	m.template.Snapshots.Evict()
	return m.template.Code.Close(context.WithoutCancel(ctx))
}

// stop stops all calls of the module.
func (m *module) stop() {
	for _, pool := range m.host.pools {
		pool.CancelAll(func(c *call) bool { return c.mod == m }, ErrClosed)
	}
	m.stopLoops()
}

func (m *module) stopLoops() {
	for _, l := range m.allLoops() {
		l.stop()
	}
}

// allLoops returns the loops of all tenants.
func (m *module) allLoops() []*loop {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Concat(slices.Collect(maps.Values(m.loops))...)
}

// idleBytes returns the memory of idle instances and of the snapshot.
func (m *module) idleBytes() uint64 {
	n := m.template.Snapshots.Bytes()
	for _, pool := range m.pools {
		n += pool.Bytes()
	}
	return n
}

// evict frees the memory of idle instances and of the snapshot.
func (m *module) evict() {
	for _, pool := range m.pools {
		pool.Drop()
	}
	m.template.Snapshots.Evict()
}

// taskSchemas has the schemas of one task, compiled when they are first needed.
type taskSchemas struct {
	once          sync.Once
	input, output *schema.Schema
	err           error
}

// compileSchemas compiles the schemas of all tasks.
func compileSchemas(schemas []taskSchemas, manifest *abi.Manifest) error {
	for i := range schemas {
		if err := schemas[i].compile(i, &manifest.Tasks[i]); err != nil {
			return err
		}
	}
	return nil
}

// compile compiles the schemas of the task at index in the manifest.
func (s *taskSchemas) compile(index int, t *Task) error {
	s.once.Do(func() {
		if s.input, s.err = compileSchema(index, "input", t.Input); s.err == nil {
			s.output, s.err = compileSchema(index, "output", t.Output)
		}
	})
	return s.err
}

func compileSchema(index int, field string, text []byte) (*schema.Schema, error) {
	s, err := schema.Compile(text)
	if err != nil {
		return nil, &abi.ManifestError{Path: fmt.Sprintf("tasks[%d].%s", index, field), Reason: err.Error()}
	}
	return s, nil
}

// schemasOf returns the schemas of a task.
func (m *module) schemasOf(index int) (*taskSchemas, error) {
	s := &m.schemas[index]
	if err := s.compile(index, &m.manifest.Tasks[index]); err != nil {
		return nil, named(err, m.name)
	}
	return s, nil
}

func (m *module) checkInput(index int, input []byte) error {
	if m.schemas == nil {
		return nil
	}
	s, err := m.schemasOf(index)
	if err != nil {
		return err
	}
	if err := s.input.Check(input); err != nil {
		return fault.InvalidInput("%v", err)
	}
	return nil
}

func (m *module) checkOutput(index int, output []byte) error {
	if m.schemas == nil {
		return nil
	}
	s, err := m.schemasOf(index)
	if err != nil {
		return err
	}
	if err := s.output.Check(output); err != nil {
		return &OutputError{Reason: "it does not match its schema: " + err.Error()}
	}
	return nil
}
