package wasi

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/host/internal/rootfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeGuest is a memory that makes system calls.
type fakeGuest struct {
	t        testing.TB
	system   *System
	mem      []byte
	next     uint32 // free memory
	ctx      context.Context
	unstable bool

	cannotPark bool
	parks      int
	charged    int
	fuel       int // if it is not zero, what Charge ends the guest after
	warnings   []string
}

// outOfFuel and stopped are how a guest ends.
type (
	outOfFuel struct{}
	stopped   struct{}
)

func (g *fakeGuest) Memory() []byte           { return g.mem }
func (g *fakeGuest) Context() context.Context { return g.ctx }
func (g *fakeGuest) CanPark() bool            { return !g.cannotPark }
func (g *fakeGuest) Exit(code uint32)         { panic(exited{code}) }
func (g *fakeGuest) Warn(msg string)          { g.warnings = append(g.warnings, msg) }

func (g *fakeGuest) Charge(n int) {
	if n < 0 {
		g.t.Errorf("%d bytes are charged", n)
	}
	if g.charged += n; g.fuel > 0 && g.charged > g.fuel {
		panic(outOfFuel{})
	}
	if g.ctx.Err() != nil {
		panic(stopped{})
	}
}

// Park replaces the memory, as growing it may.
func (g *fakeGuest) Park(wait func()) {
	g.parks++
	wait()
	old := g.mem
	g.mem = slices.Clone(old)
	clear(old)
	if g.ctx.Err() != nil {
		panic(stopped{})
	}
}

const memorySize = 4 << 20

func newGuest(t testing.TB, c Config) *fakeGuest {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &fakeGuest{t: t, system: s, mem: make([]byte, memorySize), next: 1 << 10, ctx: t.Context()}
}

// call makes a system call by its name.
func (g *fakeGuest) call(name string, params ...any) errno {
	g.t.Helper()
	table := Functions
	if g.unstable {
		table = Unstable
	}
	i := slices.IndexFunc(table, func(f Function) bool { return f.Name == name })
	if i < 0 || len(table[i].Params) != len(params) {
		g.t.Fatalf("%s has not %d parameters", name, len(params))
	}
	stack := make([]uint64, max(1, len(params)))
	for j, p := range params {
		if stack[j] = number(p); table[i].Params[j] == valueI32 {
			stack[j] = stack[j]&(1<<32-1) | 0xdead<<32 // the upper half is not defined
		}
	}
	table[i].Call(g.system, g, stack)
	return errno(stack[0])
}

func number(p any) uint64 {
	switch p := p.(type) {
	case int:
		return uint64(p)
	case uint32:
		return uint64(p)
	case uint64:
		return p
	case rights:
		return uint64(p)
	case fdflags:
		return uint64(p)
	}
	panic(fmt.Sprintf("%T is no parameter", p))
}

// alloc returns the address of n bytes that nothing else uses.
func (g *fakeGuest) alloc(n int) uint32 {
	at := g.next
	g.next += uint32(n+15) &^ 15
	if int(g.next) > len(g.mem) {
		g.t.Fatal("the memory is used up")
	}
	return at
}

// put copies text into the memory.
func (g *fakeGuest) put(text string) uint32 {
	at := g.alloc(len(text))
	copy(g.mem[at:], text)
	return at
}

func (g *fakeGuest) u16(at uint32) uint16 { return binary.LittleEndian.Uint16(g.mem[at:]) }
func (g *fakeGuest) u32(at uint32) uint32 { return binary.LittleEndian.Uint32(g.mem[at:]) }
func (g *fakeGuest) u64(at uint32) uint64 { return binary.LittleEndian.Uint64(g.mem[at:]) }

func (g *fakeGuest) text(at, n uint32) string { return string(g.mem[at:][:n]) }

// iovecs makes an array of buffers, each a pair of address and length.
func (g *fakeGuest) iovecs(pairs ...uint32) (at, n uint32) {
	at = g.alloc(4 * len(pairs))
	for i, v := range pairs {
		binary.LittleEndian.PutUint32(g.mem[at+uint32(4*i):], v)
	}
	return at, uint32(len(pairs) / 2)
}

// open opens a path beneath the first mount.
func (g *fakeGuest) open(path string, oflags uint32, base rights, flags fdflags) (uint32, errno) {
	g.t.Helper()
	result := g.alloc(4)
	e := g.call("path_open", firstMount, lookupFollow, g.put(path), len(path), oflags, base, allRights, flags, result)
	return g.u32(result), e
}

func (g *fakeGuest) mustOpen(path string, oflags uint32, base rights, flags fdflags) uint32 {
	g.t.Helper()
	fd, e := g.open(path, oflags, base, flags)
	if e != success {
		g.t.Fatalf("open %s: errno %d", path, e)
	}
	return fd
}

func (g *fakeGuest) write(fd uint32, text string) (uint32, errno) {
	g.t.Helper()
	at, n := g.iovecs(g.put(text), uint32(len(text)))
	result := g.alloc(4)
	e := g.call("fd_write", fd, at, n, result)
	return g.u32(result), e
}

func (g *fakeGuest) read(fd uint32, most int) (string, errno) {
	g.t.Helper()
	buf := g.alloc(most)
	at, n := g.iovecs(buf, uint32(most))
	result := g.alloc(4)
	e := g.call("fd_read", fd, at, n, result)
	if e != success {
		return "", e
	}
	return g.text(buf, g.u32(result)), success
}

// path makes a call whose parameters are a descriptor and a path, and what comes
// after them.
func (g *fakeGuest) path(name, path string, more ...any) errno {
	g.t.Helper()
	return g.call(name, append([]any{firstMount, g.put(path), len(path)}, more...)...)
}

func want(t testing.TB, what string, got, want errno) {
	t.Helper()
	if got != want {
		t.Errorf("%s: errno %d, want %d", what, got, want)
	}
}

// tree makes a directory with files and returns it with a mount of it. Names that
// end in a slash are directories.
func tree(t testing.TB, o rootfs.Options, files ...string) (string, *rootfs.Mount) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		name, text, _ := strings.Cut(file, "=")
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name+"x")), 0o755)
		if err == nil && !strings.HasSuffix(name, "/") {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, openMount(t, dir, o)
}

var readWrite = rootfs.Options{Access: rootfs.ReadWrite}

// withFiles is a guest that has such a tree at /.
func withFiles(t testing.TB, files ...string) (*fakeGuest, string) {
	t.Helper()
	dir, mount := tree(t, readWrite, files...)
	return newGuest(t, Config{Mounts: []Mount{{"/", mount}}}), dir
}

// ends runs what ends the guest, and returns the panic that did.
func ends(run func()) (value any) {
	defer func() { value = recover() }()
	run()
	return nil
}

// lines is an output that keeps what is written.
type lines struct{ bytes.Buffer }

func (*lines) Immediate() {}
