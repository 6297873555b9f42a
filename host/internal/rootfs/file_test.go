package rootfs

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
)

func TestOpenFile(t *testing.T) {
	const rw = sys.O_RDWR
	tests := []struct {
		path string
		flag sys.Oflag
		want sys.Errno
	}{
		{"file", sys.O_RDONLY, 0},
		{"file", rw, 0},
		{"file", sys.O_WRONLY | rw, sys.EINVAL},
		{"file", sys.O_DIRECTORY, sys.ENOTDIR},
		{"file/", sys.O_RDONLY, sys.ENOTDIR},
		{"file/x", sys.O_RDONLY, sys.ENOTDIR},
		{"file", rw | sys.O_CREAT, 0},
		{"file", rw | sys.O_CREAT | sys.O_EXCL, sys.EEXIST},
		{"new", sys.O_RDONLY, sys.ENOENT},
		{"new", rw | sys.O_CREAT | sys.O_EXCL, 0},
		{"new", rw | sys.O_CREAT | sys.O_SYNC, 0},
		{"no/new", rw | sys.O_CREAT, sys.ENOENT},
		{"dir", sys.O_RDONLY, 0},
		{"dir/", sys.O_RDONLY, 0},
		{"dir", sys.O_DIRECTORY, 0},
		{"dir", rw, sys.EISDIR},
		{"dir", rw | sys.O_DIRECTORY, sys.EISDIR},
		{"dir", sys.O_WRONLY | sys.O_CREAT, sys.EISDIR},
		{"dir", rw | sys.O_CREAT | sys.O_EXCL, sys.EEXIST},
		{"dir", sys.O_TRUNC, sys.EISDIR},
		{"link", sys.O_RDONLY, 0},
		{"link", sys.O_NOFOLLOW, sys.ELOOP},
		{"link", rw | sys.O_CREAT | sys.O_EXCL, sys.EEXIST},
		{"link", rw | sys.O_CREAT | sys.O_EXCL | sys.O_NOFOLLOW, sys.EEXIST},
		{"linkdir", sys.O_DIRECTORY, 0},
		{"linkdir", sys.O_DIRECTORY | sys.O_NOFOLLOW, sys.ENOTDIR},
		{"linkdir/file", sys.O_NOFOLLOW, 0},
		{"dangling", sys.O_RDONLY, sys.ENOENT},
		{"dangling", sys.O_NOFOLLOW, sys.ELOOP},
		{"dangling", rw | sys.O_CREAT | sys.O_EXCL, sys.EEXIST},
		{"dangling", rw | sys.O_CREAT, 0},
		{"loop", sys.O_RDONLY, sys.ELOOP},
		{"loop", rw | sys.O_CREAT, sys.ELOOP},
		{"nul\x00byte", rw | sys.O_CREAT, sys.EINVAL},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%q/%b", test.path, test.flag), func(t *testing.T) {
			x := newFixture(t, ReadWrite)
			for link, target := range map[string]string{
				"link": "file", "linkdir": "dir", "dangling": "made", "loop": "loop",
			} {
				wantErrno(t, "symlink", x.Symlink(target, link), 0)
			}
			wantErrno(t, "open", openErrno(x.FS, test.path, test.flag), test.want)
		})
	}
}

func TestReadAndWrite(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.FS, "new", sys.O_RDWR|sys.O_CREAT)
	if n, errno := file.Write([]byte("hello world")); n != 11 || errno != 0 {
		t.Fatalf("write: %d, %v", n, errno)
	}
	if n, errno := file.Pwrite([]byte("J"), 0); n != 1 || errno != 0 {
		t.Errorf("pwrite: %d, %v", n, errno)
	}
	buf := make([]byte, 64)
	if n, errno := file.Pread(buf, 6); string(buf[:n]) != "world" || errno != 0 {
		t.Errorf("pread: %q, %v", buf[:n], errno)
	}
	if n, errno := file.Read(buf); n != 0 || errno != 0 {
		t.Errorf("read at the end: %d, %v", n, errno)
	}
	if at, errno := file.Seek(-5, io.SeekEnd); at != 6 || errno != 0 {
		t.Errorf("seek: %d, %v", at, errno)
	}
	wantErrno(t, "truncate", file.Truncate(8), 0)
	if n, errno := file.Read(buf); string(buf[:n]) != "wo" || errno != 0 {
		t.Errorf("read: %q, %v", buf[:n], errno)
	}
	wantErrno(t, "sync", file.Sync(), 0)
	wantErrno(t, "datasync", file.Datasync(), 0)
	wantContent(t, x.path("new"), "Jello wo")

	st, errno := file.Stat()
	info, _ := os.Stat(x.path("new"))
	if errno != 0 || st.Size != 8 || st.Mode != info.Mode() {
		t.Errorf("stat: %+v, %v", st, errno)
	}
	dev, _ := file.Dev()
	ino, _ := file.Ino()
	if dev != st.Dev || ino != st.Ino || (ino == 0 && runtime.GOOS != "windows") {
		t.Errorf("dev %d, ino %d; stat says %d, %d", dev, ino, st.Dev, st.Ino)
	}
}

func TestFileErrors(t *testing.T) {
	x := newFixture(t, ReadWrite)
	buf := make([]byte, 4)
	reader, writer := mustOpen(t, x.FS, "file", sys.O_RDONLY), mustOpen(t, x.FS, "file", sys.O_WRONLY)
	closed := mustOpen(t, x.FS, "file", sys.O_RDWR)
	dir := mustOpen(t, x.FS, "dir", sys.O_RDONLY)
	wantErrno(t, "close", closed.Close(), 0)
	wantErrno(t, "close again", closed.Close(), 0)
	count := func(_ int, errno sys.Errno) sys.Errno { return errno }
	place := func(_ int64, errno sys.Errno) sys.Errno { return errno }
	list := func(_ []sys.Dirent, errno sys.Errno) sys.Errno { return errno }
	for _, test := range []struct {
		what      string
		got, want sys.Errno
	}{
		{"write to reader", count(reader.Write(buf)), sys.EBADF},
		{"pwrite to reader", count(reader.Pwrite(buf, 0)), sys.EBADF},
		{"read from writer", count(writer.Read(buf)), sys.EBADF},
		{"pread from writer", count(writer.Pread(buf, 0)), sys.EBADF},
		{"pread before start", count(reader.Pread(buf, -1)), sys.EINVAL},
		{"pwrite before start", count(writer.Pwrite(buf, -1)), sys.EINVAL},
		{"truncate before start", writer.Truncate(-1), sys.EINVAL},
		{"seek before start", place(reader.Seek(-1, io.SeekStart)), sys.EINVAL},
		{"seek from nowhere", place(reader.Seek(0, 3)), sys.EINVAL},
		{"readdir of file", list(reader.Readdir(1)), sys.ENOSYS},
		{"read closed", count(closed.Read(buf)), sys.EBADF},
		{"write closed", count(closed.Write(buf)), sys.EBADF},
		{"seek closed", place(closed.Seek(0, 0)), sys.EBADF},
		{"truncate closed", closed.Truncate(0), sys.EBADF},
		{"sync closed", closed.Sync(), sys.EBADF},
		{"read dir", count(dir.Read(buf)), sys.EISDIR},
		{"write dir", count(dir.Write(buf)), sys.EISDIR},
		{"truncate dir", dir.Truncate(0), sys.EISDIR},
		{"seek in dir", place(dir.Seek(1, io.SeekStart)), sys.EINVAL},
	} {
		wantErrno(t, test.what, test.got, test.want)
	}
}

func TestAppend(t *testing.T) {
	x := newFixture(t, ReadWrite)
	file := mustOpen(t, x.FS, "file", sys.O_WRONLY|sys.O_APPEND)
	if !file.IsAppend() {
		t.Error("not in append mode")
	}
	_, errno := file.Write([]byte(" and more"))
	wantErrno(t, "append", errno, 0)
	wantContent(t, x.path("file"), "inside and more")
	if errno := file.SetAppend(false); errno == sys.ENOSYS {
		t.Skip("append mode is fixed at opening on", runtime.GOOS)
	}
	wantErrno(t, "set append mode", file.SetAppend(true), 0)
	_, errno = file.Pwrite([]byte("IN"), 0)
	wantErrno(t, "pwrite", errno, 0)
	_, _ = file.Seek(0, io.SeekStart)
	_, errno = file.Write([]byte("!"))
	wantErrno(t, "append after pwrite", errno, 0)
	wantContent(t, x.path("file"), "INside and more!")

	wantErrno(t, "clear append mode", file.SetAppend(false), 0)
	_, _ = file.Seek(0, io.SeekStart)
	_, errno = file.Write([]byte("be"))
	wantErrno(t, "write", errno, 0)
	wantContent(t, x.path("file"), "beside and more!")
}

func TestPoll(t *testing.T) {
	x := newFixture(t, ReadOnly)
	file := mustOpen(t, x.FS, "file", sys.O_NONBLOCK).(sys.PollableFile)
	if !file.IsNonblock() {
		t.Error("O_NONBLOCK is forgotten")
	}
	wantErrno(t, "clear nonblock", file.SetNonblock(false), 0)
	if ready, errno := file.Poll(sys.POLLIN, -1); !ready || errno != 0 || file.IsNonblock() {
		t.Errorf("poll: %v, %v", ready, errno)
	}
}

func TestReaddir(t *testing.T) {
	x := newFixture(t, ReadWrite)
	const many = 3*readdirBatch + 1
	for i := range many {
		mustWrite(t, x.path(fmt.Sprintf("empty/%04d", i)), "")
	}
	wantErrno(t, "symlink", x.Symlink("0000", "empty/link"), 0)
	wantErrno(t, "mkdir", x.Mkdir("empty/sub", 0o700), 0)
	dir := mustOpen(t, x.FS, "empty", sys.O_DIRECTORY)
	for _, n := range []int{1, 100, readdirBatch, many + 2, many + 3, -1} {
		if _, errno := dir.Seek(0, io.SeekStart); errno != 0 {
			t.Fatal(errno)
		}
		entries := readAll(t, dir, n)
		if len(entries) != many+2 {
			t.Fatalf("n=%d: %d entries, want %d", n, len(entries), many+2)
		}
		for _, entry := range entries {
			st, errno := x.Lstat("empty/" + entry.Name)
			if errno != 0 || st.Ino != entry.Ino || st.Mode.Type() != entry.Type {
				t.Fatalf("%+v is not %+v", entry, st)
			}
		}
	}
	wantErrno(t, "unlink", x.Unlink("empty/0000"), 0)
	if _, errno := dir.Seek(0, io.SeekStart); errno != 0 {
		t.Fatal(errno)
	}
	if slices.ContainsFunc(readAll(t, dir, -1), func(e sys.Dirent) bool { return e.Name == "0000" }) {
		t.Error("a removed file is still there after a rewind")
	}
}

// readAll reads as wazero does: fewer than n is the end.
func readAll(t *testing.T, dir sys.File, n int) []sys.Dirent {
	t.Helper()
	var all []sys.Dirent
	for {
		entries, errno := dir.Readdir(n)
		if errno != 0 {
			t.Fatal(errno)
		}
		all = append(all, entries...)
		if n <= 0 || len(entries) < n {
			return all
		}
	}
}
