package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// Mode says how a task is best run.
type Mode = abi.Mode

// The modes.
const (
	IO       = abi.IO
	Blocking = abi.Blocking
	CPU      = abi.CPU
)

// Future is a result to come.
type Future[T any] = executors.Future[T]

// Promise is the other end of a Future.
type Promise[T any] = executors.Promise[T]

// mostStack is the most that Limits.Stack may be: wazero itself ends what takes
// more than 50 MB.
const mostStack = 32 << 20

// Isolation says which tasks may see what others leave behind in an instance.
type Isolation string

// The isolations. Tasks of different tenants never share the state of one.
const (
	// PerTask: every task finds the instance as a new one. It is what tasks get,
	// but for those of mode io in a resumable guest.
	PerTask Isolation = "task"
	// PerInstance: an instance keeps its state from one task of a tenant to the
	// next. It is what tasks of mode io in a resumable guest get, of which
	// thousands share one.
	PerInstance Isolation = "instance"
)

// mostMemory is the most that Limits.Memory may be: a 32-bit linear memory.
const mostMemory = 4 << 30

// NoLimit, in place of a duration, asks for no limit.
const NoLimit = -1

// Config says what a host offers and what it bounds. The zero value is a good
// host for untrusted code that needs no network: every limit is finite.
type Config struct {
	// IO bounds tasks of mode io. Workers is the number of loops that a
	// module's calls are spread over, and of guests that hold one call each
	// and run at once. Queue and InFlight bound each loop, and those guests
	// together, of whom there are at most 32,768. Default: GOMAXPROCS, 16,384 queued, 131,072 in flight.
	IO Executor
	// Blocking bounds tasks of mode blocking. Default: min(32, cores + 4)
	// workers as in Python's thread pool, 16,384 queued, 16,384 in flight.
	Blocking Executor
	// CPU bounds tasks of mode cpu. Default: GOMAXPROCS workers, 16,384
	// queued and in flight.
	CPU Executor

	// Limits of each call.
	Limits Limits

	// Memory is the most linear memory, in bytes, that all instances may have
	// together, with those that are idle and the images that they are put back
	// to. Past it, what is idle goes first, that of the modules first that were
	// not called for the longest time. Then calls fail with ErrQueueFull, and
	// guests can't grow. Default: three quarters of the machine's memory, or of
	// what the process may have of it.
	Memory uint64
	// Idle is how long instances, workers and loops are kept that have nothing
	// to do. Default: 10 s.
	Idle time.Duration

	// Capabilities are the embedder's own, by name: any guest that is granted
	// them can start them as ops. A name of wexec's own is replaced.
	Capabilities map[string]Capability
	// Grants are the names of the capabilities that modules may use, unless
	// their Options say less; nil grants all there are. Of wexec's own,
	// clock.sleep and task.call reach nothing outside of the host, and
	// http.fetch reaches nothing unless AllowHTTP says so.
	Grants []string
	// AllowHTTP are the hosts that http.fetch may reach: "example.com",
	// "example.com:8443", "*.example.com". Private addresses are refused
	// unless they are listed literally.
	AllowHTTP []string

	// CacheDir is the folder of the compile cache. Default: wexec in the
	// user's cache folder. "off" keeps compiled code in memory only.
	CacheDir string
	// Logger gets what guests log and what the host has to say. Default:
	// slog.Default.
	Logger *slog.Logger
	// Observe, if it is set, is called when a call ends, before its future
	// is done, on the goroutine that ends it: it must be quick, and must not
	// call the host.
	Observe func(Span)
	// Grace is how long Close waits for calls that it has cancelled, and then
	// for each executor. Default: 5 s.
	Grace time.Duration
}

// Executor bounds one executor. A zero field has a default.
type Executor struct {
	// Workers is how many jobs run at once.
	Workers int
	// Queue is how many calls may wait to be started; one more fails with
	// ErrQueueFull.
	Queue int
	// InFlight is how many calls may be queued, running or parked together;
	// one more fails with ErrQueueFull.
	InFlight int
	// Warm is how many instances of each module are kept although they are idle
	// for longer than Config.Idle. Default: none.
	Warm int
}

// Limits bound one call. A zero field has a default. What a manifest or
// Options say narrows them, and never widens them.
type Limits struct {
	// QueueTimeout is the longest that a call may wait to be started.
	// Default: 1 min.
	QueueTimeout time.Duration
	// RunTimeout is the longest that it may take then, waiting included.
	// Default: 1 min.
	RunTimeout time.Duration
	// TurnTimeout is the longest that an instance which holds many calls may
	// run without giving way to the others: then it ends. Default: 5 s.
	TurnTimeout time.Duration
	// Fuel is how much a call may compute, in units of about an instruction;
	// an instance that holds many calls may use it up in each turn. The start
	// of an instance has as much again. Default: 1e12, which takes minutes.
	Fuel uint64
	// Memory is the most linear memory of an instance, in bytes. Default:
	// 256 MiB.
	Memory uint64
	// Stack is how deep guest code may call, in bytes, about: the size of its
	// frames is estimated. Recursion that goes deeper traps. An instance may
	// keep twice as much. Default: 16 MiB, at most 32 MiB.
	Stack int
	// Table is the most elements that the tables of an instance may have
	// together, of 8 bytes each. Default: 1,048,576.
	Table int
	// Input and Output are the most bytes of an input and of an output (or a
	// result of an op). Default: 64 MiB.
	Input, Output int
	// Module is the most bytes of a module. Default: 128 MiB. Modules that
	// wazero would compile for too long are refused, too: those with functions
	// that are several times as complex as the most complex in any real module
	// that we know (see package instrument).
	Module int
	// Ops is the most ops that a call may have running. An instance may have
	// twice as many, and one more for each of its calls, with those that have
	// ended and were not dropped. Default: 65,536.
	Ops int
	// Held is the most bytes of arguments and results that the ops of an
	// instance may hold for it. Default: 256 MiB.
	Held int
	// Depth is how deep tasks may call tasks. Default: 16.
	Depth int
	// Capabilities is the most capabilities that may run in the host, with
	// those that go on after their op was cancelled. Default: 16,384.
	Capabilities int
	// Zombies is the most calls in an instance that were cancelled and that
	// its guest has not ended: past it, or half of IO.InFlight, the instance
	// is. Default: 1,024.
	Zombies int
	// LogLine is the most bytes of one line of a guest's log; the rest is cut.
	// Default: 8 KiB.
	LogLine int
	// LogRate is how many lines a second a module may log, and at once if it
	// has been silent. More are dropped, and counted in the log. Default: 1,000.
	LogRate int
}

// Capability is an asynchronous host function. It runs on a goroutine of its
// own; ctx ends when nobody wants the result any more. arg and the result are
// bytes, in a form that guest and capability agree on. An error reaches the
// guest as the op's status, by its Kind, and its text.
type Capability func(ctx context.Context, arg []byte) ([]byte, error)

// Options say how calls are made. See Module.With. A zero field changes
// nothing.
type Options struct {
	// Tenant is who the calls are for. Calls of different tenants never share
	// the state of an instance.
	Tenant string
	// Priority orders the queues: higher first.
	Priority int
	// QueueTimeout and RunTimeout narrow those of the host and of the task.
	QueueTimeout, RunTimeout time.Duration
	// Fuel narrows how much the call may compute.
	Fuel uint64
	// Memory narrows the most linear memory of the instance, in bytes. An
	// instance that holds many calls has the most that one of its tasks may.
	Memory uint64
	// Isolation says what tasks may leave to each other. PerTask is stricter,
	// and narrows PerInstance.
	Isolation Isolation
	// Mode says how to run a task of a module that has no manifest.
	Mode Mode
	// Grants narrow the capabilities that may be used; nil changes nothing,
	// an empty slice leaves none.
	Grants []string
	// Validate checks inputs and outputs against the manifest's schemas.
	Validate bool
	// WASI is what the guest's system calls see.
	WASI *WASI

	// Only Load heeds what follows: it is for modules that you trust.

	// Safepoints Off runs a module as it is, whatever is in it and however long
	// it takes to compile. Its code is a little faster, and nothing stops it: while it runs, it can't be cancelled, no deadline and
	// no fuel ends it, endless recursion takes 80 MB before it traps, and Go
	// can't stop it for a collection: one long loop holds up the whole process.
	// Its instances can't be put back: with PerTask, every task has a new one.
	Safepoints Safepoints
	// Exceptions allows exception handling. wazero 1.12 undoes what a
	// try_table has done to locals when it catches, and copies the stack for
	// each that is live.
	Exceptions bool
	// SharedMemory allows shared memories and atomic waits. A guest that waits
	// can't be stopped.
	SharedMemory bool
}

// Safepoints say whether a module gets them. The zero value is that it does.
type Safepoints string

// Off leaves them out.
const Off Safepoints = "off"

// WASI is what a guest's system calls see. A WASI command takes it from the
// call's Options; a module of tasks, whose instances serve many calls, from
// the Options it was loaded with, and only Env and Mounts of it.
type WASI struct {
	// Args follow the program's name.
	Args []string
	// Env is a list of K=V.
	Env []string
	// Mounts are the folders that the guest sees. None by default.
	Mounts []Mount
	// Stdin replaces the input. Stdout replaces the output, which is empty
	// then. Without Stderr it is logged.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Mount is a folder that a guest sees. Nothing outside of it can be reached
// through it, by any path or link.
type Mount struct {
	Host     string // on this machine
	Guest    string // as the guest sees it
	ReadOnly bool
}

func (c Config) withDefaults() (Config, error) {
	cores := runtime.GOMAXPROCS(0)
	l := &c.Limits
	err := errors.Join(
		c.checkIdle(),
		c.IO.setDefaults("IO", cores, 1<<14, 1<<17),
		c.Blocking.setDefaults("Blocking", min(32, cores+4), 1<<14, 1<<14),
		c.CPU.setDefaults("CPU", cores, 1<<14, 1<<14),
		setDefault("Limits.Input", &l.Input, 64<<20),
		setDefault("Limits.Output", &l.Output, 64<<20),
		setDefault("Limits.Module", &l.Module, 128<<20),
		setDefault("Limits.Ops", &l.Ops, 1<<16),
		setDefault("Limits.Held", &l.Held, 256<<20),
		setDefault("Limits.Depth", &l.Depth, 16),
		setDefault("Limits.Stack", &l.Stack, instrument.DefaultStack),
		setDefault("Limits.Table", &l.Table, instrument.DefaultTable),
		setDefault("Limits.Capabilities", &l.Capabilities, 1<<14),
		setDefault("Limits.Zombies", &l.Zombies, 1<<10),
		setDefault("Limits.LogLine", &l.LogLine, 8<<10),
		setDefault("Limits.LogRate", &l.LogRate, 1000),
	)
	l.QueueTimeout = cmp.Or(l.QueueTimeout, time.Minute)
	l.RunTimeout = cmp.Or(l.RunTimeout, time.Minute)
	l.TurnTimeout = cmp.Or(l.TurnTimeout, 5*time.Second)
	l.Fuel = min(cmp.Or(l.Fuel, 1e12), math.MaxInt64/2)
	l.Memory = min(cmp.Or(l.Memory, 256<<20), mostMemory)
	l.Stack = min(l.Stack, mostStack)
	c.Memory = cmp.Or(c.Memory, linear.Machine()/4*3)
	c.Idle = cmp.Or(c.Idle, 10*time.Second)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	return c, err
}

func (c *Config) checkIdle() error {
	if c.Idle < 0 {
		return fmt.Errorf("host: Config.Idle is %v: want a positive time", c.Idle)
	}
	return nil
}

func (e *Executor) setDefaults(name string, workers, queue, inFlight int) error {
	return errors.Join(
		setDefault(name+".Workers", &e.Workers, workers),
		setDefault(name+".Queue", &e.Queue, queue),
		setDefault(name+".InFlight", &e.InFlight, inFlight),
		setDefault(name+".Warm", &e.Warm, 0),
	)
}

// setDefault replaces 0, and refuses less.
func setDefault(name string, field *int, value int) error {
	if *field < 0 {
		return fmt.Errorf("host: Config.%s is %d: want a positive number", name, *field)
	}
	*field = cmp.Or(*field, value)
	return nil
}

// narrow returns the smaller of two durations of which 0 says nothing and a
// negative one is no limit.
func narrow(a, b time.Duration) time.Duration {
	switch {
	case b == 0 || b < 0 && a != 0:
		return a
	case a <= 0:
		return b
	}
	return min(a, b)
}

// narrowed returns the smaller of two limits of which 0 says nothing.
func narrowed(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// and returns the options narrowed by more.
func (o Options) and(more Options) Options {
	if more.Tenant != "" {
		o.Tenant = more.Tenant
	}
	if more.Priority != 0 {
		o.Priority = more.Priority
	}
	o.QueueTimeout = narrow(o.QueueTimeout, more.QueueTimeout)
	o.RunTimeout = narrow(o.RunTimeout, more.RunTimeout)
	o.Fuel = narrowed(o.Fuel, more.Fuel)
	o.Memory = narrowed(o.Memory, more.Memory)
	if more.Mode != "" {
		o.Mode = more.Mode
	}
	if o.Isolation != PerTask {
		o.Isolation = cmp.Or(more.Isolation, o.Isolation)
	}
	o.Grants = intersect(o.Grants, more.Grants)
	o.Validate = o.Validate || more.Validate
	if more.WASI != nil {
		o.WASI = more.WASI
	}
	o.Safepoints = cmp.Or(more.Safepoints, o.Safepoints)
	o.Exceptions = o.Exceptions || more.Exceptions
	o.SharedMemory = o.SharedMemory || more.SharedMemory
	return o
}

// intersect returns the names that are in both lists, where nil is all names.
func intersect(a, b []string) []string {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	both := []string{}
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return both
}
