package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/internal/gate"
	"github.com/wexec/wexec/host/internal/linear"
)

// Host runs tasks. Make one with New, and Close it.
type Host struct {
	cfg     Config
	engines engines
	pools   map[Mode]*executors.Pool[*call]
	memory  *linear.Budget // of all instances
	fetch   *http.Client
	cores   int // that Go may use

	computing atomic.Int32  // instances whose code computes
	made      atomic.Uint64 // instances

	gate       gate.Gate    // calls under way, and modules being loaded
	background gate.Gate    // goroutines of capabilities
	strays     atomic.Int64 // those whose op was cancelled
	ids        atomic.Uint64

	mu      sync.Mutex
	modules map[string]*module // by name
}

// burst is the most guests of mode io that run at once, if those that do are
// long at it: see executors.PoolConfig.
const burst = 1024

// mostDirect is the most guests of mode io that hold one call each: every one
// has a mapping of its own, of which Linux gives a process 65,530.
const mostDirect = 1 << 15

// New makes a host. Its error says which field of the Config is wrong.
func New(config Config) (*Host, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Host{cfg: cfg, modules: map[string]*module{}, fetch: &http.Client{Allow: cfg.AllowHTTP}}
	if err := h.fetch.Check(); err != nil {
		return nil, fmt.Errorf("host: Config.AllowHTTP: %w", err)
	}
	for _, name := range cfg.Grants {
		if !slices.Contains(h.capabilities(), name) {
			return nil, fmt.Errorf("host: Config.Grants: no capability %q; %s", name, h.capabilityNames())
		}
	}
	h.cores = runtime.GOMAXPROCS(0)
	h.memory = linear.NewBudget(cfg.Memory, h.reclaim)
	direct := cfg.IO
	direct.InFlight = min(direct.InFlight, mostDirect)
	h.pools = map[Mode]*executors.Pool[*call]{
		IO:       newPool("io", direct, burst, cfg.Idle),
		Blocking: newPool("blocking", cfg.Blocking, 0, cfg.Idle),
		CPU:      newPool("cpu", cfg.CPU, 0, cfg.Idle),
	}
	if err := h.openEngines(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	return h, nil
}

func newPool(name string, e Executor, burst int, idle time.Duration) *executors.Pool[*call] {
	return executors.NewPool[*call](executors.PoolConfig{
		Name:    name,
		Limits:  executors.Limits{Queue: e.Queue, InFlight: e.InFlight},
		Workers: e.Workers,
		Burst:   burst,
		Spare:   1,
		Idle:    idle,
	})
}

// capabilities returns the names of all there are.
func (h *Host) capabilities() []string {
	names := slices.Collect(maps.Keys(h.cfg.Capabilities))
	names = append(names, abi.CapSleep, abi.CapTaskCall, abi.CapFetch)
	slices.Sort(names)
	return slices.Compact(names)
}

func (h *Host) capabilityNames() string {
	return "it has " + strings.Join(h.capabilities(), ", ")
}

// register makes a module known by its name.
func (h *Host) register(m *module) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, taken := h.modules[m.name]; taken {
		return m.invalid(nil, "a module of that name is loaded already: close it, or load this one under another name")
	}
	h.modules[m.name] = m
	return nil
}

func (h *Host) unregister(m *module) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.modules[m.name] == m {
		delete(h.modules, m.name)
	}
}

func (h *Host) allModules() []*module {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.modules))
}

// reclaim gives back memory of what is idle, so many bytes or more: first the
// instances and the image of the module that was not called for the longest time.
func (h *Host) reclaim(bytes uint64) {
	modules := h.allModules()
	idle := uint64(0)
	for _, m := range modules {
		idle += m.idleBytes()
	}
	before := h.memory.Used()
	if before+bytes > h.cfg.Memory+idle {
		return // all of it would not be enough
	}
	slices.SortFunc(modules, func(a, b *module) int { return cmp.Compare(a.called.Load(), b.called.Load()) })
	for _, m := range modules {
		// What others take meanwhile counts against it: then more goes.
		if h.memory.Used()+bytes <= before {
			return
		}
		m.rest()
	}
}

// lookup finds a module by name, for task.call.
func (h *Host) lookup(name string) (*module, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m, ok := h.modules[name]; ok {
		return m, nil
	}
	return nil, &NoSuchTaskError{Module: name}
}

// Stats is a snapshot of a host.
type Stats struct {
	// IO, Blocking and CPU are the executors' figures. IO has those of the
	// loops and of the guests that hold one call, together.
	IO, Blocking, CPU executors.Stats
	// Calls are under way: queued, running or waiting.
	Calls int
	// Strays are capabilities that go on after their op was cancelled.
	Strays int
	// Modules are loaded.
	Modules int
	// Instances are those that are idle, and Made counts all that were made.
	Instances int
	Made      uint64
	// MemoryBytes is the linear memory of all instances, and of the images that
	// they are put back to: what Config.Memory bounds. How much of it is
	// resident is the system's to know, and less.
	MemoryBytes uint64
}

// Stats returns the host's figures now.
func (h *Host) Stats() Stats {
	s := Stats{
		IO: h.pools[IO].Stats(), Blocking: h.pools[Blocking].Stats(), CPU: h.pools[CPU].Stats(),
		Calls: h.gate.Count(), Strays: int(h.strays.Load()), MemoryBytes: h.memory.Used(), Made: h.made.Load(),
	}
	modules := h.allModules()
	s.Modules = len(modules)
	for _, m := range modules {
		for _, pool := range m.pools {
			s.Instances += int(pool.count.Load())
		}
		for _, shard := range m.allShards() {
			s.IO = s.IO.Add(shard.loop.Stats())
		}
	}
	return s
}

// Close takes no more calls and waits for those under way until ctx ends. Then
// it cancels them and waits for Config.Grace, and then it gives up: the error
// says on how many. What was given up keeps its memory.
func (h *Host) Close(ctx context.Context) error {
	h.gate.Shut()
	h.gate.Wait(ctx)

	now, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel() // nothing is left that may still finish, or time is up
	var group errgroup.Group
	var mu sync.Mutex
	var errs []error
	try := func(stop func() error) {
		group.Go(func() error {
			err := stop()
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
	errs = append(errs, h.waitForCapabilities())
	if n := h.gate.Count(); n > 0 {
		errs = append(errs, &AbandonedError{Executor: "host", Jobs: n})
	}
	h.fetch.Close()
	if err := errors.Join(errs...); err != nil {
		return err // guest code may still run: what it uses can't be freed
	}
	return h.engines.close()
}

// waitForCapabilities waits for their goroutines, which know that they are to
// end, for as long as Config.Grace.
func (h *Host) waitForCapabilities() error {
	h.background.Shut()
	grace, cancel := context.WithTimeout(context.Background(), h.cfg.Grace)
	defer cancel()
	if h.background.Wait(grace) {
		return nil
	}
	return &AbandonedError{Executor: "capabilities", Jobs: h.background.Count()}
}

// Caller is who started a capability.
type Caller struct {
	Module, Task, Tenant string
}

type callerKey struct{}

func withCaller(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who started the capability that ctx was given to.
func CallerOf(ctx context.Context) (caller Caller, ok bool) {
	c, ok := ctx.Value(callerKey{}).(*call)
	if !ok {
		return Caller{}, false
	}
	return Caller{Module: c.mod.name, Task: c.task.Name, Tenant: c.options.Tenant}, true
}
