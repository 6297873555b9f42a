package rootfs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// lures are paths that lead out of a fixture's mount, by way of the links that
// setLures puts there as a careless host might. What they lead to is the file
// or the directory of the same name outside, or nothing yet, in "new".
var lures = []string{
	"../outside/file", "dir/../../outside/file", "/../outside/file", "dir/../../outside/new",
	"abs-file", "up-file", "dir/up-file", "chain-file", "abs-new", "up-new",
	"abs/file", "up/file", "up/dir/file", "dir/up/file", "chain/file", "turn/file",
	"abs/new", "up/new", "chain/new", "slash/etc/passwd", "up-file/", "up/", "abs/dir/..", "..",
}

func setLures(t *testing.T, x fixture) {
	for name, target := range map[string]string{
		"abs":         x.outside,
		"abs-file":    filepath.Join(x.outside, "file"),
		"abs-new":     filepath.Join(x.outside, "new"),
		"up":          "../outside",
		"up-file":     "../outside/file",
		"up-new":      "../outside/new",
		"dir/up":      "../../outside",
		"dir/up-file": "../../outside/file",
		"chain":       "chain2",
		"chain2":      "dir/up",
		"chain-file":  "dir/up-file",
		"turn":        "dir/../../outside", // down first, then out
		"slash":       "/",
	} {
		x.link(t, target, name)
	}
}

// TestLures tries every call on every lure. Nothing outside may be read, and
// nothing may change. Some calls do succeed: unlinking a lure, say, is the
// guest's right.
func TestLures(t *testing.T) {
	x := newFixture(t, ReadWrite)
	setLures(t, x)
	before := snapshot(t, x.outside)
	for _, lure := range lures {
		for what, errno := range follow(x, lure) {
			if errno == 0 {
				t.Errorf("%s %q succeeds", what, lure)
			}
		}
	}
	if after := snapshot(t, x.outside); after != before {
		t.Fatalf("outside has changed from\n%s\nto\n%s", before, after)
	}

	for _, lure := range lures {
		t.Run(lure, func(t *testing.T) {
			x := newFixture(t, ReadWrite)
			setLures(t, x)
			before := snapshot(t, x.outside)
			disturb(x, lure)
			if after := snapshot(t, x.outside); after != before {
				t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// follow makes the calls that act on what a path leads to; all must fail.
func follow(x fixture, path string) map[string]sys.Errno {
	_, stat := x.Stat(path)
	return map[string]sys.Errno{
		"stat":            stat,
		"chmod":           x.Chmod(path, 0o777),
		"utimens":         x.Utimens(path, 1, 1),
		"mkdir":           x.Mkdir(path, 0o777),
		"mkdir beneath":   x.Mkdir(path+"/sub", 0o777),
		"open":            openErrno(x.FS, path, sys.O_RDONLY),
		"open to write":   openErrno(x.FS, path, sys.O_RDWR),
		"open directory":  openErrno(x.FS, path, sys.O_DIRECTORY),
		"create":          openErrno(x.FS, path, sys.O_RDWR|sys.O_CREAT),
		"create new":      openErrno(x.FS, path, sys.O_RDWR|sys.O_CREAT|sys.O_EXCL),
		"truncate":        openErrno(x.FS, path, sys.O_RDWR|sys.O_TRUNC),
		"append":          openErrno(x.FS, path, sys.O_RDWR|sys.O_APPEND),
		"link to":         x.Link("file", path),
		"rename beneath":  x.Rename("file", path+"/sub"),
		"symlink to":      x.Symlink(path, "trap"),
		"symlink beneath": x.Symlink("file", path+"/sub"),
		"unlink beneath":  x.Unlink(path + "/file"),
		"rmdir beneath":   x.Rmdir(path + "/dir"),
	}
}

// disturb makes the calls that may rightly act on a link itself, if only its
// last component is one.
func disturb(x fixture, path string) {
	_, _ = x.Lstat(path)
	_, _ = x.Readlink(path)
	x.Link(path, "again")
	x.Symlink("file", path)
	x.Rename(path, "moved")
	x.Rename("file", path)
	x.Rename("empty", path)
	x.Rmdir(path)
	x.Unlink(path)
}

// TestTraps: no link that a guest makes, or moves, leads out.
func TestTraps(t *testing.T) {
	x := newFixture(t, ReadWrite)
	for _, target := range []string{
		"/", "/etc/passwd", x.outside, "..", "../", "../outside", "./../outside", "dir/../..",
		"dir/../../outside", "../mount/file", "dir/../file", "dir/..", "a/b/../c",
	} {
		wantErrno(t, "symlink to "+target, x.Symlink(target, "trap"), sys.EPERM)
		wantErrno(t, "deep symlink to "+target, x.Symlink(target, "dir/trap"), sys.EPERM)
	}
	for i, target := range []string{"file", "./file", "dir/", "dir//file", "no", "..no", "no..", "."} {
		name := "link" + string(rune('0'+i))
		wantErrno(t, "symlink to "+target, x.Symlink(target, name), 0)
		wantErrno(t, "rename", x.Rename(name, "dir/"+name), 0)
		wantErrno(t, "link", x.Link("dir/"+name, name), 0)
	}

	// What the host made and the guest would move.
	setLures(t, x)
	x.link(t, "../file", "dir/climbs")
	for _, name := range []string{"dir/climbs", "dir/up", "abs"} {
		wantErrno(t, "rename "+name, x.Rename(name, "moved"), sys.EPERM)
		wantErrno(t, "link "+name, x.Link(name, "moved"), sys.EPERM)
	}
	wantErrno(t, "follow dir/climbs", openErrno(x.FS, "dir/climbs", sys.O_RDWR), 0)
}

// TestReadlinkTellsNothing of where the host keeps things.
func TestReadlinkTellsNothing(t *testing.T) {
	x := newFixture(t, ReadOnly)
	setLures(t, x)
	for _, name := range []string{"abs", "abs-file", "slash"} {
		target, errno := x.Readlink(name)
		if errno != sys.EPERM || target != "" {
			t.Errorf("readlink %s is %q, %v", name, target, errno)
		}
	}
}

// TestAbsolutePath: wazero puts a slash before some paths; they begin at the
// mount.
func TestAbsolutePath(t *testing.T) {
	x := newFixture(t, ReadWrite)
	wantErrno(t, "open", openErrno(x.FS, filepath.Join(x.outside, "file"), sys.O_RDONLY), sys.ENOENT)
	wantErrno(t, "mkdir", x.Mkdir("/new", 0o700), 0)
	if _, err := os.Stat(x.path("new")); err != nil {
		t.Error(err)
	}
}
