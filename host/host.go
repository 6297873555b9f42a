package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/env"
	"github.com/wexec/wexec/host/internal/gate"
	"github.com/wexec/wexec/host/internal/grants"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/linear"
)

// Host runs tasks. Make one with New, and Close it.
type Host struct {
	cfg    Config
	engine *engine.Engine
	guests *guest.Host
	pools  map[Mode]*executors.Pool[*call]

	grants *grants.Host

	gate gate.Gate // calls under way, and modules that are being loaded
	ids  atomic.Uint64

	mu      sync.Mutex
	modules map[moduleID]*module

	closing  sync.Once
	closeErr error
}

// moduleID identifies a module: names are unique among the modules of an owner.
type moduleID struct{ owner, name string }

// burst is the most guests of mode io that run at once when some of them run for
// long: see executors.PoolConfig.
const burst = 1024

// mostDirect is the most guests of mode io that hold one call each. Each has a
// memory mapping of its own, and Linux allows a process 65,530.
const mostDirect = 1 << 15

// New makes a host. Its error says which field of the Config is wrong.
func New(config Config) (*Host, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Host{cfg: cfg, modules: map[moduleID]*module{}}
	h.grants, err = grants.New(grants.Config{
		Capabilities: cfg.Capabilities, Logger: cfg.Logger, Audit: cfg.Audit,
		Running: cfg.Limits.Capabilities, Streams: cfg.Limits.Streams,
	})
	if err != nil {
		return nil, fmt.Errorf("host: Config.Capabilities: %w", err)
	}
	if err := h.grants.Check("host: Config.Grants", cfg.Grants); err != nil {
		return nil, err
	}
	h.guests = &guest.Host{
		Limits: guest.Limits{
			Memory: cfg.Limits.Memory, Stack: cfg.Limits.Stack, Input: cfg.Limits.Input, Output: cfg.Limits.Output,
			Ops: cfg.Limits.Ops, Held: cfg.Limits.Held, LogLine: cfg.Limits.LogLine,
			Calls: cfg.IO.InFlight, Orphans: min(cfg.Limits.Orphans, cfg.IO.InFlight/2), // orphans count as in flight
		},
		Logger: cfg.Logger,
		Memory: linear.NewBudget(cfg.Memory, h.reclaim),
		Cores:  runtime.GOMAXPROCS(0),
	}
	direct := cfg.IO
	direct.InFlight = min(direct.InFlight, mostDirect)
	h.pools = map[Mode]*executors.Pool[*call]{
		IO:       newPool("io", direct, burst, cfg.Idle),
		Blocking: newPool("blocking", cfg.Blocking, 0, cfg.Idle),
		CPU:      newPool("cpu", cfg.CPU, 0, cfg.Idle),
	}
	if h.engine, err = h.openEngine(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	return h, nil
}

func newPool(name string, l ExecutorLimits, burst int, idle time.Duration) *executors.Pool[*call] {
	return executors.NewPool[*call](executors.PoolConfig{
		Name:    name,
		Limits:  executors.Limits{Queue: l.Queue, InFlight: l.InFlight},
		Workers: l.Workers,
		Burst:   burst,
		Spare:   1,
		Idle:    idle,
	})
}

func (h *Host) openEngine() (*engine.Engine, error) {
	cfg := engine.Config{
		CacheDir: h.cfg.CacheDir, Logger: h.cfg.Logger, Engines: h.cfg.Engines,
		Compile: engine.Bounds{Time: max(h.cfg.Compile.Timeout, 0), Memory: h.cfg.Compile.Memory},
		Pause:   guest.Pause, Imports: append(guest.Imports(), env.Import()),
	}
	for _, k := range kinds {
		cfg.Imports = append(cfg.Imports, k.Imports()...)
	}
	return engine.Open(cfg)
}

// register adds a module under its name.
func (h *Host) register(m *module) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := moduleID{m.owner, m.name}
	if _, taken := h.modules[id]; taken {
		return &InvalidModuleError{
			Module: m.name,
			Reason: "a module of that name is loaded already: close it, or load this one under another name",
		}
	}
	h.modules[id] = m
	return nil
}

func (h *Host) unregister(m *module) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id := (moduleID{m.owner, m.name}); h.modules[id] == m {
		delete(h.modules, id)
	}
}

// lookup finds a module by name for a task of another module. It prefers a module of
// the same owner, and otherwise takes one of the host if the caller is among its
// Callers. For a module that may not be called, the error is the same as for one
// that does not exist.
func (h *Host) lookup(caller *module, name string) (*module, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m, ok := h.modules[moduleID{caller.owner, name}]; ok {
		return m, nil
	}
	m, ok := h.modules[moduleID{"", name}]
	allowed := func(entry string) bool { return entry == caller.owner || entry == caller.owner+"/"+caller.name }
	if ok && slices.ContainsFunc(m.defaults.Callers, allowed) {
		return m, nil
	}
	return nil, &NoSuchTaskError{Module: name}
}

func (h *Host) allModules() []*module {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.modules))
}

// reclaim frees idle memory until the budget has room for bytes more. It starts with
// the module that was called least recently. It frees nothing if all idle memory
// would not be enough.
func (h *Host) reclaim(bytes uint64) {
	modules := h.allModules()
	idle := uint64(0)
	for _, m := range modules {
		idle += m.idleBytes()
	}
	before := h.guests.Memory.Used()
	if before+bytes > h.cfg.Memory+idle {
		return // all idle memory would not be enough
	}
	slices.SortFunc(modules, func(a, b *module) int { return cmp.Compare(a.called.Load(), b.called.Load()) })
	for _, m := range modules {
		// Used includes what others take meanwhile, so that more is freed then.
		if h.guests.Memory.Used()+bytes <= before {
			return
		}
		m.evict()
	}
}

// Close refuses new calls and waits for those under way until ctx ends. Then it
// cancels them and waits for Config.Grace. If some have not ended by then, it gives
// up: the error says how many there are, and their memory is not freed. Close may
// be called again.
func (h *Host) Close(ctx context.Context) error {
	ended := h.gate.Close(ctx, h.cfg.Grace, h.stop)
	now, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel() // all calls have ended, or the time is up
	var group errgroup.Group
	var mu sync.Mutex
	var errs []error
	try := func(closing func() error) {
		group.Go(func() error {
			err := closing()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			return nil
		})
	}
	for _, pool := range h.pools {
		try(func() error { return pool.Close(now, h.cfg.Grace) })
	}
	for _, m := range h.allModules() {
		try(func() error { return m.close(now) })
	}
	group.Wait()
	if !ended && h.gate.Count() > 0 {
		errs = append(errs, &AbandonedError{Executor: "host", Jobs: h.gate.Count()})
	}
	if background := &h.grants.Background; !background.Close(now, h.cfg.Grace, func() {}) { // their contexts have ended
		errs = append(errs, &AbandonedError{Executor: "capabilities", Jobs: background.Count()})
	}
	if err := errors.Join(errs...); err != nil {
		return err // guest code may still run: what it uses can't be freed
	}
	h.closing.Do(h.free)
	return h.closeErr
}

// free closes the capabilities and the engine.
func (h *Host) free() {
	var errs []error
	h.grants.Close()
	for _, c := range h.cfg.Capabilities {
		errs = append(errs, c.Close())
	}
	h.closeErr = errors.Join(append(errs, h.engine.Close())...)
}

// stop cancels all calls.
func (h *Host) stop() {
	for _, pool := range h.pools {
		pool.CancelAll(func(*call) bool { return true }, ErrClosed)
	}
	for _, m := range h.allModules() {
		m.stopLoops()
	}
}

// ExecutorStats are the figures of one executor.
type ExecutorStats = executors.Stats

// Uses counts the uses of an op of a capability.
type Uses = grants.Uses

// Stats is a snapshot of a host.
type Stats struct {
	// IO, Blocking and CPU are the executors' figures. IO adds up those of the loops
	// and of the guests that hold one call.
	IO, Blocking, CPU ExecutorStats
	// Calls counts the calls under way: queued, running or waiting.
	Calls int
	// Strays counts the ops of capabilities that go on after they were cancelled.
	Strays int
	// Uses counts the uses of capabilities, by the name of the op. It leaves out
	// clock.sleep and task.call.
	Uses map[string]Uses
	// Modules counts the modules that are loaded.
	Modules int
	// Instances counts the idle instances, and Made all that were ever made.
	Instances int
	Made      uint64
	// MemoryBytes is the linear memory of all instances and of the images that they
	// start from. Config.Memory bounds it. Less of it is resident; only the system
	// knows how much.
	MemoryBytes uint64
}

// Stats returns the host's figures now.
func (h *Host) Stats() Stats {
	s := Stats{
		IO: h.pools[IO].Stats(), Blocking: h.pools[Blocking].Stats(), CPU: h.pools[CPU].Stats(),
		Calls: h.gate.Count(), Uses: h.grants.Uses(), Strays: h.grants.Strays(),
		MemoryBytes: h.guests.Memory.Used(), Made: h.guests.Made(),
	}
	modules := h.allModules()
	s.Modules = len(modules)
	for _, m := range modules {
		for _, pool := range m.pools {
			s.Instances += pool.Len()
		}
		for _, l := range m.allLoops() {
			s.IO = s.IO.Add(l.executor.Stats())
		}
	}
	return s
}
