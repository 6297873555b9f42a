package rootfs

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
		for what, err := range follow(x, lure) {
			if err == nil {
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
func follow(x fixture, path string) map[string]error {
	_, stat := x.Stat(path, true)
	return map[string]error{
		"stat":            stat,
		"utimens":         x.SetTimes(path, true, Times{1, 1}),
		"mkdir":           x.Mkdir(path),
		"mkdir beneath":   x.Mkdir(path + "/sub"),
		"open":            openErrno(x.Dir, path, Read),
		"open to write":   openErrno(x.Dir, path, Read|Write),
		"open directory":  openErrno(x.Dir, path, OnlyDir),
		"create":          openErrno(x.Dir, path, Read|Write|Create),
		"create new":      openErrno(x.Dir, path, Read|Write|Create|Exclusive),
		"truncate":        openErrno(x.Dir, path, Read|Write|Truncate),
		"append":          openErrno(x.Dir, path, Read|Write|Append),
		"link to":         x.Link("file", false, x.Dir, path),
		"link following":  x.Link(path, true, x.Dir, "stolen"),
		"rename beneath":  x.Rename("file", x.Dir, path+"/sub"),
		"symlink to":      x.Symlink(path, "trap"),
		"symlink beneath": x.Symlink("file", path+"/sub"),
		"unlink beneath":  x.Unlink(path + "/file"),
		"rmdir beneath":   x.Rmdir(path + "/dir"),
	}
}

// disturb makes the calls that may rightly act on a link itself, if only its
// last component is one.
func disturb(x fixture, path string) {
	_, _ = x.Stat(path, false)
	_, _ = x.Readlink(path)
	_ = x.SetTimes(path, false, Times{1, 1})
	_ = x.Link(path, false, x.Dir, "again")
	_ = x.Symlink("file", path)
	_ = x.Rename(path, x.Dir, "moved")
	_ = x.Rename("file", x.Dir, path)
	_ = x.Rename("empty", x.Dir, path)
	_ = x.Rmdir(path)
	_ = x.Unlink(path)
}

// TestTraps: no link that a guest makes, or moves, leads out.
func TestTraps(t *testing.T) {
	x := newFixture(t, ReadWrite)
	for _, target := range []string{
		"/", "/etc/passwd", x.outside, "..", "../", "../outside", "./../outside", "dir/../..",
		"dir/../../outside", "../mount/file", "dir/../file", "dir/..", "a/b/../c",
	} {
		wantErrno(t, "symlink to "+target, x.Symlink(target, "trap"), syscall.EPERM)
	}
	for _, target := range []string{
		"/", "../..", ".././..", "../../outside", "../../mount/file", "dir/..", "dir/../file", "../dir/../file",
	} {
		wantErrno(t, "deep symlink to "+target, x.Symlink(target, "dir/trap"), syscall.EPERM)
	}
	for i, target := range []string{"file", "./file", "dir/", "dir//file", "no", "..no", "no..", "."} {
		name := "link" + string(rune('0'+i))
		wantErrno(t, "symlink to "+target, x.Symlink(target, name), nil)
		wantErrno(t, "rename", x.Rename(name, x.Dir, "dir/"+name), nil)
		wantErrno(t, "link", x.Link("dir/"+name, false, x.Dir, name), nil)
	}

	// What the host made and the guest would move.
	setLures(t, x)
	x.link(t, "../file", "dir/climbs")
	for _, name := range []string{"dir/climbs", "dir/up", "abs"} {
		wantErrno(t, "rename "+name, x.Rename(name, x.Dir, "moved"), syscall.EPERM)
		wantErrno(t, "link "+name, x.Link(name, false, x.Dir, "moved"), syscall.EPERM)
	}
	wantErrno(t, "follow dir/climbs", openErrno(x.Dir, "dir/climbs", Read|Write), nil)
}

// TestClimbingLinks: a link of a guest may climb while it stays inside, and
// neither it nor a directory around it is moved to where it would not.
func TestClimbingLinks(t *testing.T) {
	if !exact {
		t.Skip("links of guests don't climb here")
	}
	x := newFixture(t, ReadWrite)
	for _, dir := range []string{"a", "a/b", "a/b/c", "flat"} {
		wantErrno(t, "mkdir", x.Mkdir(dir), nil)
	}
	wantErrno(t, "one up", x.Symlink("../file", "a/one"), nil)
	wantErrno(t, "to the mount itself", x.Symlink("..", "a/top"), nil)
	wantErrno(t, "three up", x.Symlink("../../.././file", "a/b/c/three"), nil)
	wantErrno(t, "from an open directory", mustOpenDir(t, x.Dir, "a/b").Symlink("../../file", "two"), nil)
	for _, name := range []string{"a/one", "a/b/two", "a/b/c/three", "a/top/a/one"} {
		wantErrno(t, "follow "+name, openErrno(x.Dir, name, Read), nil)
	}
	wantErrno(t, "through a link that climbs", x.Symlink("top/../file", "a/out"), syscall.EPERM)
	wantErrno(t, "past the mount", x.Symlink("../../../../file", "a/b/c/four"), syscall.EPERM)

	wantErrno(t, "move it up", x.Rename("a/b/two", x.Dir, "flat/two"), syscall.EPERM)
	wantErrno(t, "link it up", x.Link("a/b/two", false, x.Dir, "two"), syscall.EPERM)
	wantErrno(t, "move its directory up", x.Rename("a/b", x.Dir, "b"), syscall.EPERM)
	wantErrno(t, "move a directory above up", x.Rename("a/b/c", x.Dir, "flat/c"), syscall.EPERM)
	wantErrno(t, "move it sideways", x.Rename("a/one", x.Dir, "flat/one"), nil)
	wantErrno(t, "move its directory sideways", x.Rename("a/b", x.Dir, "flat/b"), nil)
	wantErrno(t, "move it down", x.Rename("flat/one", x.Dir, "flat/b/c/one"), nil)
	wantErrno(t, "follow", openErrno(x.Dir, "flat/b/c/three", Read), nil)
}

// TestManyNamesAreNotMovedUp: what is too large to be looked through is copied.
func TestManyNamesAreNotMovedUp(t *testing.T) {
	if !exact {
		t.Skip("links of guests don't climb here")
	}
	x := newFixture(t, ReadWrite)
	mustMkdir(t, x.path("dir/big"))
	for i := range 2000 {
		if err := os.Link(x.path("file"), x.path(fmt.Sprint("dir/big/", i))); err != nil {
			t.Fatal(err)
		}
	}
	wantErrno(t, "up", x.Rename("dir/big", x.Dir, "big"), syscall.EXDEV)
	wantErrno(t, "beside", x.Rename("dir/big", x.Dir, "dir/large"), nil)
	wantErrno(t, "down", x.Rename("dir/large", x.Dir, "empty/big"), nil)
}

// TestReadlinkTellsNothing of where the host keeps things.
func TestReadlinkTellsNothing(t *testing.T) {
	x := newFixture(t, ReadOnly)
	setLures(t, x)
	for _, name := range []string{"abs", "abs-file", "slash"} {
		target, err := x.Readlink(name)
		if err != syscall.EPERM || target != "" {
			t.Errorf("readlink %s is %q, %v", name, target, err)
		}
	}
}

// TestAbsolutePath: there are none in a mount.
func TestAbsolutePath(t *testing.T) {
	x := newFixture(t, ReadWrite)
	before := snapshot(t, x.outside)
	wantErrno(t, "open", openErrno(x.Dir, filepath.Join(x.outside, "file"), Read), syscall.EPERM)
	wantErrno(t, "mkdir", x.Mkdir("/new"), syscall.EPERM)
	if after := snapshot(t, x.outside); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}
