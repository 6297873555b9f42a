package wasi

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
)

// FuzzCalls makes calls with arguments of any kind. Each ends soon, with an errno
// or as a guest is ended, and leaves nothing behind.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("path_open fd_read fd_close"))
	for i := range 64 {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		seed := make([]byte, 600)
		for j := range seed {
			seed[j] = byte(rng.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		budget := descriptors.New(20)
		_, mount := tree(t, readWrite, "file=0123456789", "sub/a=1", "sub/b/")
		_, fixed := tree(t, rootfs.Options{}, "file=text")
		config := Config{
			Args: []string{"program", "arg"}, Env: []string{"A=b"}, Descriptors: budget, MaxOpen: 12, Devices: true,
			Stdin:  iotest.HalfReader(strings.NewReader(strings.Repeat("input", 100))),
			Stdout: io.Discard, Stderr: struct{ io.Writer }{io.Discard},
			Mounts: []Mount{{"/", mount}, {"/fixed", fixed}},
		}
		g := newGuest(t, config)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		g.ctx, g.fuel, g.mem = ctx, 1<<30, make([]byte, 1<<16)
		fuzzCalls(g, data)
		if ctx.Err() != nil {
			t.Error("the calls stall")
		}
		if g.system.Close(); budget.Open() != 0 {
			t.Errorf("%d descriptors are open", budget.Open())
		}
	})
}

// fuzzCalls reads calls from data: a function, and a byte or more for each of its
// parameters.
func fuzzCalls(g *fakeGuest, data []byte) {
	copy(g.mem, "file\x00sub/b\x00../x\x00/etc/passwd\x00sub/../sub/a\x00null")
	copy(g.mem[256:], data)
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return b
	}
	for len(data) > 0 {
		table := Functions
		if choice := next(); choice&1 != 0 {
			table = Unstable
		}
		f := table[int(next())%len(table)]
		stack := make([]uint64, 9)
		for i := range f.Params {
			stack[i] = fuzzNumber(next)
		}
		if f.Name == "poll_oneoff" { // an honest sleep may take long
			fuzzSubscriptions(g, uint32(stack[0]))
		}
		end := ends(func() { f.Call(g.system, g, stack) })
		switch end.(type) {
		case nil, exited, outOfFuel, stopped:
		default:
			g.t.Fatalf("%s%v panics: %v", f.Name, stack, end)
		}
		if e := errno(stack[0]); end == nil && e > eNotCapable {
			g.t.Fatalf("%s: errno %d", f.Name, e)
		}
		if g.charged > g.fuel {
			return
		}
	}
}

// fuzzNumber is small most often, or at an edge.
func fuzzNumber(next func() byte) uint64 {
	switch kind := next(); kind % 8 {
	case 0, 1, 2:
		return uint64(next() % 16)
	case 3:
		return uint64(next())
	case 4:
		return uint64(next()) << 8
	case 5: // the end of the memory
		return 1<<16 - uint64(next()%80)
	case 6:
		return 1<<32 - uint64(next()%16) - 1
	}
	var b [8]byte
	for i := range b {
		b[i] = next()
	}
	return binary.LittleEndian.Uint64(b[:])
}

// fuzzSubscriptions adds a clock that is due at once.
func fuzzSubscriptions(g *fakeGuest, in uint32) {
	if int(in) < len(g.mem)-int(unstable.subscriptionSize) {
		clear(g.mem[in:][:unstable.subscriptionSize])
	}
}
