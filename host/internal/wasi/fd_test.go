package wasi

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
)

// fdstatOf is what fd_fdstat_get tells.
type fdstatOf struct {
	kind             rootfs.FileType
	flags            fdflags
	base, inheriting rights
}

func (g *fakeGuest) fdstat(fd uint32) (fdstatOf, errno) {
	g.t.Helper()
	at := g.alloc(fdstatSize)
	e := g.call("fd_fdstat_get", fd, at)
	return fdstatOf{
		kind: rootfs.FileType(g.mem[at]), flags: fdflags(g.u16(at + 2)),
		base: rights(g.u64(at + 8)), inheriting: rights(g.u64(at + 16)),
	}, e
}

func TestClose(t *testing.T) {
	g, _ := withFiles(t, "file=text")
	fd := g.mustOpen("file", 0, rightFdRead, 0)
	if fd != 4 {
		t.Errorf("the first file is %d", fd)
	}
	want(t, "close", g.call("fd_close", fd), success)
	for name, more := range map[string][]any{
		"fd_close": {fd}, "fd_sync": {fd}, "fd_datasync": {fd}, "fd_fdstat_get": {fd, 0}, "fd_tell": {fd, 0},
		"fd_read": {fd, 0, 0, 0}, "fd_renumber": {fd, 3}, "fd_filestat_get": {fd, 0}, "fd_seek": {fd, 0, 0, 0},
		"sock_shutdown": {fd, 1}, "sock_accept": {fd, 0, 0}, "fd_readdir": {fd, 0, 0, 0, 0}, "fd_advise": {fd, 0, 0, 0},
		"fd_filestat_set_times": {fd, 0, 0, 0xffff}, "path_unlink_file": {fd, -1, 1}, "fd_prestat_get": {fd, 0},
	} {
		want(t, name+" when closed", g.call(name, more...), eBadf)
	}
	want(t, "renumber to it", g.call("fd_renumber", 3, fd), eBadf)
	if again := g.mustOpen("file", 0, rightFdRead, 0); again != fd {
		t.Errorf("the number %d is not used again, but %d", fd, again)
	}
	for _, fd := range []uint32{0, 1, 2, 3, 77, 1 << 31, 1<<32 - 1} {
		wanted := success
		if fd > 4 {
			wanted = eBadf
		}
		want(t, "close any", g.call("fd_close", fd), wanted)
	}
}

func TestRenumber(t *testing.T) {
	g, dir := withFiles(t, "file=text", "sub/")
	fd := g.mustOpen("file", 0, rightFdRead, 0)
	want(t, "to itself", g.call("fd_renumber", fd, fd), success)
	want(t, "stdout", g.call("fd_renumber", fd, stdoutFd), success)
	want(t, "the old number", g.call("fd_fdstat_get", fd, 0), eBadf)
	if text, e := g.read(stdoutFd, 10); text != "text" {
		t.Errorf("stdout reads %q (%d)", text, e)
	}
	want(t, "the mount", g.call("fd_renumber", 3, stdinFd), success)
	buf := g.alloc(8)
	want(t, "the mount's name", g.call("fd_prestat_get", stdinFd, buf), success)
	want(t, "beneath it", g.call("path_create_directory", stdinFd, g.put("new"), 3), success)
	if _, err := os.Stat(filepath.Join(dir, "new")); err != nil {
		t.Error(err)
	}
	if !g.system.Changed() || !g.system.Restore() || g.system.Changed() {
		t.Error("what was changed is not restored")
	}
	for fd, wanted := range []rootfs.FileType{rootfs.Unknown, rootfs.Unknown, rootfs.Unknown, rootfs.Directory} {
		if st, e := g.fdstat(uint32(fd)); st.kind != wanted || e != success {
			t.Errorf("after a reset %d is %+v (%d)", fd, st, e)
		}
	}
	want(t, "what was opened", g.call("fd_fdstat_get", fd, 0), eBadf)
}

func TestRights(t *testing.T) {
	g, _ := withFiles(t, "file=text", "sub/inner=text")
	fd := g.mustOpen("file", 0, rightFdRead|rightFdSeek|rightPathOpen, 0)
	if st, _ := g.fdstat(fd); st.base != rightFdRead|rightFdSeek {
		t.Errorf("a file has the rights %b", st.base)
	}
	at, n := g.iovecs(0, 1)
	for name, more := range map[string][]any{
		"fd_write": {fd, at, n, 0}, "fd_pwrite": {fd, at, n, 0, 0}, "fd_sync": {fd}, "fd_datasync": {fd},
		"fd_filestat_get": {fd, 0}, "fd_filestat_set_size": {fd, 0}, "fd_filestat_set_times": {fd, 0, 0, 0},
		"fd_allocate": {fd, 0, 1}, "fd_advise": {fd, 0, 0, 0}, "fd_fdstat_set_flags": {fd, 0},
	} {
		want(t, name, g.call(name, more...), eNotCapable)
	}
	want(t, "tell, by the right to seek", g.call("fd_tell", fd, g.alloc(8)), success)
	want(t, "take", g.call("fd_fdstat_set_rights", fd, rightFdTell, 0), eNotCapable)
	want(t, "drop", g.call("fd_fdstat_set_rights", fd, rightFdRead, 0), success)
	want(t, "take again", g.call("fd_fdstat_set_rights", fd, rightFdRead|rightFdSeek, 0), eNotCapable)
	want(t, "read by position", g.call("fd_pread", fd, at, n, 0, g.alloc(4)), eNotCapable)

	dir := g.mustOpen("sub", oDirectory, rightPathOpen|rightPathFilestatGet|rightFdSeek, 0)
	if st, _ := g.fdstat(dir); st.base != rightPathOpen|rightPathFilestatGet || st.inheriting != allRights {
		t.Errorf("a directory has the rights %+v", st)
	}
	want(t, "drop what is inherited", g.call("fd_fdstat_set_rights", dir, rightPathOpen, rightFdRead), success)
	open := func(oflags uint32, base rights) errno {
		return g.call("path_open", dir, 0, g.put("inner"), 5, oflags, base, 0, 0, g.alloc(4))
	}
	want(t, "open with what is inherited", open(0, rightFdRead), success)
	want(t, "open with more", open(0, rightFdRead|rightFdWrite), eNotCapable)
	want(t, "create", open(oCreate, rightFdRead), eNotCapable)
	want(t, "truncate", open(oTruncate, rightFdRead), eNotCapable)
	want(t, "stat", g.call("path_filestat_get", dir, 0, g.put("inner"), 5, g.alloc(64)), eNotCapable)
	want(t, "beneath a file", g.call("path_open", fd, 0, g.put("inner"), 5, 0, 0, 0, 0, g.alloc(4)), eNotDir)
}

func TestFlags(t *testing.T) {
	g, dir := withFiles(t, "file=0123456789")
	const rw = rightFdRead | rightFdWrite | rightFdSeek | rightFdFdstatSetFlags
	fd := g.mustOpen("file", 0, rw, flagAppend|flagSync)
	if st, _ := g.fdstat(fd); st.flags != flagAppend|flagSync {
		t.Errorf("flags are %b", st.flags)
	}
	for _, step := range []struct {
		flags fdflags
		text  string
		want  string
	}{
		{flagAppend, "A", "0123456789A"},
		{flagDsync, "B", "B123456789A"},
		{flagAppend | flagRsync | flagNonblock, "C", "B123456789AC"},
		{allFlags, "D", "B123456789ACD"},
		{0, "E", "E123456789ACD"},
	} {
		want(t, "set flags", g.call("fd_fdstat_set_flags", fd, step.flags), success)
		want(t, "seek", g.call("fd_seek", fd, 0, 0, g.alloc(8)), success)
		if n, e := g.write(fd, step.text); n != 1 || e != success {
			t.Errorf("write %s: %d, errno %d", step.text, n, e)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "file")); string(got) != step.want {
			t.Errorf("with the flags %b the file holds %q, want %q", step.flags, got, step.want)
		}
		if st, _ := g.fdstat(fd); st.flags != step.flags {
			t.Errorf("the flags are %b, want %b", st.flags, step.flags)
		}
	}
	want(t, "no flag", g.call("fd_fdstat_set_flags", fd, allFlags+1), eInval)
	want(t, "of a stream", g.call("fd_fdstat_set_flags", stdinFd, flagNonblock), success)
	if st, _ := g.fdstat(stdinFd); st.flags != flagNonblock {
		t.Errorf("the flags of stdin are %b", st.flags)
	}
}

func TestSeek(t *testing.T) {
	g, _ := withFiles(t, "file=0123456789")
	fd := g.mustOpen("file", 0, rightFdRead|rightFdSeek|rightFdTell, 0)
	result := g.alloc(8)
	for _, step := range []struct {
		offset int
		whence int
		at     uint64
		e      errno
	}{
		{3, 0, 3, success}, {4, 1, 7, success}, {-2, 2, 8, success}, {0, 1, 8, success},
		{-9, 1, 8, eInval}, {-1, 0, 8, eInval}, {0, 3, 8, eInval}, {0, 255, 8, eInval}, {100, 2, 110, success},
	} {
		want(t, "seek", g.call("fd_seek", fd, step.offset, step.whence, result), step.e)
		want(t, "tell", g.call("fd_tell", fd, result), success)
		if at := g.u64(result); at != step.at {
			t.Errorf("after %+v the file is at %d", step, at)
		}
	}
	want(t, "with no place for the result", g.call("fd_seek", fd, 5, 0, memorySize-7), eFault)
	want(t, "tell", g.call("fd_tell", fd, result), success)
	if g.u64(result) != 110 {
		t.Error("a call that failed has moved the file")
	}
	want(t, "a stream", g.call("fd_seek", stdinFd, 0, 1, result), eSPipe)
	want(t, "a stream", g.call("fd_tell", stdoutFd, result), eSPipe)
	want(t, "a directory", g.call("fd_seek", firstMount, 0, 0, result), eIsDir)
}

// filestatOf is what fd_filestat_get and path_filestat_get tell.
type filestatOf struct {
	ino, nlink, size, atim, mtim uint64
	kind                         rootfs.FileType
}

func (g *fakeGuest) filestat(at uint32) filestatOf {
	return filestatOf{
		ino: g.u64(at + 8), kind: rootfs.FileType(g.mem[at+16]), nlink: g.u64(at + 24),
		size: g.u64(at + 32), atim: g.u64(at + 40), mtim: g.u64(at + 48),
	}
}

func TestFilestat(t *testing.T) {
	g, dir := withFiles(t, "file=0123456789", "sub/")
	if err := os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "other")); err != nil {
		t.Skip(err)
	}
	const mine = rightFdFilestatGet | rightFdFilestatSetSize | rightFdFilestatSetTimes | rightFdWrite | rightFdAllocate
	fd, sub := g.mustOpen("file", 0, mine, 0), g.mustOpen("sub", oDirectory, mine&^rightFdWrite, 0)
	stat := g.alloc(64)
	get := func(fd uint32) filestatOf {
		t.Helper()
		want(t, "fd_filestat_get", g.call("fd_filestat_get", fd, stat), success)
		return g.filestat(stat)
	}
	if st := get(fd); st.nlink != 2 || st.size != 10 || st.kind != rootfs.Regular || st.ino == 0 {
		t.Errorf("the file is %+v", st)
	}
	want(t, "set size", g.call("fd_filestat_set_size", fd, 4), success)
	want(t, "set size to too much", g.call("fd_filestat_set_size", fd, uint64(1)<<63), eInval)
	want(t, "allocate", g.call("fd_allocate", fd, 2, 20), success)
	if st := get(fd); st.size != 22 {
		t.Errorf("the size is %d", st.size)
	}
	want(t, "allocate nothing", g.call("fd_allocate", fd, 2, 0), eInval)
	want(t, "allocate from nowhere", g.call("fd_allocate", fd, uint64(1)<<63, 1), eInval)
	for _, fd := range []uint32{fd, sub} {
		for _, step := range []struct {
			atim, mtim uint64
			flags      int
			e          errno
		}{
			{5, 7, 0b0101, success}, {9, 9, 0, success}, {6, 9, 0b0001, success}, {9, 7, 0b0100, success},
			{0, 0, 0b0011, eInval}, {0, 0, 0b1100, eInval}, {0, 0, 0b10000, eInval}, {1 << 63, 0, 0b0001, eInval},
		} {
			want(t, "set times", g.call("fd_filestat_set_times", fd, step.atim, step.mtim, step.flags), step.e)
		}
		if st := get(fd); st.atim != 6 || st.mtim != 7 {
			t.Errorf("the times are %d and %d", st.atim, st.mtim)
		}
		want(t, "now", g.call("fd_filestat_set_times", fd, 0, 0, 0b1010), success)
		if st := get(fd); st.atim < 1e18 || st.mtim < 1e18 {
			t.Errorf("now is %d and %d", st.atim, st.mtim)
		}
	}
	if st := get(stdinFd); st.kind != rootfs.Unknown || st.size != 0 {
		t.Errorf("stdin is %+v", st)
	}
	want(t, "set size of a stream", g.call("fd_filestat_set_size", stdoutFd, 0), eInval)
	want(t, "with no place", g.call("fd_filestat_get", fd, memorySize-63), eFault)
}

func TestSyncAndAdvise(t *testing.T) {
	g, _ := withFiles(t, "file=text", "sub/")
	const mine = rightFdSync | rightFdDatasync | rightFdAdvise
	fd, sub := g.mustOpen("file", 0, mine, 0), g.mustOpen("sub", oDirectory, mine, 0)
	for _, fd := range []uint32{fd, sub} {
		want(t, "sync", g.call("fd_sync", fd), success)
		want(t, "datasync", g.call("fd_datasync", fd), success)
	}
	for advice := range 6 {
		want(t, "advise", g.call("fd_advise", fd, 0, 100, advice), success)
	}
	want(t, "bad advice", g.call("fd_advise", fd, 0, 0, 6), eInval)
	want(t, "advise on nothing", g.call("fd_advise", fd, uint64(1)<<63, 0, 0), eInval)
	want(t, "advise on a directory", g.call("fd_advise", sub, 0, 0, 0), eIsDir)
	want(t, "advise on a stream", g.call("fd_advise", stdinFd, 0, 0, 0), eSPipe)
	want(t, "sync a stream", g.call("fd_sync", stdoutFd), eInval)
}

func TestMounts(t *testing.T) {
	_, first := tree(t, rootfs.Options{}, "a=1")
	_, second := tree(t, readWrite, "b=2")
	g := newGuest(t, Config{Mounts: []Mount{{"/one", first}, {"two", second}}})
	buf := g.alloc(16)
	for fd, name := range map[int]string{3: "/one", 4: "two"} {
		want(t, "prestat", g.call("fd_prestat_get", fd, buf), success)
		if g.u32(buf) != 0 || g.u32(buf+4) != uint32(len(name)) {
			t.Errorf("%d: tag %d, length %d", fd, g.u32(buf), g.u32(buf+4))
		}
		want(t, "name", g.call("fd_prestat_dir_name", fd, buf, len(name)), success)
		if got := g.text(buf, uint32(len(name))); got != name {
			t.Errorf("%d is %q", fd, got)
		}
		want(t, "with more room", g.call("fd_prestat_dir_name", fd, buf, 16), success)
		want(t, "with less room", g.call("fd_prestat_dir_name", fd, buf, len(name)-1), eNameTooLong)
		want(t, "with no place", g.call("fd_prestat_dir_name", fd, memorySize-1, len(name)), eFault)
	}
	for _, fd := range []int{0, 1, 2, 5, -1} {
		want(t, "no mount", g.call("fd_prestat_get", fd, buf), eBadf)
		want(t, "no mount", g.call("fd_prestat_dir_name", fd, buf, 16), eBadf)
	}
	want(t, "rename across", g.call("path_rename", 3, g.put("a"), 1, 4, g.put("c"), 1), errnoOf(syscall.EXDEV))
	want(t, "link across", g.call("path_link", 3, 0, g.put("a"), 1, 4, g.put("c"), 1), errnoOf(syscall.EXDEV))
	want(t, "write to what is read-only", g.path("path_unlink_file", "a"), errnoOf(syscall.EROFS))
	_, e := g.open("a", 0, rightFdWrite, 0)
	want(t, "open it to write", e, errnoOf(syscall.EROFS))

	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, "in a closed mount", g.call("path_unlink_file", 4, g.put("b"), 1), eBadf)
	want(t, "close", g.call("fd_close", 3), success)
	if g.system.Restore() {
		t.Error("a system whose mount is closed is restored")
	}
	if _, err := New(Config{Mounts: []Mount{{"/two", second}}}); err == nil {
		t.Error("a closed mount is mounted")
	}
}

func TestSockets(t *testing.T) {
	g, _ := withFiles(t, "file=text")
	for _, fd := range []uint32{0, 1, 3, g.mustOpen("file", 0, rightFdRead, 0)} {
		want(t, "accept", g.call("sock_accept", fd, 0, 0), eNotSock)
		want(t, "recv", g.call("sock_recv", fd, 0, 0, 0, 0, 0), eNotSock)
		want(t, "send", g.call("sock_send", fd, 0, 0, 0, 0), eNotSock)
		want(t, "shutdown", g.call("sock_shutdown", fd, 1), eNotSock)
	}
}

// TestDescriptorLimits: a guest has a limit of its own, and all have one together.
func TestDescriptorLimits(t *testing.T) {
	budget := descriptors.New(5)
	_, mount := tree(t, readWrite, "file=text", "sub/")
	config := Config{Mounts: []Mount{{"/", mount}}, MaxOpen: 3, Descriptors: budget}
	one, two := newGuest(t, config), newGuest(t, config)
	open := func(g *fakeGuest, path string) (uint32, errno) { return g.open(path, 0, rightFdRead, 0) }
	var last uint32
	for range 3 {
		last = one.mustOpen("file", 0, rightFdRead, 0)
	}
	_, e := open(one, "file")
	want(t, "a guest's fourth", e, eMFile)
	for range 3 { // what fails takes nothing
		_, e = open(two, "missing")
		want(t, "a missing file", e, eNoEnt)
	}
	two.mustOpen("file", 0, rightFdRead, 0)
	two.mustOpen("sub", oDirectory, 0, 0)
	_, e = open(two, "file")
	want(t, "the sixth of all", e, eNFile)
	want(t, "close", one.call("fd_close", last), success)
	two.mustOpen("file", 0, rightFdRead, 0)
	if one.system.Restore(); budget.Open() != 3 {
		t.Errorf("%d are open after a reset", budget.Open())
	}
	if two.system.Close(); budget.Open() != 0 {
		t.Errorf("%d are open at the end", budget.Open())
	}
}

// TestEndedInTheMiddle: a guest that is ended by what a call costs leaves nothing
// open.
func TestEndedInTheMiddle(t *testing.T) {
	budget := descriptors.New(100)
	dir, mount := tree(t, readWrite, "file=text", "sub/a=1", "sub/b=2")
	g := newGuest(t, Config{Mounts: []Mount{{"/", mount}}, Descriptors: budget})
	calls := []func(){
		func() { _, _ = g.open("file", 0, rightFdRead, 0) },
		func() { _, _ = g.open(strings.Repeat("./", 100)+"file", oCreate, rightFdRead, 0) },
		func() { g.call("fd_readdir", firstMount, g.alloc(100), 100, 0, g.alloc(4)) },
		func() { g.call("path_filestat_get", firstMount, 0, g.put("sub/a"), 5, g.alloc(64)) },
	}
	for i := range calls {
		for fuel := 1; fuel < 40_000; fuel += 500 {
			g.next, g.charged, g.fuel = 1<<10, 0, fuel
			ends(calls[min(i, len(calls)-1)])
		}
	}
	g.system.Close()
	if budget.Open() != 0 {
		t.Errorf("%d descriptors are counted at the end", budget.Open())
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		for _, fd := range fds {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target, dir+"/") {
				t.Errorf("%s is open", target)
			}
		}
	}
}
