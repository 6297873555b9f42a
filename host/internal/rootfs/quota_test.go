package rootfs

import (
	"sync"
	"syscall"
	"testing"
)

// budget is a Quota.
type budget struct {
	mu           sync.Mutex
	bytes, files int64 // that are left
}

func (b *budget) Bytes(n int64) bool { return b.take(&b.bytes, n) }
func (b *budget) Files(n int64) bool { return b.take(&b.files, n) }

func (b *budget) take(left *int64, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > *left {
		return false
	}
	*left -= n
	return true
}

func newQuota(t *testing.T) (fixture, *budget) {
	b := &budget{bytes: 1000, files: 10}
	return newFixtureWith(t, Options{Access: ReadWrite, Quota: b}), b
}

func (b *budget) want(t *testing.T, what string, bytes, files int64) {
	t.Helper()
	if b.bytes != bytes || b.files != files {
		t.Errorf("after %s %d bytes and %d files are left, want %d and %d", what, b.bytes, b.files, bytes, files)
	}
}

func TestQuotaOfBytes(t *testing.T) {
	x, b := newQuota(t)
	file := mustOpen(t, x.Dir, "new", Read|Write|Create)
	b.want(t, "creating", 1000, 9)
	write := func(n int, want error) {
		t.Helper()
		_, err := file.Writev(buf(make([]byte, n)))
		wantErrno(t, "write", err, want)
	}
	write(400, nil)
	b.want(t, "writing", 600, 9)
	_, _ = file.Seek(-100, seekCurrent)
	write(200, nil)
	b.want(t, "writing over", 500, 9)
	write(501, syscall.EDQUOT)
	_, err := file.Pwritev(text("x"), 4<<40)
	wantErrno(t, "write far away", err, syscall.EDQUOT)
	wantErrno(t, "truncate to far away", file.Truncate(4<<40), syscall.EDQUOT)
	wantErrno(t, "allocate far away", file.Allocate(4<<40, 1), syscall.EDQUOT)
	b.want(t, "what was refused", 500, 9)
	wantErrno(t, "truncate", file.Truncate(100), nil)
	b.want(t, "truncating", 900, 9)
	wantErrno(t, "allocate", file.Allocate(50, 100), nil)
	b.want(t, "allocating", 850, 9)
	wantErrno(t, "open to truncate", openErrno(x.Dir, "new", Write|Truncate), nil)
	b.want(t, "opening to truncate", 1000, 9)
	wantErrno(t, "append mode", file.SetAppend(true), map[bool]error{false: syscall.ENOTSUP}[exact])
}

// TestQuotaOfRemoved: what has no name keeps its bytes while it is open.
func TestQuotaOfRemoved(t *testing.T) {
	x, b := newQuota(t)
	file := mustOpen(t, x.Dir, "new", Write|Create)
	again := mustOpen(t, x.Dir, "new", Write)
	_, _ = file.Writev(buf(make([]byte, 300)))
	wantErrno(t, "link", x.Link("new", false, x.Dir, "other"), nil)
	b.want(t, "linking", 700, 8)
	wantErrno(t, "unlink", x.Unlink("new"), nil)
	b.want(t, "removing one of two names", 700, 9)
	wantErrno(t, "unlink", x.Unlink("other"), nil)
	b.want(t, "removing the other", 700, 10)
	_, _ = file.Writev(buf(make([]byte, 100)))
	b.want(t, "writing without a name", 600, 10)
	wantErrno(t, "close", file.Close(), nil)
	b.want(t, "closing once", 600, 10)
	wantErrno(t, "close", again.Close(), nil)
	b.want(t, "closing", 1000, 10)
}

func TestQuotaOfFiles(t *testing.T) {
	x, b := newQuota(t)
	wantErrno(t, "mkdir", x.Mkdir("new"), nil)
	wantErrno(t, "mkdir again", x.Mkdir("new"), syscall.EEXIST)
	wantErrno(t, "symlink", x.Symlink("file", "link"), nil)
	b.want(t, "two names", 1000, 8)
	wantErrno(t, "replace", x.Rename("dir", x.Dir, "new"), nil)
	b.want(t, "replacing a directory", 1000, 9)
	file := mustOpen(t, x.Dir, "full", Write|Create)
	_, _ = file.Writev(buf(make([]byte, 10)))
	wantErrno(t, "close", file.Close(), nil)
	wantErrno(t, "rename", x.Rename("link", x.Dir, "full"), nil)
	b.want(t, "replacing a file", 1000, 9)
	wantErrno(t, "rename to itself", x.Rename("file", x.Dir, "file"), nil)
	b.want(t, "renaming to itself", 1000, 9)
	b.files = 0
	wantErrno(t, "mkdir", x.Mkdir("more"), syscall.EDQUOT)
	wantErrno(t, "create", openErrno(x.Dir, "more", Write|Create), syscall.EDQUOT)
	wantErrno(t, "symlink", x.Symlink("file", "more"), syscall.EDQUOT)
	wantErrno(t, "link", x.Link("file", false, x.Dir, "more"), syscall.EDQUOT)
	wantErrno(t, "open", openErrno(x.Dir, "file", Write|Create), nil)
	wantErrno(t, "rmdir", x.Rmdir("empty"), nil)
	wantErrno(t, "mkdir", x.Mkdir("more"), nil)
}

// TestQuotaTogether: guests that write, remove and open at once count right.
func TestQuotaTogether(t *testing.T) {
	x, b := newQuota(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if file, _, err := x.Open("shared", Write|Create); err == nil {
					_, _ = file.Writev(buf(make([]byte, 50)))
					_ = file.Truncate(20)
					_ = x.Unlink("shared")
					_, _ = file.Pwritev(buf(make([]byte, 10)), 90)
					_ = file.Close()
				}
			}
		})
	}
	wg.Wait()
	_ = x.Unlink("shared")
	b.want(t, "all", 1000, 10)
}
