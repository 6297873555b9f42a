//go:build unix

package kv

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

func init() { beVictim = beKilled }

// beKilled writes from many goroutines, tells what was acknowledged, and is killed in
// the midst of it.
func beKilled(file string) {
	s, err := Open(file, Limits{})
	if err != nil {
		panic(err)
	}
	ops, err := s.For(capability.Scope{Tenant: "victim"})
	if err != nil {
		panic(err)
	}
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				p := abi.KVPut{
					Version: abi.KVAny, TTL: time.Duration(i%3) * time.Hour,
					Key: fmt.Append(nil, worker), Value: fmt.Append(nil, i, strings.Repeat(" ", i%500)),
				}
				_, err := ops[abi.CapKVPut](context.Background(), &capability.Use{Op: abi.CapKVPut, Arg: p.Append(nil)})
				if err != nil {
					panic(err)
				}
				fmt.Printf("%d %d\n", worker, i)
				if acknowledged.Add(1) == 500 {
					syscall.Kill(os.Getpid(), syscall.SIGKILL)
				}
			}
		})
	}
	wg.Wait()
}

// TestKill: a process that is killed has lost nothing that it acknowledged, and its
// accounts are right.
func TestKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimFile+"="+file)
		out, err := cmd.Output()
		if state := cmd.ProcessState; state == nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the process was not killed: %v", err)
		}
		last := map[string]int{}
		lines := bufio.NewScanner(strings.NewReader(string(out)))
		for lines.Scan() {
			var worker string
			var i int
			if n, _ := fmt.Sscan(lines.Text(), &worker, &i); n == 2 {
				last[worker] = i
			}
		}
		if len(last) == 0 {
			t.Fatal("nothing was acknowledged")
		}
		s := open(t, file, Limits{})
		c := newClient(t, s, "victim")
		for worker, want := range last {
			var got int
			_, value, err := c.get(worker)
			if _, scanErr := fmt.Sscan(value, &got); err != nil || scanErr != nil || got < want {
				t.Errorf("key %s is %.20q (%v), and %d was acknowledged", worker, value, err, want)
			}
		}
		audit(t, s)
		s.Close()
	}
}
