package host

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"runtime"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/linear"
)

// Mode says how a task runs best.
type Mode = abi.Mode

// The modes.
const (
	IO       = abi.IO
	Blocking = abi.Blocking
	CPU      = abi.CPU
)

// mostStack is the most that Limits.Stack may be: wazero itself ends code that
// takes more than 50 MB.
const mostStack = 32 << 20

// mostCapabilities is the most that Limits.Capabilities may be.
const mostCapabilities = 8 << 10

// mostMemory is the most that Limits.Memory may be: a 32-bit linear memory.
const mostMemory = 4 << 30

// noFuelLimit is more fuel than any code uses.
const noFuelLimit = math.MaxInt64 / 2

// NoLimit, in place of a duration, asks for no limit.
const NoLimit = -1

// Config says what a host offers and what it bounds. The zero value is a good
// host for untrusted code that needs no network: every limit is finite.
type Config struct {
	// IO bounds tasks of mode io. Workers is the most loops for the calls of a
	// module and tenant, and the number of guests with one call each that run at
	// once. Queue and InFlight bound each loop, and all guests with one call
	// together, of which there are at most 32,768. Default: GOMAXPROCS, 16,384
	// queued, 131,072 in flight.
	IO ExecutorLimits
	// Blocking bounds tasks of mode blocking. Default: min(32, cores + 4) workers
	// as in Python's thread pool, 16,384 queued, 16,384 in flight.
	Blocking ExecutorLimits
	// CPU bounds tasks of mode cpu. Default: GOMAXPROCS workers, 16,384 queued and
	// in flight.
	CPU ExecutorLimits

	// Limits bound each call.
	Limits Limits

	// Compile bounds the compiling of modules in a child process. Without one, only an
	// estimate bounds it: see CompileInChild.
	Compile CompileLimits

	// Memory is the most linear memory, in bytes, that all instances may have
	// together, including idle ones and the images that instances start from.
	// Past it, idle memory is freed, least recently called modules first. If that
	// is not enough, calls fail with ErrQueueFull and guests can't grow. Default:
	// three quarters of the machine's memory, or of what the process may use.
	Memory uint64
	// Idle is how long the host keeps instances, workers and loops that have
	// nothing to do. Default: 10 s.
	Idle time.Duration

	// Capabilities are what guests can ask for: those in the folders of package
	// capability, such as &http.Client{…}, and functions, made with
	// capability.Func. Every host also has clock.sleep and task.call, which reach
	// nothing outside of it. Close closes the capabilities. Default: none.
	Capabilities []capability.Capability
	// Grants are the names of the capabilities that modules may use: "kv.get" is one
	// op, and "kv" all whose names begin with "kv.". Options can narrow them. Nil
	// grants all.
	Grants []string
	// Audit gets a line of JSON for each use of a capability, except clock.sleep and
	// task.call, when it ends or is denied: who, what, the decision, bytes and time. A
	// stream has a line when it is closed. Write is called by one goroutine at a
	// time; the guest may wait for it. Default: none.
	Audit io.Writer

	// Engines has the interpreters that scripts run on, each under its SHA-256 in
	// hexadecimal, and .wasm. The host checks the digests, and compiles an engine once
	// for all scripts. Default: none, and scripts can't be loaded.
	Engines fs.FS

	// CacheDir is the folder of the compile cache. Default: wexec in the user's
	// cache folder. "off" keeps compiled code in memory only.
	CacheDir string
	// Logger gets the logs of guests and of the host. Default: slog.Default.
	Logger *slog.Logger
	// Observe, if it is set, is called when a call ends, before its future is done.
	// It runs on the goroutine that ends the call, of which there are many, so it must
	// be quick and must not call the host.
	Observe func(Span)
	// Grace is how long Close waits for calls that it has cancelled, and then for
	// each executor. Default: 5 s.
	Grace time.Duration
}

// CompileLimits bound the compiling of one module in a child process. A zero field has
// a default.
type CompileLimits struct {
	// Timeout is the longest that it may take, on all cores. Default: 2 min.
	Timeout time.Duration
	// Memory is the most resident memory of the child, in bytes. It is watched on
	// Linux. Default: half of the machine's memory, or of what the process may use.
	Memory uint64
}

// ExecutorLimits bound one executor. A zero field has a default.
type ExecutorLimits struct {
	// Workers is how many jobs run at once.
	Workers int
	// Queue is how many calls may wait to be started. One more fails with
	// ErrQueueFull.
	Queue int
	// InFlight is how many calls may be queued, running or parked together. One
	// more fails with ErrQueueFull.
	InFlight int
	// Warm is how many instances of each module the host keeps even if they are
	// idle for longer than Config.Idle. Default: none.
	Warm int
}

// Limits bound one call. A zero field has a default. A manifest or Options narrow
// them, and never widen them.
type Limits struct {
	// QueueTimeout is the longest that a call may wait to be started. Default:
	// 1 min.
	QueueTimeout time.Duration
	// RunTimeout is the longest that a call may take after its start, including the
	// time that it waits. Default: 1 min.
	RunTimeout time.Duration
	// TurnTimeout is the longest that an instance with many calls may run before it
	// gives way to others on its loop. After that the host ends the instance.
	// Default: 5 s.
	TurnTimeout time.Duration
	// Fuel is how much a call may compute, in units of about one instruction. An
	// instance that holds many calls may use as much in each turn, and the start
	// of an instance may use as much again. Code uses 4e9 to 20e9 in a second, at
	// least what it runs, and at most about twice that. Default: no limit if there
	// is a RunTimeout; otherwise 1e12, which takes one to four minutes.
	Fuel uint64
	// Memory is the most linear memory of an instance, in bytes. Default: 256 MiB.
	Memory uint64
	// Stack is the most bytes of stack that guest code may use. The count is an
	// estimate of the size of its frames. Recursion that goes deeper traps. An
	// instance may keep twice as much memory. Default: 16 MiB, at most 32 MiB.
	Stack int
	// Table is the most elements that the tables of an instance may have together,
	// of 8 bytes each. Default: 1,048,576.
	Table int
	// Input and Output are the most bytes of an input and of an output (or a
	// result of an op). Chunks that go to Options.Events don't count. Default:
	// 64 MiB.
	Input, Output int
	// Module is the most bytes of a module. Default: 128 MiB. The host also refuses
	// a module that would take too long to compile: one with functions several
	// times as complex as those of any real module that we know.
	Module int
	// Ops is the most ops that a call may have running. An instance may have twice
	// as many, and one more for each of its calls; that includes ops that have
	// ended and were not dropped. Default: 65,536.
	Ops int
	// Held is the most bytes that the host keeps for an instance, in arguments and
	// results of its ops, and in chunks of output of calls without Options.Events.
	// Default: 256 MiB.
	Held int
	// Depth is how deep tasks may call tasks. Default: 16.
	Depth int
	// Capabilities is the most ops of capabilities that may run in the host,
	// including those that go on after they were cancelled. Default and maximum:
	// 8,192. Each may block a thread, and Go allows a process 10,000 threads. A tenant
	// may have three times as many as are free: one alone gets three quarters.
	Capabilities int
	// Streams is the most streams that a call may have open. Default: 256.
	Streams int
	// Orphans is the most calls of an instance that were cancelled and that its
	// guest has not ended. With more, or with more than half of IO.InFlight, the
	// host ends the instance. Default: 1,024.
	Orphans int
	// LogLine is the most bytes of one line of a guest's log; the rest is cut.
	// Default: 8 KiB.
	LogLine int
	// LogRate is how many lines a module may log in a second. After a pause it may
	// log as many at once. The host drops more, and logs how many. Default: 1,000.
	LogRate int
}

func (c Config) withDefaults() (Config, error) {
	cores := runtime.GOMAXPROCS(0)
	l := &c.Limits
	err := errors.Join(
		checkTime("Idle", c.Idle, false),
		checkTime("Grace", c.Grace, false),
		checkTime("Compile.Timeout", c.Compile.Timeout, true),
		checkTime("Limits.QueueTimeout", l.QueueTimeout, true),
		checkTime("Limits.RunTimeout", l.RunTimeout, true),
		checkTime("Limits.TurnTimeout", l.TurnTimeout, true),
		c.IO.setDefaults("IO", cores, 1<<14, 1<<17),
		c.Blocking.setDefaults("Blocking", min(32, cores+4), 1<<14, 1<<14),
		c.CPU.setDefaults("CPU", cores, 1<<14, 1<<14),
		setDefault("Limits.Input", &l.Input, 64<<20),
		setDefault("Limits.Output", &l.Output, 64<<20),
		setDefault("Limits.Module", &l.Module, 128<<20),
		setDefault("Limits.Ops", &l.Ops, 1<<16),
		setDefault("Limits.Held", &l.Held, 256<<20),
		setDefault("Limits.Depth", &l.Depth, 16),
		setDefault("Limits.Stack", &l.Stack, engine.DefaultStack),
		setDefault("Limits.Table", &l.Table, engine.DefaultTable),
		setDefault("Limits.Capabilities", &l.Capabilities, mostCapabilities),
		setDefault("Limits.Streams", &l.Streams, 256),
		setDefault("Limits.Orphans", &l.Orphans, 1<<10),
		setDefault("Limits.LogLine", &l.LogLine, 8<<10),
		setDefault("Limits.LogRate", &l.LogRate, 1000),
	)
	if l.Fuel == 0 && l.RunTimeout >= 0 {
		l.Fuel = noFuelLimit
	}
	l.QueueTimeout = cmp.Or(l.QueueTimeout, time.Minute)
	l.RunTimeout = cmp.Or(l.RunTimeout, time.Minute)
	l.TurnTimeout = cmp.Or(l.TurnTimeout, 5*time.Second)
	l.Fuel = min(cmp.Or(l.Fuel, 1e12), noFuelLimit)
	l.Memory = min(cmp.Or(l.Memory, 256<<20), mostMemory)
	l.Stack = min(l.Stack, mostStack)
	l.Capabilities = min(l.Capabilities, mostCapabilities)
	c.Compile.Timeout = cmp.Or(c.Compile.Timeout, 2*time.Minute)
	c.Compile.Memory = cmp.Or(c.Compile.Memory, linear.Machine()/2)
	c.Memory = cmp.Or(c.Memory, linear.Machine()/4*3)
	c.Idle = cmp.Or(c.Idle, 10*time.Second)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	c.Logger = fault.SafeLogger(cmp.Or(c.Logger, slog.Default()))
	return c, err
}

// checkTime refuses durations below zero. If limit is set, it allows NoLimit.
func checkTime(name string, d time.Duration, limit bool) error {
	switch {
	case d >= 0 || limit && d == NoLimit:
		return nil
	case limit:
		return fmt.Errorf("host: Config.%s is %v: want a positive time, or NoLimit", name, d)
	}
	return fmt.Errorf("host: Config.%s is %v: want a positive time", name, d)
}

func (e *ExecutorLimits) setDefaults(name string, workers, queue, inFlight int) error {
	return errors.Join(
		setDefault(name+".Workers", &e.Workers, workers),
		setDefault(name+".Queue", &e.Queue, queue),
		setDefault(name+".InFlight", &e.InFlight, inFlight),
		setDefault(name+".Warm", &e.Warm, 0),
	)
}

// setDefault replaces 0 with the default, and refuses a negative number.
func setDefault(name string, field *int, value int) error {
	if *field < 0 {
		return fmt.Errorf("host: Config.%s is %d: want a positive number", name, *field)
	}
	*field = cmp.Or(*field, value)
	return nil
}
