package wasi

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// strings reads what args_get or environ_get has written.
func (g *fakeGuest) strings(name string) (all []string) {
	g.t.Helper()
	count, size := g.alloc(4), g.alloc(4)
	want(g.t, name, g.call(name+"_sizes_get", count, size), success)
	array, buf := g.alloc(int(4*g.u32(count))), g.alloc(int(g.u32(size)))
	want(g.t, name, g.call(name+"_get", array, buf), success)
	for i := range g.u32(count) {
		at := g.u32(array + 4*i)
		text, _, _ := strings.Cut(g.text(at, buf+g.u32(size)-at), "\x00")
		all = append(all, text)
	}
	return all
}

func TestArgsAndEnv(t *testing.T) {
	args, env := []string{"program", "", "a b", "ünï"}, []string{"A=b", "C=", "D=e=f"}
	g := newGuest(t, Config{Args: args, Env: env})
	if got := g.strings("args"); !slices.Equal(got, args) {
		t.Errorf("args are %q", got)
	}
	if got := g.strings("environ"); !slices.Equal(got, env) {
		t.Errorf("environ is %q", got)
	}
	for _, name := range []string{"args_get", "environ_get", "args_sizes_get", "environ_sizes_get"} {
		want(t, name, g.call(name, memorySize-2, 64), eFault)
		want(t, name, g.call(name, 64, memorySize-2), eFault)
	}
	if err := g.system.Begin([]string{"other"}, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if args, env := g.strings("args"), g.strings("environ"); !slices.Equal(args, []string{"other"}) || len(env) > 0 {
		t.Errorf("the next call has %q and %q", args, env)
	}
	for _, bad := range []Config{
		{Args: []string{"a\x00b"}}, {Mounts: []Mount{{}}},
		{Env: []string{"A"}}, {Env: []string{"=b"}}, {Env: []string{"A=\x00"}},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestClocks(t *testing.T) {
	g := newGuest(t, Config{})
	at := g.alloc(8)
	var last [2]uint64
	for range 100 {
		for id := range uint32(2) {
			want(t, "time", g.call("clock_time_get", id, 1, at), success)
			now := g.u64(at)
			if now < last[id] || now%uint64(resolution) != 0 {
				t.Fatalf("clock %d goes from %d to %d", id, last[id], now)
			}
			last[id] = now
		}
	}
	if off := time.Since(time.Unix(0, int64(last[clockRealtime]))); off < 0 || off > time.Hour {
		t.Errorf("the clock is off by %v", off)
	}
	for id, e := range []errno{success, success, eInval, eInval, eInval} {
		want(t, "resolution", g.call("clock_res_get", id, at), e)
		want(t, "time", g.call("clock_time_get", id, 0, at), e)
	}
	want(t, "no place", g.call("clock_res_get", 0, memorySize-7), eFault)
	want(t, "no place", g.call("clock_time_get", 1, 0, memorySize-7), eFault)
	if g.call("clock_res_get", 0, at); g.u64(at) != uint64(resolution) {
		t.Errorf("the resolution is %d", g.u64(at))
	}
}

func TestProcess(t *testing.T) {
	g := newGuest(t, Config{})
	if end := ends(func() { g.call("proc_exit", uint32(1<<32-1)) }); end != (exited{1<<32 - 1}) {
		t.Errorf("proc_exit ends with %v", end)
	}
	want(t, "proc_raise", g.call("proc_raise", 9), eNotSup)
	want(t, "sched_yield", g.call("sched_yield"), success)
}

// TestTables: what is bound are the calls of preview 1, each once.
func TestTables(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Functions {
		names[f.Name] = true
	}
	if len(Functions) != 46 || len(names) != 46 || len(Unstable) != 45 {
		t.Errorf("there are %d functions, %d names and %d old ones", len(Functions), len(names), len(Unstable))
	}
	for _, f := range Unstable {
		if !names[f.Name] || f.Name == "sock_accept" {
			t.Errorf("%s is an old name", f.Name)
		}
	}
}
