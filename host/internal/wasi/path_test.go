package wasi

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// TestPaths has a line for each rule; each runs on files of its own. That paths
// lead to the right places is tested in package rootfs.
func TestPaths(t *testing.T) {
	const rw = rightFdRead | rightFdWrite
	eLoop, eNotEmpty := errnoOf(syscall.ELOOP), errnoOf(syscall.ENOTEMPTY)
	for _, c := range []struct {
		what string
		call func(g *fakeGuest) errno
		want errno
	}{
		{"mkdir", func(g *fakeGuest) errno { return g.path("path_create_directory", "new") }, success},
		{"mkdir twice", func(g *fakeGuest) errno { return g.path("path_create_directory", "sub") }, eExist},
		{"mkdir nowhere", func(g *fakeGuest) errno { return g.path("path_create_directory", "no/new") }, eNoEnt},
		{"mkdir outside", func(g *fakeGuest) errno { return g.path("path_create_directory", "../new") }, ePerm},
		{"mkdir absolute", func(g *fakeGuest) errno { return g.path("path_create_directory", "/new") }, ePerm},
		{"mkdir with zero byte", func(g *fakeGuest) errno { return g.path("path_create_directory", "a\x00b") }, eInval},
		{"mkdir of nothing", func(g *fakeGuest) errno { return g.path("path_create_directory", "") }, eNoEnt},
		{"rmdir", func(g *fakeGuest) errno { return g.path("path_remove_directory", "sub/deep") }, success},
		{"rmdir full", func(g *fakeGuest) errno { return g.path("path_remove_directory", "sub") }, eNotEmpty},
		{"rmdir file", func(g *fakeGuest) errno { return g.path("path_remove_directory", "file") }, eNotDir},
		{"rmdir parent", func(g *fakeGuest) errno { return g.path("path_remove_directory", "sub/deep/..") }, eInval},
		{"rmdir itself", func(g *fakeGuest) errno { return g.path("path_remove_directory", "sub/deep/.") }, eInval},
		{"unlink", func(g *fakeGuest) errno { return g.path("path_unlink_file", "file") }, success},
		{"unlink link", func(g *fakeGuest) errno { return g.path("path_unlink_file", "link") }, success},
		{"unlink directory", func(g *fakeGuest) errno { return g.path("path_unlink_file", "sub") }, eIsDir},
		{"rename", func(g *fakeGuest) errno {
			return g.path("path_rename", "file", firstMount, g.put("sub/new"), 7)
		}, success},
		{"rename nothing", func(g *fakeGuest) errno {
			return g.path("path_rename", "no", firstMount, g.put("new"), 3)
		}, eNoEnt},
		{"link", func(g *fakeGuest) errno { return g.link(0, "file", "new") }, success},
		{"link of a link", func(g *fakeGuest) errno { return g.link(0, "loop", "new") }, success},
		{"link through a link", func(g *fakeGuest) errno { return g.link(1, "loop", "new") }, eLoop},
		{"link of a directory", func(g *fakeGuest) errno { return g.link(0, "sub", "new") }, ePerm},
		{"link with bad flags", func(g *fakeGuest) errno { return g.link(2, "file", "new") }, eInval},
		{"symlink", func(g *fakeGuest) errno { return g.symlink("sub/deep", "new") }, success},
		{"symlink up", func(g *fakeGuest) errno { return g.symlink("../file", "sub/new") }, success},
		{"symlink out", func(g *fakeGuest) errno { return g.symlink("../file", "new") }, ePerm},
		{"symlink absolute", func(g *fakeGuest) errno { return g.symlink("/file", "new") }, ePerm},
		{"open", func(g *fakeGuest) errno { return g.openErrno(1, "link", 0, rw) }, success},
		{"open not following", func(g *fakeGuest) errno { return g.openErrno(0, "link", 0, rw) }, eLoop},
		{"open new", func(g *fakeGuest) errno { return g.openErrno(0, "new", oCreate|oExclusive, rw) }, success},
		{"open no new", func(g *fakeGuest) errno { return g.openErrno(0, "file", oCreate|oExclusive, rw) }, eExist},
		{"open directory", func(g *fakeGuest) errno { return g.openErrno(0, "sub", 0, rightFdRead) }, success},
		{"open directory to write", func(g *fakeGuest) errno { return g.openErrno(0, "sub", 0, rw) }, eIsDir},
		{"open as directory", func(g *fakeGuest) errno { return g.openErrno(0, "file", oDirectory, 0) }, eNotDir},
		{"open with bad lookup", func(g *fakeGuest) errno { return g.openErrno(2, "file", 0, 0) }, eInval},
		{"open with bad flags", func(g *fakeGuest) errno { return g.openErrno(0, "file", 16, 0) }, eInval},
		{"open with no such right", func(g *fakeGuest) errno { return g.openErrno(0, "file", 0, 1<<40) }, success},
		{"open new directory", func(g *fakeGuest) errno {
			return g.openErrno(0, "new", oCreate|oDirectory, 0)
		}, eInval},
	} {
		t.Run(c.what, func(t *testing.T) {
			g, dir := withFiles(t, "file=text", "sub/deep/")
			for name, target := range map[string]string{"link": "file", "loop": "loop"} {
				if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
					t.Skip(err)
				}
			}
			want(t, c.what, c.call(g), c.want)
		})
	}
}

func (g *fakeGuest) link(flags int, path, newPath string) errno {
	g.t.Helper()
	return g.call("path_link", firstMount, flags, g.put(path), len(path), firstMount, g.put(newPath), len(newPath))
}

func (g *fakeGuest) symlink(target, path string) errno {
	g.t.Helper()
	return g.call("path_symlink", g.put(target), len(target), firstMount, g.put(path), len(path))
}

func (g *fakeGuest) openErrno(lookup int, path string, oflags uint32, base rights) errno {
	g.t.Helper()
	return g.call("path_open", firstMount, lookup, g.put(path), len(path), oflags, base, 0, 0, g.alloc(4))
}

// TestPathFaults: a path that is outside of the memory, or too long, is an errno.
func TestPathFaults(t *testing.T) {
	g, _ := withFiles(t, "file=text")
	path, at := g.put("file"), g.alloc(64)
	far := uint32(memorySize - 2)
	for name, more := range map[string][]any{
		"path_create_directory":   {3, far, 4},
		"path_remove_directory":   {3, far, 4},
		"path_unlink_file":        {3, far, 4},
		"path_filestat_get":       {3, 0, far, 4, at},
		"path_filestat_set_times": {3, 0, far, 4, 0, 0, 0},
		"path_open":               {3, 0, far, 4, 0, 0, 0, 0, at},
		"path_readlink":           {3, far, 4, at, 64, at},
		"path_rename":             {3, far, 4, 3, path, 4},
		"path_link":               {3, 0, far, 4, 3, path, 4},
		"path_symlink":            {far, 4, 3, path, 4},
	} {
		want(t, name, g.call(name, more...), eFault)
	}
	want(t, "the new name", g.call("path_rename", 3, path, 4, 3, far, 4), eFault)
	want(t, "the new link", g.call("path_symlink", path, 4, 3, far, 4), eFault)
	want(t, "where the stat goes", g.call("path_filestat_get", 3, 0, path, 4, far), eFault)
	want(t, "where the target goes", g.call("path_readlink", 3, path, 4, at, 64, far), eFault)
	want(t, "the target", g.call("path_readlink", 3, path, 4, far, 64, at), eFault)
	want(t, "where the number goes", g.call("path_open", 3, 0, path, 4, 0, 0, 0, 0, far), eFault)
	if fd := g.mustOpen("file", 0, 0, 0); fd != 4 {
		t.Error("a call that failed has opened something")
	}
	long := strings.Repeat("a", maxPath)
	want(t, "long", g.path("path_unlink_file", long), eNameTooLong)
	want(t, "endless", g.call("path_unlink_file", 3, path, memorySize/2), eNameTooLong)
	want(t, "longer than the memory", g.call("path_unlink_file", 3, path, memorySize), eFault)
	want(t, "long target", g.symlink(long, "new"), eNameTooLong)
}

func TestReadlink(t *testing.T) {
	g, _ := withFiles(t, "target=text")
	want(t, "symlink", g.symlink("target", "link"), success)
	result := g.alloc(4)
	for room, wanted := range map[int]string{10: "target\xff\xff\xff\xff", 6: "target", 4: "targ", 0: ""} {
		buf := g.put(strings.Repeat("\xff", room))
		want(t, "readlink", g.path("path_readlink", "link", buf, room, result), success)
		if n := g.u32(result); g.text(buf, uint32(room)) != wanted || int(n) != min(room, 6) {
			t.Errorf("with room for %d: %d bytes, %q", room, n, g.text(buf, uint32(room)))
		}
	}
	want(t, "of a file", g.path("path_readlink", "target", 0, 0, result), eInval)
}

// TestTimesOfALink are not those of what it leads to.
func TestTimesOfALink(t *testing.T) {
	g, _ := withFiles(t, "file=text")
	want(t, "symlink", g.symlink("file", "link"), success)
	stat := g.alloc(64)
	get := func(path string, follow int) filestatOf {
		want(t, "stat", g.call("path_filestat_get", firstMount, follow, g.put(path), len(path), stat), success)
		return g.filestat(stat)
	}
	set := func(follow int, mtim uint64) {
		const onlyMtim = 0b0100
		e := g.call("path_filestat_set_times", firstMount, follow, g.put("link"), 4, 0, mtim, onlyMtim)
		want(t, "set times", e, success)
	}
	set(0, 1000)
	set(1, 2000)
	link, file := get("link", 0), get("file", 0)
	if link.mtim != 1000 || file.mtim != 2000 || link.kind != rootfs.SymbolicLink || get("link", 1) != file {
		t.Errorf("the link is %+v, the file %+v", link, file)
	}
	want(t, "with bad flags", g.call("path_filestat_set_times", firstMount, 2, g.put("link"), 4, 0, 0, 0), eInval)
	want(t, "to two times", g.call("path_filestat_set_times", firstMount, 0, g.put("link"), 4, 0, 0, 0b11), eInval)
	want(t, "with bad flags", g.call("path_filestat_get", firstMount, 2, g.put("link"), 4, stat), eInval)
}
