package task

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

// limits are the flags that say what a task may take.
type limits struct {
	timeout quantity.Time
	fuel    quantity.Value
	hasFuel bool // the flag was given
	memory  quantity.Value

	compileTime   quantity.Time
	compileMemory quantity.Value
}

func (l *limits) add(cmd *cobra.Command) {
	l.timeout = quantity.Time(time.Minute)
	l.fuel = quantity.Value{Units: quantity.Fuel}
	l.memory = quantity.Value{N: 256 << 20, Units: quantity.Memory}
	f := cmd.Flags()
	f.Var(&l.timeout, "timeout",
		"the longest `TIME` that it may take, in seconds or such as 1m30s, 0 for no limit")
	f.Var(&l.fuel, "fuel",
		"the most `UNITS` of fuel that it may use, such as 500M (k, M, G, T), 0 for no limit (default no limit)")
	f.Var(&l.memory, "memory",
		"the most memory that it may have, a `SIZE` such as 64MiB (KiB, MiB, GiB), 0 for no limit")
	l.compileTime = quantity.Time(2 * time.Minute)
	l.compileMemory = quantity.Value{Units: quantity.Memory}
	f.Var(&l.compileTime, "compile-timeout", "the longest `TIME` that compiling a module may take, 0 for no limit")
	f.Var(&l.compileMemory, "compile-memory",
		"the most memory that compiling a module may take, a `SIZE` (default half of the machine's)")
	for _, number := range []string{"timeout", "fuel", "memory", "compile-timeout", "compile-memory"} {
		cmd.RegisterFlagCompletionFunc(number, cobra.NoFileCompletions)
	}
}

// host returns the limits of the host.
func (l *limits) host(trusted host.Options) (host.Limits, error) {
	if l.timeout < 0 {
		return host.Limits{}, exit.Usagef("--timeout %v: want a time, or 0 for no limit", &l.timeout)
	}
	if l.hasFuel && trusted.Safepoints == host.Off {
		return host.Limits{}, exit.Usagef("--fuel %v: with --trust no-safepoints no fuel is counted", &l.fuel)
	}
	limits := host.Limits{
		Input: maxInput, RunTimeout: time.Duration(l.timeout), Fuel: l.mostFuel(), Memory: l.memory.Limit(),
	}
	if l.timeout == 0 {
		limits.RunTimeout = host.NoLimit
	}
	return limits, nil
}

// compile returns the limits of compiling.
func (l *limits) compile() (host.CompileLimits, error) {
	if l.compileTime < 0 {
		return host.CompileLimits{}, exit.Usagef("--compile-timeout %v: want a time, or 0 for no limit", &l.compileTime)
	}
	limits := host.CompileLimits{Timeout: time.Duration(l.compileTime), Memory: l.compileMemory.N}
	if limits.Timeout == 0 {
		limits.Timeout = host.NoLimit
	}
	return limits, nil
}

// mostFuel is how much fuel the task may use. A task that no time limits, and of
// which --fuel says nothing, must end too.
func (l *limits) mostFuel() uint64 {
	const withoutTimeout = 1e12
	if l.timeout == 0 && !l.hasFuel {
		return withoutTimeout
	}
	return l.fuel.Limit()
}
