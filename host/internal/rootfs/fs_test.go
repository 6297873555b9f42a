package rootfs

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
)

func TestOpenNeedsADirectory(t *testing.T) {
	x := newFixture(t, ReadOnly)
	for _, dir := range []string{x.path("file"), x.path("missing")} {
		if _, err := Open(dir, ReadOnly); err == nil {
			t.Errorf("Open(%s) succeeds", dir)
		}
	}
	if _, err := Open(x.mount, Access(7)); err == nil {
		t.Error("Open with unknown access succeeds")
	}
}

// TestCalls has one line a rule; each runs on a mount of its own.
func TestCalls(t *testing.T) {
	const setuid = 0o755 | fs.ModeSetuid
	long := strings.Repeat("a/", maxPath/2) + "a"
	tests := []struct {
		name string
		call func(x fixture) sys.Errno
		want sys.Errno
	}{
		{"mkdir", func(x fixture) sys.Errno { return x.Mkdir("new", 0o700) }, 0},
		{"mkdir with slash", func(x fixture) sys.Errno { return x.Mkdir("new/", 0o700) }, 0},
		{"mkdir over dir", func(x fixture) sys.Errno { return x.Mkdir("dir", 0o700) }, sys.EEXIST},
		{"mkdir beneath file", func(x fixture) sys.Errno { return x.Mkdir("file/new", 0o700) }, sys.ENOTDIR},
		{"mkdir beneath nothing", func(x fixture) sys.Errno { return x.Mkdir("no/new", 0o700) }, sys.ENOENT},
		{"unlink", func(x fixture) sys.Errno { return x.Unlink("file") }, 0},
		{"unlink dir", func(x fixture) sys.Errno { return x.Unlink("empty") }, sys.EISDIR},
		{"unlink nothing", func(x fixture) sys.Errno { return x.Unlink("no") }, sys.ENOENT},
		{"unlink file with slash", func(x fixture) sys.Errno { return x.Unlink("file/") }, sys.ENOTDIR},
		{"rmdir", func(x fixture) sys.Errno { return x.Rmdir("empty") }, 0},
		{"rmdir full", func(x fixture) sys.Errno { return x.Rmdir("dir") }, sys.ENOTEMPTY},
		{"rmdir file", func(x fixture) sys.Errno { return x.Rmdir("file") }, sys.ENOTDIR},
		{"rmdir mount", func(x fixture) sys.Errno { return x.Rmdir(".") }, sys.EINVAL},
		{"rename mount", func(x fixture) sys.Errno { return x.Rename(".", "new") }, sys.EPERM},
		{"rename file", func(x fixture) sys.Errno { return x.Rename("file", "new") }, 0},
		{"rename file over file", func(x fixture) sys.Errno { return x.Rename("file", "dir/file") }, 0},
		{"rename file over dir", func(x fixture) sys.Errno { return x.Rename("file", "empty") }, sys.EISDIR},
		{"rename file to itself", func(x fixture) sys.Errno { return x.Rename("file", "file") }, 0},
		{"rename nothing", func(x fixture) sys.Errno { return x.Rename("no", "new") }, sys.ENOENT},
		{"rename dir", func(x fixture) sys.Errno { return x.Rename("dir", "new") }, 0},
		{"rename dir over empty dir", func(x fixture) sys.Errno { return x.Rename("dir", "empty") }, 0},
		{"rename dir over full dir", func(x fixture) sys.Errno { return x.Rename("empty", "dir") }, sys.ENOTEMPTY},
		{"rename dir over file", func(x fixture) sys.Errno { return x.Rename("dir", "file") }, sys.ENOTDIR},
		{"rename dir to itself", func(x fixture) sys.Errno { return x.Rename("dir", "dir") }, 0},
		{"rename dir into itself", func(x fixture) sys.Errno { return x.Rename("dir", "dir/new") }, sys.EINVAL},
		{"link", func(x fixture) sys.Errno { return x.Link("file", "new") }, 0},
		{"link over file", func(x fixture) sys.Errno { return x.Link("file", "dir/file") }, sys.EEXIST},
		{"link dir", func(x fixture) sys.Errno { return x.Link("dir", "new") }, sys.EPERM},
		{"symlink", func(x fixture) sys.Errno { return x.Symlink("dir/file", "new") }, 0},
		{"symlink dangling", func(x fixture) sys.Errno { return x.Symlink("no", "new") }, 0},
		{"symlink over file", func(x fixture) sys.Errno { return x.Symlink("dir", "file") }, sys.EEXIST},
		{"symlink to nothing", func(x fixture) sys.Errno { return x.Symlink("", "new") }, sys.EINVAL},
		{"chmod", func(x fixture) sys.Errno { return x.Chmod("file", 0o600) }, 0},
		{"chmod setuid", func(x fixture) sys.Errno { return x.Chmod("file", setuid) }, sys.EPERM},
		{"long path", func(x fixture) sys.Errno { return openErrno(x.FS, long, sys.O_RDONLY) }, sys.ENAMETOOLONG},
		{"long target", func(x fixture) sys.Errno { return x.Symlink(long, "new") }, sys.ENAMETOOLONG},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantErrno(t, test.name, test.call(newFixture(t, ReadWrite)), test.want)
		})
	}
}

func TestRenameIntoItselfLosesNothing(t *testing.T) {
	x := newFixture(t, ReadWrite)
	mustMkdir(t, x.path("dir/empty"))
	before, err := os.Stat(x.path("dir/empty"))
	if err != nil {
		t.Fatal(err)
	}
	wantErrno(t, "rename", x.Rename("dir", "dir/empty"), sys.EINVAL)
	after, err := os.Stat(x.path("dir/empty"))
	if err != nil || after.Mode() != before.Mode() {
		t.Errorf("dir/empty is %v (%v), want %v", after, err, before.Mode())
	}
}

// TestReadOnly: every call that writes answers EROFS, whatever it is about.
func TestReadOnly(t *testing.T) {
	x := newFixture(t, ReadOnly)
	before := snapshot(t, x.mount)
	file, dir := mustOpen(t, x.FS, "file", sys.O_RDONLY), mustOpen(t, x.FS, ".", sys.O_DIRECTORY)
	_, write := file.Write([]byte("x"))
	_, pwrite := file.Pwrite([]byte("x"), 0)
	got := map[string]sys.Errno{
		"open to write":      openErrno(x.FS, "file", sys.O_WRONLY),
		"open to read/write": openErrno(x.FS, "file", sys.O_RDWR),
		"open to append":     openErrno(x.FS, "file", sys.O_RDWR|sys.O_APPEND),
		"open to truncate":   openErrno(x.FS, "file", sys.O_TRUNC),
		"create":             openErrno(x.FS, "new", sys.O_CREAT),
		"mkdir":              x.Mkdir("new", 0o700),
		"chmod":              x.Chmod("file", 0o600),
		"rename":             x.Rename("file", "new"),
		"rmdir":              x.Rmdir("empty"),
		"unlink":             x.Unlink("file"),
		"link":               x.Link("file", "new"),
		"symlink":            x.Symlink("file", "new"),
		"utimens":            x.Utimens("file", 1, 1),
		"write":              write,
		"pwrite":             pwrite,
		"truncate":           file.Truncate(0),
		"futimens":           file.Utimens(1, 1),
		"futimens of dir":    dir.Utimens(1, 1),
	}
	for what, errno := range got {
		wantErrno(t, what, errno, sys.EROFS)
	}
	wantErrno(t, "open directory to write", openErrno(x.FS, "dir", sys.O_DIRECTORY|sys.O_RDWR), sys.EISDIR)
	if after := snapshot(t, x.mount); after != before {
		t.Errorf("the mount has changed from\n%s\nto\n%s", before, after)
	}
}

func TestStat(t *testing.T) {
	x := newFixture(t, ReadWrite)
	wantErrno(t, "symlink", x.Symlink("dir/file", "link"), 0)
	for path, want := range map[string]fs.FileMode{
		"file": 0, "dir": fs.ModeDir, "dir/": fs.ModeDir, ".": fs.ModeDir, "": fs.ModeDir,
		"/": fs.ModeDir, "/file": 0, "dir//file": 0, "link": 0,
	} {
		st, errno := x.Stat(path)
		if errno != 0 || st.Mode.Type() != want {
			t.Errorf("Stat(%q) is %v (%v), want %v", path, st.Mode, errno, want)
		}
	}
	st, errno := x.Lstat("link")
	if errno != 0 || st.Mode.Type() != fs.ModeSymlink {
		t.Errorf("Lstat(link) is %v (%v)", st.Mode, errno)
	}
	target, errno := x.Readlink("link")
	if errno != 0 || target != "dir/file" {
		t.Errorf("Readlink is %q (%v)", target, errno)
	}
	_, errno = x.Readlink("file")
	wantErrno(t, "readlink of a file", errno, sys.EINVAL)
	_, errno = x.Stat("file/")
	wantErrno(t, "stat of file/", errno, sys.ENOTDIR)
}

func TestUtimens(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.FS, "file", sys.O_RDWR)
	for what, set := range map[string]func(atim, mtim int64) sys.Errno{
		"by path":  func(atim, mtim int64) sys.Errno { return x.Utimens("file", atim, mtim) },
		"by fd":    file.Utimens,
		"via link": func(atim, mtim int64) sys.Errno { return x.Utimens("link", atim, mtim) },
	} {
		_ = x.Symlink("file", "link")
		first, second := time.Unix(100, 123456789).UnixNano(), time.Unix(200, 987654321).UnixNano()
		errno := set(first, second)
		if errno == sys.ENOSYS {
			continue // by fd, outside Linux
		}
		wantErrno(t, what, errno, 0)
		wantErrno(t, what, set(sys.UTIME_OMIT, first), 0)
		wantErrno(t, what, set(second, sys.UTIME_OMIT), 0)
		st, errno := file.Stat()
		if errno != 0 || st.Atim != second || st.Mtim != first {
			t.Errorf("%s: times are %d, %d (%v), want %d, %d", what, st.Atim, st.Mtim, errno, second, first)
		}
	}
}

func TestClose(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.FS, "file", sys.O_RDWR)
	dir := mustOpen(t, x.FS, ".", sys.O_DIRECTORY)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	_, errno := x.Stat("file")
	wantErrno(t, "stat", errno, sys.EBADF)
	wantErrno(t, "open", openErrno(x.FS, "file", sys.O_RDONLY), sys.EBADF)
	wantErrno(t, "mkdir", x.Mkdir("new", 0o700), sys.EBADF)
	wantErrno(t, "wazero opening the mount", openErrno(x.FS, ".", sys.O_RDONLY), sys.ENOENT)

	if n, errno := file.Pwrite([]byte("still"), 0); n != 5 || errno != 0 {
		t.Errorf("writing to an open file: %d, %v", n, errno)
	}
	if entries, errno := dir.Readdir(-1); len(entries) != 3 || errno != 0 {
		t.Errorf("reading an open directory: %v, %v", entries, errno)
	}
}

func TestMaxOpenFiles(t *testing.T) {
	x := newFixture(t, ReadOnly)
	x.MaxOpenFiles = 2
	first := mustOpen(t, x.FS, "file", sys.O_RDONLY)
	mustOpen(t, x.FS, "dir", sys.O_RDONLY)
	for range 3 { // failing costs nothing
		wantErrno(t, "third file", openErrno(x.FS, "file", sys.O_RDONLY), sys.EAGAIN)
		wantErrno(t, "missing file", openErrno(x.FS, "no", sys.O_RDONLY), sys.ENOENT)
	}
	wantErrno(t, "wazero opening the mount", openErrno(x.FS, ".", sys.O_RDONLY), sys.ENOENT)
	for range 3 { // closing again gives nothing back
		wantErrno(t, "close", first.Close(), 0)
	}
	mustOpen(t, x.FS, "file", sys.O_RDONLY)
	wantErrno(t, "third file", openErrno(x.FS, "file", sys.O_RDONLY), sys.EAGAIN)
}
