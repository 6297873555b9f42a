package host_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// soakTasks is how many tasks TestSoak runs, unless WEXEC_SOAK has another number.
const soakTasks = 10_000

// TestSoak runs many tasks of many modules in four languages. Some of them fail, trap,
// exit, are cancelled, or run out of time, fuel or memory. The resources that the
// process takes must level off.
func TestSoak(t *testing.T) {
	tasks, modules := soakTasks, 4
	if text := os.Getenv("WEXEC_SOAK"); text != "" {
		var err error
		if tasks, err = strconv.Atoi(text); err != nil {
			t.Fatalf("WEXEC_SOAK: %v", err)
		}
		modules = 50
	} else if testing.Short() {
		t.Skip("short")
	}
	s := &soak{h: hosttest.New(t, host.Config{Idle: time.Second, Memory: 1 << 30})}
	for i := range modules {
		g := pristineGuests[i%len(pristineGuests)]
		// Each is another module to the compiler.
		m, err := s.h.Load(t.Context(), fmt.Sprint(g.name, i), withSection(g.wasm(t), "soak", fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		s.modules = append(s.modules, m)
	}
	// The second half must not need more than the first.
	s.run(t, tasks/2)
	half := takes(t)
	s.run(t, tasks/2)
	whole := takes(t)
	t.Logf("after %d tasks: %v, after %d: %v; %d instances were made", tasks/2, half, tasks, whole, s.h.Stats().Made)
	if whole.resident > half.resident+half.resident/5+32<<20 || whole.files > half.files+4 ||
		whole.mappings > half.mappings+half.mappings/5+64 {
		t.Errorf("it goes on growing")
	}
}

type soak struct {
	h       *host.Host
	modules []*host.Module
}

// run runs that many tasks, 32 at a time.
func (s *soak) run(t *testing.T, tasks int) {
	const atOnce = 32
	var wg sync.WaitGroup
	for worker := range atOnce {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), uint64(tasks)))
			for range tasks / atOnce {
				s.one(t, random)
			}
		})
	}
	wg.Wait()
}

// soakEnds are the ways in which a task may end.
var soakEnds = []struct {
	task string
	want []abi.Status
}{
	{"fail", []abi.Status{abi.Failed}},
	{"trap", []abi.Status{abi.Trap, abi.Failed}}, // Go recovers
	{"exit", []abi.Status{abi.Exit, abi.NoSuchTask}},
	{"spin", []abi.Status{abi.OutOfFuel, abi.Timeout, abi.Cancelled}},
	{"grow", []abi.Status{abi.Trap, abi.OutOfFuel, abi.Exit, abi.Timeout}},
	{"hide", []abi.Status{abi.OK, abi.Timeout}},
}

func (s *soak) one(t *testing.T, random *rand.Rand) {
	m := s.modules[random.IntN(len(s.modules))]
	o := host.Options{Tenant: fmt.Sprint(random.IntN(5))}
	task, want := []string{"noop", "noop_io", "noop_cpu"}[random.IntN(3)], []abi.Status{abi.OK}
	if random.IntN(20) == 0 {
		end := soakEnds[random.IntN(len(soakEnds))]
		task, want = end.task, end.want
		o.Memory, o.Fuel = 8<<20, 50_000_000
		if random.IntN(2) == 0 {
			o.RunTimeout = time.Millisecond
			want = append(want[:len(want):len(want)], abi.Timeout)
		}
	}
	f := m.With(o).Call(context.Background(), task, []byte("a secret of some"))
	if random.IntN(50) == 0 {
		f.Cancel()
		want = append(want[:len(want):len(want)], abi.Cancelled)
	}
	_, err := f.Wait(context.Background())
	for _, kind := range want {
		if host.Kind(err) == kind {
			return
		}
	}
	t.Errorf("%s of %s ended with %v, want one of %v; %s", task, m.Name(), err, want, m.Info().Irreversible)
}

// taken is how much of the system's resources the process has.
type taken struct {
	resident        int64
	files, mappings int
}

func (u taken) String() string {
	return fmt.Sprintf("%d MB resident, %d files, %d mappings", u.resident>>20, u.files, u.mappings)
}

func takes(t *testing.T) taken {
	t.Helper()
	debug.FreeOSMemory()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return taken{resident(t), len(files), strings.Count(string(maps), "\n")}
}
