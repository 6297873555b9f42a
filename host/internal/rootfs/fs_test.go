package rootfs

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exact is whether the package resolves paths itself, as the kernel would, and
// not by os.Root.
var exact = isExact()

func TestOpenNeedsADirectory(t *testing.T) {
	x := newFixture(t, ReadOnly)
	for _, dir := range []string{x.path("file"), x.path("missing")} {
		if _, err := Open(dir, Options{}); err == nil {
			t.Errorf("Open(%s) succeeds", dir)
		}
	}
	if _, err := Open(x.mount, Options{Access: 7}); err == nil {
		t.Error("Open with unknown access succeeds")
	}
}

// TestCalls has one line a rule; each runs on a mount of its own.
func TestCalls(t *testing.T) {
	long := strings.Repeat("a/", maxPath/2) + "a"
	tests := []struct {
		name string
		call func(x fixture) error
		want error
	}{
		{"mkdir", func(x fixture) error { return x.Mkdir("new") }, nil},
		{"mkdir with slash", func(x fixture) error { return x.Mkdir("new/") }, nil},
		{"mkdir over dir", func(x fixture) error { return x.Mkdir("dir") }, syscall.EEXIST},
		{"mkdir over dots", func(x fixture) error { return x.Mkdir("dir/..") }, syscall.EEXIST},
		{"mkdir beneath file", func(x fixture) error { return x.Mkdir("file/new") }, syscall.ENOTDIR},
		{"mkdir beneath nothing", func(x fixture) error { return x.Mkdir("no/new") }, syscall.ENOENT},
		{"unlink", func(x fixture) error { return x.Unlink("file") }, nil},
		{"unlink dir", func(x fixture) error { return x.Unlink("empty") }, syscall.EISDIR},
		{"unlink dir with slash", func(x fixture) error { return x.Unlink("empty/") }, syscall.EISDIR},
		{"unlink dots", func(x fixture) error { return x.Unlink("dir/..") }, syscall.EISDIR},
		{"unlink nothing", func(x fixture) error { return x.Unlink("no") }, syscall.ENOENT},
		{"unlink file with slash", func(x fixture) error { return x.Unlink("file/") }, syscall.ENOTDIR},
		{"rmdir", func(x fixture) error { return x.Rmdir("empty") }, nil},
		{"rmdir with slash", func(x fixture) error { return x.Rmdir("empty//") }, nil},
		{"rmdir full", func(x fixture) error { return x.Rmdir("dir") }, syscall.ENOTEMPTY},
		{"rmdir file", func(x fixture) error { return x.Rmdir("file") }, syscall.ENOTDIR},
		{"rmdir file with slash", func(x fixture) error { return x.Rmdir("file/") }, syscall.ENOTDIR},
		{"rmdir mount", func(x fixture) error { return x.Rmdir(".") }, syscall.EINVAL},
		{"rmdir parent", func(x fixture) error { return x.Rmdir("empty/..") }, syscall.EINVAL},
		{"rmdir itself", func(x fixture) error { return x.Rmdir("empty/.") }, syscall.EINVAL},
		{"rmdir parent of nothing", func(x fixture) error { return x.Rmdir("no/..") }, syscall.ENOENT},
		{"rename mount", func(x fixture) error { return x.Rename(".", x.Dir, "new") }, syscall.EBUSY},
		{"rename file", func(x fixture) error { return x.Rename("file", x.Dir, "new") }, nil},
		{"rename file over file", func(x fixture) error { return x.Rename("file", x.Dir, "dir/file") }, nil},
		{"rename file over dir", func(x fixture) error { return x.Rename("file", x.Dir, "empty") }, syscall.EISDIR},
		{"rename file with slash", func(x fixture) error { return x.Rename("file/", x.Dir, "new") }, syscall.ENOTDIR},
		{"rename file to itself", func(x fixture) error { return x.Rename("file", x.Dir, "file") }, nil},
		{"rename nothing", func(x fixture) error { return x.Rename("no", x.Dir, "new") }, syscall.ENOENT},
		{"rename dir", func(x fixture) error { return x.Rename("dir", x.Dir, "new") }, nil},
		{"rename dir with slashes", func(x fixture) error { return x.Rename("dir/", x.Dir, "new/") }, nil},
		{"rename dir over empty dir", func(x fixture) error { return x.Rename("dir", x.Dir, "empty") }, nil},
		{"rename over full dir", func(x fixture) error { return x.Rename("empty", x.Dir, "dir") }, syscall.ENOTEMPTY},
		{"rename dir over file", func(x fixture) error { return x.Rename("dir", x.Dir, "file") }, syscall.ENOTDIR},
		{"rename dir to itself", func(x fixture) error { return x.Rename("dir", x.Dir, "dir") }, nil},
		{"rename dir into itself", func(x fixture) error { return x.Rename("dir", x.Dir, "dir/new") }, syscall.EINVAL},
		{"link", func(x fixture) error { return x.Link("file", false, x.Dir, "new") }, nil},
		{"link over file", func(x fixture) error { return x.Link("file", false, x.Dir, "dir/file") }, syscall.EEXIST},
		{"link to slash", func(x fixture) error { return x.Link("file", false, x.Dir, "new/") }, syscall.ENOENT},
		{"link with slash", func(x fixture) error { return x.Link("file/", false, x.Dir, "new") }, syscall.ENOTDIR},
		{"link dir", func(x fixture) error { return x.Link("dir", false, x.Dir, "new") }, syscall.EPERM},
		{"link nothing", func(x fixture) error { return x.Link("no", false, x.Dir, "new") }, syscall.ENOENT},
		{"symlink", func(x fixture) error { return x.Symlink("dir/file", "new") }, nil},
		{"symlink dangling", func(x fixture) error { return x.Symlink("no", "new") }, nil},
		{"symlink over file", func(x fixture) error { return x.Symlink("dir", "file") }, syscall.EEXIST},
		{"symlink over dir with slash", func(x fixture) error { return x.Symlink("file", "dir/") }, syscall.EEXIST},
		{"symlink to slash", func(x fixture) error { return x.Symlink("file", "new/") }, syscall.ENOENT},
		{"symlink to nothing", func(x fixture) error { return x.Symlink("", "new") }, syscall.EINVAL},
		{"empty path", func(x fixture) error { return x.Mkdir("") }, syscall.ENOENT},
		{"long path", func(x fixture) error { return openErrno(x.Dir, long, Read) }, syscall.ENAMETOOLONG},
		{"long target", func(x fixture) error { return x.Symlink(long, "new") }, syscall.ENAMETOOLONG},
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
	wantErrno(t, "rename", x.Rename("dir", x.Dir, "dir/empty"), syscall.EINVAL)
	after, err := os.Stat(x.path("dir/empty"))
	if err != nil || after.Mode() != before.Mode() {
		t.Errorf("dir/empty is %v (%v), want %v", after, err, before.Mode())
	}
}

// TestOtherMount: a mount is a disk of its own.
func TestOtherMount(t *testing.T) {
	x, y := newFixture(t, ReadWrite), newFixture(t, ReadWrite)
	wantErrno(t, "rename", x.Rename("file", y.Dir, "new"), syscall.EXDEV)
	wantErrno(t, "link", x.Link("file", false, y.Dir, "new"), syscall.EXDEV)
}

// TestReadOnly: every call that writes answers EROFS, whatever it is about.
func TestReadOnly(t *testing.T) {
	x := newFixture(t, ReadOnly)
	before := snapshot(t, x.mount)
	file, dir := mustOpen(t, x.Dir, "file", Read), mustOpenDir(t, x.Dir, ".")
	got := map[string]error{
		"open to write":      openErrno(x.Dir, "file", Write),
		"open to read/write": openErrno(x.Dir, "file", Read|Write),
		"open to append":     openErrno(x.Dir, "file", Write|Append),
		"open to truncate":   openErrno(x.Dir, "file", Truncate),
		"create":             openErrno(x.Dir, "new", Create),
		"mkdir":              x.Mkdir("new"),
		"rename":             x.Rename("file", x.Dir, "new"),
		"rmdir":              x.Rmdir("empty"),
		"unlink":             x.Unlink("file"),
		"link":               x.Link("file", false, x.Dir, "new"),
		"symlink":            x.Symlink("file", "new"),
		"utimens":            x.SetTimes("file", true, Times{1, 1}),
		"futimens":           file.SetTimes(Times{1, 1}),
		"futimens of dir":    dir.SetSelfTimes(Times{1, 1}),
	}
	for what, err := range got {
		wantErrno(t, what, err, syscall.EROFS)
	}
	wantErrno(t, "open directory to write", openErrno(x.Dir, "dir", OnlyDir|Read|Write), syscall.EISDIR)
	wantErrno(t, "create what is there", openErrno(x.Dir, "file", Create), nil)
	_, err := file.Writev(text("x"))
	wantErrno(t, "write", err, syscall.EBADF)
	if after := snapshot(t, x.mount); after != before {
		t.Errorf("the mount has changed from\n%s\nto\n%s", before, after)
	}
}

func TestStat(t *testing.T) {
	x := newFixture(t, ReadWrite)
	wantErrno(t, "symlink", x.Symlink("dir/file", "link"), nil)
	wantErrno(t, "symlink", x.Symlink("dir", "linkdir"), nil)
	x.link(t, "dir/../dir/../linkdir", "around")
	for _, c := range []struct {
		path   string
		follow bool
		want   FileType
		err    error
	}{
		{path: "file", want: Regular},
		{path: "dir", want: Directory},
		{path: "dir/", want: Directory},
		{path: "dir/.", want: Directory},
		{path: "dir/..", want: Directory},
		{path: ".", want: Directory},
		{path: "././", want: Directory},
		{path: "dir//file", want: Regular},
		{path: "link", follow: true, want: Regular},
		{path: "link", want: SymbolicLink},
		{path: "linkdir", want: SymbolicLink},
		{path: "linkdir/", want: Directory},
		{path: "linkdir/.", want: Directory},
		{path: "around", follow: true, want: Directory},
		{path: "around/file", want: Regular},
		{path: "", err: syscall.ENOENT},
		{path: "no/../file", err: syscall.ENOENT},
		{path: "file/../file", err: syscall.ENOTDIR},
		{path: "file/", err: syscall.ENOTDIR},
		{path: "file/.", err: syscall.ENOTDIR},
		{path: "link/", err: syscall.ENOTDIR},
		{path: "/", err: syscall.EPERM},
		{path: "/file", err: syscall.EPERM},
		{path: "..", err: syscall.EPERM},
		{path: "dir/../..", err: syscall.EPERM},
	} {
		st, err := x.Stat(c.path, c.follow)
		if err != c.err || st.Type != c.want {
			t.Errorf("Stat(%q, %v) is %v (%v), want %v (%v)", c.path, c.follow, st.Type, err, c.want, c.err)
		}
	}
	target, err := x.Readlink("link")
	if err != nil || target != "dir/file" {
		t.Errorf("Readlink is %q (%v)", target, err)
	}
	_, err = x.Readlink("file")
	wantErrno(t, "readlink of a file", err, syscall.EINVAL)
	_, err = x.Readlink(".")
	wantErrno(t, "readlink of the mount", err, syscall.EINVAL)
}

// TestDotsGoThroughLinks: ".." leaves the directory that a link leads to.
func TestDotsGoThroughLinks(t *testing.T) {
	x := newFixture(t, ReadWrite)
	mustMkdir(t, x.path("dir/sub"))
	mustWrite(t, x.path("dir/x"), "right")
	mustWrite(t, x.path("x"), "wrong")
	wantErrno(t, "symlink", x.Symlink("dir/sub", "link"), nil)
	file := mustOpen(t, x.Dir, "link/../x", Read)
	b := make([]byte, 16)
	if n, err := file.Readv(buf(b)); string(b[:n]) != "right" {
		t.Errorf("link/../x holds %q (%v)", b[:n], err)
	}
	wantErrno(t, "rename", x.Rename("link/../x", x.Dir, "moved"), nil)
	wantContent(t, x.path("moved"), "right")
	wantContent(t, x.path("x"), "wrong")
}

// TestDirIsNotLeft: paths beneath an open directory end there.
func TestDirIsNotLeft(t *testing.T) {
	if !exact {
		t.Skip("os.Root holds guests in the mount, and not in each directory")
	}
	x := newFixture(t, ReadWrite)
	dir := mustOpenDir(t, x.Dir, "dir")
	x.link(t, "../file", "dir/up")
	for _, path := range []string{"..", "../file", "./../dir/file", "up"} {
		wantErrno(t, path, openErrno(dir, path, Read), syscall.EPERM)
	}
	wantErrno(t, "from above", openErrno(x.Dir, "dir/up", Read), nil)
	wantErrno(t, "rename", x.Rename("dir", x.Dir, "moved"), nil)
	wantErrno(t, "after a rename", openErrno(dir, "file", Read), nil)
	wantErrno(t, "link between", x.Link("file", false, dir, "hard"), nil)
	wantErrno(t, "rename between", dir.Rename("hard", x.Dir, "up"), nil)
}

func TestSetTimes(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.Dir, "file", Read|Write)
	wantErrno(t, "symlink", x.Symlink("file", "link"), nil)
	first, second := time.Unix(100, 123456789).UnixNano(), time.Unix(200, 987654321).UnixNano()
	for what, c := range map[string]struct {
		set func(Times) error
		get func() (Stat, error)
	}{
		"by path":  {func(t Times) error { return x.SetTimes("file", false, t) }, file.Stat},
		"by fd":    {file.SetTimes, file.Stat},
		"via link": {func(t Times) error { return x.SetTimes("link", true, t) }, file.Stat},
		"of link": {func(t Times) error { return x.SetTimes("link", false, t) },
			func() (Stat, error) { return x.Stat("link", false) }},
		"of dir": {func(t Times) error { return x.SetTimes("dir", false, t) },
			func() (Stat, error) { return x.Stat("dir", false) }},
		"of itself": {x.SetSelfTimes, x.Self},
	} {
		err := c.set(Times{first, second})
		if err == syscall.ENOTSUP && !exact {
			continue
		}
		wantErrno(t, what, err, nil)
		wantErrno(t, what, c.set(Times{Omit, first}), nil)
		wantErrno(t, what, c.set(Times{second, Omit}), nil)
		st, err := c.get()
		if err != nil || st.Mtim != first || exact && st.Atim != second {
			t.Errorf("%s: times are %d, %d (%v), want %d, %d", what, st.Atim, st.Mtim, err, second, first)
		}
		wantErrno(t, what, c.set(Times{Now, Now}), nil)
		if st, err = c.get(); err != nil || st.Mtim <= second {
			t.Errorf("%s: now is %d (%v)", what, st.Mtim, err)
		}
	}
}

func TestClose(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file, dir := mustOpen(t, x.Dir, "file", Read|Write), mustOpenDir(t, x.Dir, ".")
	m := x.Mount()
	for range 2 { // closing again does nothing
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := x.Stat("file", true)
	wantErrno(t, "stat", err, syscall.EBADF)
	wantErrno(t, "open", openErrno(x.Dir, "file", Read), syscall.EBADF)
	wantErrno(t, "mkdir", x.Mkdir("new"), syscall.EBADF)
	wantErrno(t, "mkdir beneath", dir.Mkdir("new"), syscall.EBADF)
	_, err = m.Root()
	wantErrno(t, "root", err, syscall.EBADF)
	if n, err := file.Pwritev(text("still"), 0); n != 5 || err != nil {
		t.Errorf("writing to an open file: %d, %v", n, err)
	}
	if names := namesIn(t, dir, 0, mostNames); len(names) != 5 {
		t.Errorf("reading an open directory: %v", names)
	}
}
