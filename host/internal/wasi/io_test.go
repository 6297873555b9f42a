package wasi

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wexec/wexec/host/internal/rootfs"
)

func TestReadAndWrite(t *testing.T) {
	g, dir := withFiles(t, "file=0123456789")
	const rw = rightFdRead | rightFdWrite | rightFdSeek
	fd := g.mustOpen("file", 0, rw, 0)
	a, b, result := g.alloc(4), g.alloc(16), g.alloc(4)
	at, n := g.iovecs(0, 0, a, 4, memorySize, 0, b, 3)
	want(t, "read", g.call("fd_read", fd, at, n, result), success)
	if g.u32(result) != 7 || g.text(a, 4) != "0123" || g.text(b, 3) != "456" {
		t.Errorf("read %d: %q and %q", g.u32(result), g.text(a, 4), g.text(b, 3))
	}
	want(t, "read the rest", g.call("fd_read", fd, at, n, result), success)
	if g.u32(result) != 3 || g.text(a, 3) != "789" {
		t.Errorf("read %d: %q", g.u32(result), g.text(a, 3))
	}
	want(t, "read at the end", g.call("fd_read", fd, at, n, result), success)
	if g.u32(result) != 0 {
		t.Errorf("read %d at the end", g.u32(result))
	}
	at, n = g.iovecs(g.put("AB"), 2, 0, 0, g.put("C"), 1)
	want(t, "write", g.call("fd_write", fd, at, n, result), success)
	want(t, "write at a position", g.call("fd_pwrite", fd, at, n, 1, result), success)
	if got, _ := os.ReadFile(filepath.Join(dir, "file")); string(got) != "0ABC456789ABC" {
		t.Errorf("the file holds %q", got)
	}
	at, n = g.iovecs(a, 4, b, 16)
	want(t, "read at a position", g.call("fd_pread", fd, at, n, 6, result), success)
	if g.u32(result) != 7 || g.text(a, 4)+g.text(b, 3) != "6789ABC" {
		t.Errorf("read %d: %q and %q", g.u32(result), g.text(a, 4), g.text(b, 3))
	}
	want(t, "where it is", g.call("fd_tell", fd, g.alloc(8)), success)
	for _, name := range []string{"fd_pread", "fd_pwrite"} {
		want(t, name+" before the start", g.call(name, fd, at, n, uint64(1)<<63, result), eInval)
		want(t, name+" of a stream", g.call(name, stdinFd, at, n, 0, result), eSPipe)
		want(t, name+" of a directory", g.call(name, firstMount, at, n, 0, result), eIsDir)
	}
	for _, name := range []string{"fd_read", "fd_write"} {
		want(t, name+" of a directory", g.call(name, firstMount, at, n, result), eIsDir)
	}
	want(t, "write to stdin", g.call("fd_write", stdinFd, at, n, result), eNotCapable)
	want(t, "read from stdout", g.call("fd_read", stdoutFd, at, n, result), eNotCapable)
}

// TestFaults: addresses that are outside are an errno, before anything is done.
func TestFaults(t *testing.T) {
	var out lines
	_, mount := tree(t, readWrite, "file=0123456789")
	g := newGuest(t, Config{Stdin: strings.NewReader("input"), Stdout: &out, Mounts: []Mount{{"/", mount}}})
	fd := g.mustOpen("file", 0, rightFdRead|rightFdWrite|rightFdSeek, 0)
	buf, result := g.alloc(16), g.alloc(4)
	good, n := g.iovecs(buf, 4)
	bad, _ := g.iovecs(memorySize-2, 4)
	wide, _ := g.iovecs(buf, 1<<32-1)
	for _, fault := range []struct {
		what   string
		at     uint32
		n      uint32
		result uint32
	}{
		{"no buffer", bad, n, result},
		{"buffer too long", wide, n, result},
		{"no place for the result", good, n, memorySize - 3},
		{"no place for the result", good, n, 1<<32 - 1},
		{"no array", memorySize - 4, n, result},
		{"array too long", good, 1<<32 - 1, result},
		{"array at the end", 1<<32 - 8, 1, result},
	} {
		for _, fd := range []uint32{fd, stdinFd} {
			want(t, fault.what, g.call("fd_read", fd, fault.at, fault.n, fault.result), eFault)
		}
		for _, fd := range []uint32{fd, stdoutFd} {
			want(t, fault.what, g.call("fd_write", fd, fault.at, fault.n, fault.result), eFault)
		}
		want(t, fault.what, g.call("fd_pread", fd, fault.at, fault.n, 0, fault.result), eFault)
		want(t, fault.what, g.call("fd_pwrite", fd, fault.at, fault.n, 0, fault.result), eFault)
	}
	if out.Len() > 0 {
		t.Errorf("%q is written", out.String())
	}
	if text, e := g.read(fd, 10); text != "0123456789" {
		t.Errorf("the file is at another place: read %q (%d)", text, e)
	}
	if text, e := g.read(stdinFd, 10); text != "input" {
		t.Errorf("stdin has lost something: read %q (%d)", text, e)
	}
}

// TestManyVectors: empty buffers cost something, and a guest is ended among them.
func TestManyVectors(t *testing.T) {
	var out lines
	g := newGuest(t, Config{Stdout: &out})
	g.mem = make([]byte, 64<<20)
	const many = 7 << 20
	array, result := g.alloc(8*many), g.alloc(4)
	want(t, "write nothing", g.call("fd_write", stdoutFd, array, many, result), success)
	if g.charged < 8*many || g.u32(result) != 0 {
		t.Errorf("%d empty buffers cost %d, and %d is written", many, g.charged, g.u32(result))
	}
	g.charged, g.fuel = 0, 1<<20
	end := ends(func() { g.call("fd_write", stdoutFd, array, many, result) })
	if end != (outOfFuel{}) || g.charged > 2<<20 {
		t.Errorf("it ends with %v when %d is charged", end, g.charged)
	}

	// Also if the first one has something.
	text := g.put("x")
	copy(g.mem[array:], g.mem[g.mustIovec(text, 1):][:8])
	g.charged = 0
	end = ends(func() { g.call("fd_write", stdoutFd, array, many, result) })
	if end != (outOfFuel{}) || out.String() != "x" {
		t.Errorf("it ends with %v when %q is written", end, out.String())
	}
	out.Reset()

	// Every third has a byte.
	g.fuel = 0
	for i := range uint32(9000) {
		if i%3 == 0 {
			copy(g.mem[array+8*i:], g.mem[g.mustIovec(text, 1):][:8])
		}
	}
	want(t, "write", g.call("fd_write", stdoutFd, array, 9000, result), success)
	if g.u32(result) != 3000 || out.String() != strings.Repeat("x", 3000) {
		t.Errorf("%d is written: %d bytes", g.u32(result), out.Len())
	}
}

func (g *fakeGuest) mustIovec(at, n uint32) uint32 {
	array, _ := g.iovecs(at, n)
	return array
}

// TestLongTransfer: what is longer than a piece is moved whole, and interrupted.
func TestLongTransfer(t *testing.T) {
	g, dir := withFiles(t, "file=")
	g.mem = make([]byte, 32<<20)
	const size = 10<<20 + 123
	buf, result := g.alloc(size), g.alloc(4)
	for i := range uint32(size) {
		g.mem[buf+i] = byte(i % 251)
	}
	at, n := g.iovecs(buf, size)
	fd := g.mustOpen("file", 0, rightFdRead|rightFdWrite|rightFdSeek, 0)
	want(t, "write", g.call("fd_write", fd, at, n, result), success)
	data, err := os.ReadFile(filepath.Join(dir, "file"))
	if err != nil || g.u32(result) != size || !bytes.Equal(data, g.mem[buf:][:size]) {
		t.Fatalf("%d is written; the file has %d (%v)", g.u32(result), len(data), err)
	}
	into := g.alloc(size)
	at, n = g.iovecs(into, 1, into+1, size-1)
	want(t, "read", g.call("fd_pread", fd, at, n, 0, result), success)
	if g.u32(result) != size || !bytes.Equal(data, g.mem[into:][:size]) {
		t.Errorf("%d is read", g.u32(result))
	}
	g.charged, g.fuel = 0, 3<<20
	if end := ends(func() { g.call("fd_pread", fd, at, n, 0, result) }); end != (outOfFuel{}) || g.charged > 5<<20 {
		t.Errorf("reading ends with %v when %d is charged", end, g.charged)
	}
}

// TestRandom: random numbers come in pieces, and it is noted that they did.
func TestRandom(t *testing.T) {
	g := newGuest(t, Config{})
	if g.system.Drew() {
		t.Error("random numbers were drawn before the first call")
	}
	const size = 1 << 20
	buf := g.alloc(size)
	want(t, "no place", g.call("random_get", memorySize-1, 2), eFault)
	want(t, "random", g.call("random_get", buf, size), success)
	if !g.system.Drew() || bytes.Equal(g.mem[buf:][:size/2], g.mem[buf+size/2:][:size/2]) {
		t.Error("they are not random, or not noted")
	}
	if g.charged < size {
		t.Errorf("%d is charged", g.charged)
	}
	if g.system.Restore(); g.system.Drew() {
		t.Error("a reset does not forget them")
	}
}

// readEntry is an entry of a directory as a guest reads it.
type readEntry struct {
	name string
	next uint64
	ino  uint64
	kind rootfs.FileType
}

// readdir reads with a buffer of that size from a cookie on, and says whether the
// end was reached. An entry that is cut off is left out.
func (g *fakeGuest) readdir(fd uint32, size int, cookie uint64) (entries []readEntry, end bool) {
	g.t.Helper()
	g.next = max(g.next, 1<<10)
	saved := g.next
	defer func() { g.next = saved }()
	buf, result := g.alloc(size), g.alloc(4)
	want(g.t, "fd_readdir", g.call("fd_readdir", fd, buf, size, cookie, result), success)
	used := g.u32(result)
	for at := buf; at+direntSize <= buf+used; {
		n := g.u32(at + 16)
		if at+direntSize+n > buf+used {
			break
		}
		name, kind := g.text(at+direntSize, n), rootfs.FileType(g.mem[at+20])
		entries = append(entries, readEntry{name, g.u64(at), g.u64(at + 8), kind})
		at += direntSize + n
	}
	return entries, int(used) < size
}

func TestReaddir(t *testing.T) {
	g, dir := withFiles(t, "file=text", "sub/")
	wanted := []string{".", "..", "file", "link", "sub"}
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	opened := g.mustOpen(".", oDirectory, rightFdReaddir, 0)
	for _, fd := range []uint32{firstMount, opened} {
		for _, size := range []int{24 + 4, 50, 64, 100, 4096} {
			var names []string
			for cookie, end := uint64(0), false; !end; {
				var entries []readEntry
				entries, end = g.readdir(fd, size, cookie)
				if len(entries) == 0 && !end {
					t.Fatalf("with %d bytes nothing comes", size)
				}
				for _, e := range entries {
					names, cookie = append(names, e.name), e.next
				}
			}
			slices.Sort(names)
			if !slices.Equal(names, wanted) {
				t.Errorf("with %d bytes there are %v", size, names)
			}
		}
	}
	all, _ := g.readdir(opened, 4096, 0)
	stat := g.alloc(64)
	for i, e := range all {
		rest, _ := g.readdir(opened, 4096, e.next)
		if !slices.Equal(rest, all[i+1:]) {
			t.Errorf("after %s come %v", e.name, rest)
		}
		if e.name == ".." {
			continue
		}
		want(t, "stat", g.call("path_filestat_get", opened, 0, g.put(e.name), len(e.name), stat), eNotCapable)
		want(t, "stat", g.call("path_filestat_get", firstMount, 0, g.put(e.name), len(e.name), stat), success)
		if st := g.filestat(stat); st.ino != e.ino || st.kind != e.kind {
			t.Errorf("%+v is %+v", e, st)
		}
	}
	if entries, end := g.readdir(firstMount, 0, 0); len(entries) > 0 || end {
		t.Error("no room is the end of a directory")
	}
	file := g.mustOpen("file", 0, rightFdRead|rightFdReaddir, 0)
	want(t, "of a file", g.call("fd_readdir", file, 0, 0, 0, 0), eNotDir)
	want(t, "no buffer", g.call("fd_readdir", firstMount, memorySize-1, 2, 0, 0), eFault)
	want(t, "no place", g.call("fd_readdir", firstMount, 0, 1, 0, memorySize-3), eFault)
	want(t, "no cookie", g.call("fd_readdir", firstMount, 0, 100, uint64(1)<<63, 64), eInval)
}

// badStream is an embedder's stream at fault.
type badStream struct {
	err   error
	count int
	value any // what it panics with
}

func (s badStream) Read([]byte) (int, error)    { return s.do() }
func (s badStream) Write(p []byte) (int, error) { return s.do() }

func (s badStream) do() (int, error) {
	if s.value != nil {
		panic(s.value)
	}
	return s.count, s.err
}

// TestStreamErrors: what goes wrong in an embedder's stream is an errno. It is not
// the end of the input.
func TestStreamErrors(t *testing.T) {
	for _, c := range []struct {
		stream badStream
		e      errno
	}{
		{badStream{err: errors.New("the disk is on fire")}, eIO},
		{badStream{err: io.ErrUnexpectedEOF}, eIO},
		{badStream{err: &os.PathError{Op: "read", Path: "x", Err: syscall.EPIPE}}, ePipe},
		{badStream{err: io.ErrClosedPipe}, ePipe},
		{badStream{value: "help"}, eIO},
		{badStream{count: 1 << 30}, eIO},
		{badStream{count: -1}, eIO},
	} {
		var panics []any
		report := func(value any, stack []byte) {
			if panics = append(panics, value); !bytes.Contains(stack, []byte("badStream")) {
				t.Errorf("the stack is %s", stack)
			}
		}
		g := newGuest(t, Config{Stdin: c.stream, Stdout: c.stream, Panicked: report})
		_, e := g.read(stdinFd, 10)
		want(t, "read", e, c.e)
		_, e = g.write(stdoutFd, "text")
		want(t, "write", e, c.e)
		if c.stream.value != nil && !slices.Equal(panics, []any{"help", "help"}) {
			t.Errorf("panics are told as %v", panics)
		}
	}
}

// TestDevices: /dev is there if the embedder wants, and has nothing of the host's.
func TestDevices(t *testing.T) {
	g := newGuest(t, Config{Devices: true})
	names := []string{".", "..", "null", "random", "urandom", "zero"}
	if entries, end := g.readdir(firstMount, 4096, 0); !end || !slices.EqualFunc(entries, names,
		func(e readEntry, name string) bool { return e.name == name }) {
		t.Errorf("/dev has %v", entries)
	}
	for name, wanted := range map[string]string{"null": "", "./zero": "\x00\x00\x00\x00"} {
		fd := g.mustOpen(name, oCreate|oTruncate, rightFdRead|rightFdWrite, 0)
		if text, e := g.read(fd, 4); text != wanted || e != success {
			t.Errorf("%s reads %q (%d)", name, text, e)
		}
		if n, e := g.write(fd, "dropped"); n != 7 || e != success {
			t.Errorf("%s takes %d (%d)", name, n, e)
		}
		want(t, "seek", g.call("fd_seek", fd, 10, 0, g.alloc(8)), success)
		want(t, "sync", g.call("fd_sync", fd), eInval)
	}
	text, e := g.read(g.mustOpen("urandom", 0, rightFdRead, 0), 16)
	if len(text) != 16 || text == strings.Repeat("\x00", 16) {
		t.Errorf("urandom reads %q (%d)", text, e)
	}
	if !g.system.Drew() {
		t.Error("it is not noted that random numbers were drawn")
	}
	for path, e := range map[string]errno{
		"tty": eNoEnt, "null/": eNotDir, "..": ePerm, "../etc": ePerm, "/null": ePerm, "": eNoEnt, "null/x": eNoEnt,
	} {
		_, got := g.open(path, 0, rightFdRead, 0)
		want(t, path, got, e)
	}
	for name, c := range map[string]struct {
		path   string
		oflags uint32
		base   rights
		e      errno
	}{
		"again":           {"null", oCreate | oExclusive, 0, eExist},
		"as a directory":  {"null", oDirectory, 0, eNotDir},
		"itself":          {".", oDirectory, rightFdReaddir, success},
		"itself to write": {".", 0, rightFdWrite, eIsDir},
	} {
		_, got := g.open(c.path, c.oflags, c.base, 0)
		want(t, name, got, c.e)
	}
	want(t, "make one", g.path("path_create_directory", "new"), eNotCapable)
	want(t, "remove one", g.path("path_unlink_file", "null"), eNotCapable)
	stat := g.alloc(64)
	want(t, "stat", g.call("path_filestat_get", firstMount, 1, g.put("null"), 4, stat), success)
	if st := g.filestat(stat); st.kind != rootfs.CharacterDevice {
		t.Errorf("null is %+v", st)
	}
}
