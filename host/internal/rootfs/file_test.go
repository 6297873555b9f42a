package rootfs

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

func TestOpenFile(t *testing.T) {
	const rw = Read | Write
	tests := []struct {
		path  string
		flags Flags
		want  error
	}{
		{"file", Read, nil},
		{"file", 0, nil},
		{"file", rw, nil},
		{"file", OnlyDir, syscall.ENOTDIR},
		{"file", Truncate, nil},
		{"file/", Read, syscall.ENOTDIR},
		{"file/x", Read, syscall.ENOTDIR},
		{"file", rw | Create, nil},
		{"file", rw | Create | Exclusive, syscall.EEXIST},
		{"new", Read, syscall.ENOENT},
		{"new", rw | Create | Exclusive, nil},
		{"new", Read | Create, nil},
		{"new/", rw | Create, syscall.EISDIR},
		{"new", OnlyDir | Create, syscall.EINVAL},
		{"no/new", rw | Create, syscall.ENOENT},
		{"dir", Read, nil},
		{"dir/", Read, nil},
		{"dir/..", Read, nil},
		{"dir", OnlyDir, nil},
		{"dir", rw, syscall.EISDIR},
		{"dir", rw | OnlyDir, syscall.EISDIR},
		{"dir", Write | Create, syscall.EISDIR},
		{"dir", rw | Create | Exclusive, syscall.EEXIST},
		{"dir", Truncate, syscall.EISDIR},
		{"link", Read, nil},
		{"link/", Read, syscall.ENOTDIR},
		{"link", NoFollow, syscall.ELOOP},
		{"link", rw | Create | Exclusive, syscall.EEXIST},
		{"link", rw | Create | Exclusive | NoFollow, syscall.EEXIST},
		{"linkdir", OnlyDir, nil},
		{"linkdir", OnlyDir | NoFollow, syscall.ENOTDIR},
		{"linkdir/", OnlyDir | NoFollow, nil},
		{"linkdir/file", NoFollow, nil},
		{"dangling", Read, syscall.ENOENT},
		{"dangling", NoFollow, syscall.ELOOP},
		{"dangling", rw | Create | Exclusive, syscall.EEXIST},
		{"dangling", rw | Create, nil},
		{"loop", Read, syscall.ELOOP},
		{"loop", rw | Create, syscall.ELOOP},
		{"nul\x00byte", rw | Create, syscall.EINVAL},
		{"/file", Read, syscall.EPERM},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%q/%b", test.path, test.flags), func(t *testing.T) {
			x := newFixture(t, ReadWrite)
			for link, target := range map[string]string{
				"link": "file", "linkdir": "dir", "dangling": "made", "loop": "loop",
			} {
				wantErrno(t, "symlink", x.Symlink(target, link), nil)
			}
			wantErrno(t, "open", openErrno(x.Dir, test.path, test.flags), test.want)
		})
	}
}

func TestReadAndWrite(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.Dir, "new", Read|Write|Create)
	if n, err := file.Writev([][]byte{[]byte("hello"), nil, []byte(" world")}); n != 11 || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
	if n, err := file.Pwritev(text("J"), 0); n != 1 || err != nil {
		t.Errorf("pwrite: %d, %v", n, err)
	}
	b := make([]byte, 64)
	if n, err := file.Preadv([][]byte{b[:2], b[2:]}, 6); string(b[:n]) != "world" || err != nil {
		t.Errorf("pread: %q, %v", b[:n], err)
	}
	if n, err := file.Readv(buf(b)); n != 0 || err != nil {
		t.Errorf("read at the end: %d, %v", n, err)
	}
	if at, err := file.Seek(-5, io.SeekEnd); at != 6 || err != nil {
		t.Errorf("seek: %d, %v", at, err)
	}
	wantErrno(t, "truncate", file.Truncate(8), nil)
	if n, err := file.Readv(buf(b)); string(b[:n]) != "wo" || err != nil {
		t.Errorf("read: %q, %v", b[:n], err)
	}
	wantErrno(t, "sync", file.Sync(), nil)
	wantErrno(t, "datasync", file.Datasync(), nil)
	wantContent(t, x.path("new"), "Jello wo")

	st, err := file.Stat()
	byPath, _ := x.Stat("new", false)
	if err != nil || st.Size != 8 || st.Type != Regular || st != byPath {
		t.Errorf("stat: %+v, %v; by path %+v", st, err, byPath)
	}
	if st.Ino == 0 && runtime.GOOS != "windows" {
		t.Errorf("dev %d, ino %d", st.Dev, st.Ino)
	}
}

func TestAllocate(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.Dir, "file", Read|Write)
	for _, c := range []struct{ offset, n, size int64 }{{0, 100, 100}, {10, 10, 100}, {90, 20, 110}} {
		wantErrno(t, "allocate", file.Allocate(c.offset, c.n), nil)
		if size, err := file.size(); size != c.size {
			t.Errorf("after %+v the size is %d, %v", c, size, err)
		}
	}
	wantErrno(t, "allocate nothing", file.Allocate(0, 0), syscall.EINVAL)
	wantErrno(t, "allocate before the start", file.Allocate(-1, 1), syscall.EINVAL)
}

func TestFileErrors(t *testing.T) {
	x := newFixture(t, ReadWrite)
	b := make([]byte, 4)
	reader, writer := mustOpen(t, x.Dir, "file", Read), mustOpen(t, x.Dir, "file", Write)
	closed := mustOpen(t, x.Dir, "file", Read|Write)
	wantErrno(t, "close", closed.Close(), nil)
	wantErrno(t, "close again", closed.Close(), nil)
	count := func(_ int, err error) error { return err }
	place := func(_ int64, err error) error { return err }
	for _, test := range []struct {
		what      string
		got, want error
	}{
		{"write to reader", count(reader.Writev(buf(b))), syscall.EBADF},
		{"pwrite to reader", count(reader.Pwritev(buf(b), 0)), syscall.EBADF},
		{"read from writer", count(writer.Readv(buf(b))), syscall.EBADF},
		{"pread from writer", count(writer.Preadv(buf(b), 0)), syscall.EBADF},
		{"pread before start", count(reader.Preadv(buf(b), -1)), syscall.EINVAL},
		{"pwrite before start", count(writer.Pwritev(buf(b), -1)), syscall.EINVAL},
		{"truncate before start", writer.Truncate(-1), syscall.EINVAL},
		{"seek before start", place(reader.Seek(-1, io.SeekStart)), syscall.EINVAL},
		{"seek from nowhere", place(reader.Seek(0, 3)), syscall.EINVAL},
		{"read closed", count(closed.Readv(buf(b))), syscall.EBADF},
		{"write closed", count(closed.Writev(buf(b))), syscall.EBADF},
		{"seek closed", place(closed.Seek(0, 0)), syscall.EBADF},
		{"truncate closed", closed.Truncate(0), syscall.EBADF},
		{"sync closed", closed.Sync(), syscall.EBADF},
	} {
		wantErrno(t, test.what, test.got, test.want)
	}
}

func TestAppend(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.Dir, "file", Write|Append)
	_, err := file.Writev(text(" and more"))
	wantErrno(t, "append", err, nil)
	wantContent(t, x.path("file"), "inside and more")
	if err := file.SetAppend(false); err == syscall.ENOTSUP {
		t.Skip("append mode is fixed at opening here")
	}
	wantErrno(t, "set append mode", file.SetAppend(true), nil)
	_, err = file.Pwritev(text("IN"), 0)
	wantErrno(t, "pwrite", err, nil)
	_, _ = file.Seek(0, io.SeekStart)
	_, err = file.Writev(text("!"))
	wantErrno(t, "append after pwrite", err, nil)
	wantContent(t, x.path("file"), "INside and more!")

	wantErrno(t, "clear append mode", file.SetAppend(false), nil)
	_, _ = file.Seek(0, io.SeekStart)
	_, err = file.Writev(text("be"))
	wantErrno(t, "write", err, nil)
	wantContent(t, x.path("file"), "beside and more!")
}

// mostNames is more than any directory of the tests has.
const mostNames = 1 << 20

// entriesIn returns the entries of a directory from a position on, up to a number.
func entriesIn(t *testing.T, d *Dir, from uint64, most, room int) (entries []Entry) {
	t.Helper()
	err := d.ReadDir(from, room, func(e Entry) bool {
		entries = append(entries, e)
		return len(entries) < most
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func namesIn(t *testing.T, d *Dir, from uint64, most int) (names []string) {
	t.Helper()
	for _, e := range entriesIn(t, d, from, most, 0) {
		names = append(names, e.Name)
	}
	return names
}

func TestReadDir(t *testing.T) {
	x := newFixture(t, ReadWrite)
	const many = 400
	for i := range many {
		mustWrite(t, x.path(fmt.Sprintf("empty/%04d", i)), "")
	}
	wantErrno(t, "symlink", x.Symlink("0000", "empty/link"), nil)
	wantErrno(t, "mkdir", x.Mkdir("empty/sub"), nil)
	dir := mustOpenDir(t, x.Dir, "empty")
	for _, d := range []*Dir{dir, mustMount(t, x.path("empty"), Options{})} {
		whole := entriesIn(t, d, 0, mostNames, 1<<10)
		if len(whole) != many+4 {
			t.Fatalf("%d entries, want %d", len(whole), many+4)
		}
		for i, e := range whole {
			if i%40 == 0 || i > len(whole)-3 { // going on from anywhere gives the rest
				rest := entriesIn(t, d, e.Next, mostNames, 300)
				if !slices.Equal(rest, whole[i+1:]) {
					t.Fatalf("from entry %d on: %d entries, want %d", i, len(rest), many+3-i)
				}
			}
			if e.Name == ".." {
				if e.Ino != 0 {
					t.Error("the directory above tells what it is")
				}
				continue
			}
			st, err := dir.Stat(e.Name, false)
			if err != nil || st.Ino != e.Ino || st.Type != e.Type {
				t.Fatalf("%+v is not %+v", e, st)
			}
		}
	}
	wantErrno(t, "unlink", x.Unlink("empty/0000"), nil)
	if slices.Contains(namesIn(t, dir, 0, mostNames), "0000") {
		t.Error("a removed file is still there")
	}
	wantErrno(t, "nowhere", dir.ReadDir(1<<63, 0, func(Entry) bool { return true }), nowhere)
}

// nowhere is what reading a directory from a position answers that no entry has.
var nowhere = map[bool]error{true: syscall.EINVAL, false: syscall.EOVERFLOW}[exact]

// TestReadDirBadPosition: what a guest makes up is an error, or the end.
func TestReadDirBadPosition(t *testing.T) {
	dir := newFixture(t, ReadOnly).Dir
	for _, from := range []uint64{1, 3, 7, 1 << 16, 1<<31 - 1, 1 << 40, 1<<63 - 1, 1<<64 - 1} {
		_ = dir.ReadDir(from, 64, func(Entry) bool { return true })
	}
	if _, err := os.Stat("."); err != nil {
		t.Fatal(err)
	}
}
