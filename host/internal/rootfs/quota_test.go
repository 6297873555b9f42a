package rootfs

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// held is a fixture that may hold 1,000 bytes and 10 files more.
type held struct{ fixture }

// inFixture is what is in a fixture already.
var inFixture = tally{bytes: 12, files: 4}

func newQuota(t *testing.T) held {
	return held{newFixtureWith(t, Options{
		Access: ReadWrite, Quota: Quota{Bytes: inFixture.bytes + 1000, Files: inFixture.files + 10},
	})}
}

// left checks what is left, and that the account is right.
func (x held) left(t *testing.T, what string, bytes, files int64) {
	t.Helper()
	u := x.Mount().usage
	used := u.base.plus(u.grown)
	left := tally{u.quota.Bytes - used.bytes, u.quota.Files - used.files}
	if left != (tally{bytes, files}) {
		t.Errorf("after %s %+v are left, want %d and %d", what, left, bytes, files)
	}
	total, err := countFolder(u.path, u.self)
	if total.bytes += u.nameless; err != nil || total != used {
		t.Errorf("after %s there are %+v (%v), the account has %+v", what, total, err, used)
	}
}

func TestQuotaOfBytes(t *testing.T) {
	x := newQuota(t)
	file := mustOpen(t, x.Dir, "new", Read|Write|Create)
	x.left(t, "creating", 1000, 9)
	write := func(n int, want error) {
		t.Helper()
		_, err := file.Writev(buf(make([]byte, n)))
		wantErrno(t, "write", err, want)
	}
	write(400, nil)
	x.left(t, "writing", 600, 9)
	_, _ = file.Seek(-100, seekCurrent)
	write(200, nil)
	x.left(t, "writing over", 500, 9)
	write(501, syscall.EDQUOT)
	_, err := file.Pwritev(text("x"), 4<<40)
	wantErrno(t, "write far away", err, syscall.EDQUOT)
	wantErrno(t, "truncate to far away", file.Truncate(4<<40), syscall.EDQUOT)
	wantErrno(t, "allocate far away", file.Allocate(4<<40, 1), syscall.EDQUOT)
	x.left(t, "what was refused", 500, 9)
	wantErrno(t, "truncate", file.Truncate(100), nil)
	x.left(t, "truncating", 900, 9)
	wantErrno(t, "allocate", file.Allocate(50, 100), nil)
	x.left(t, "allocating", 850, 9)
	wantErrno(t, "open to truncate", openErrno(x.Dir, "new", Write|Truncate), nil)
	x.left(t, "opening to truncate", 1000, 9)
	wantErrno(t, "append mode", file.SetAppend(true), map[bool]error{false: syscall.ENOTSUP}[exact])
}

// TestQuotaOfRemoved: what has no name keeps its bytes while it is open.
func TestQuotaOfRemoved(t *testing.T) {
	x := newQuota(t)
	file := mustOpen(t, x.Dir, "new", Write|Create)
	again := mustOpen(t, x.Dir, "new", Write)
	_, _ = file.Writev(buf(make([]byte, 300)))
	wantErrno(t, "link", x.Link("new", false, x.Dir, "other"), nil)
	x.left(t, "linking", 700, 8)
	wantErrno(t, "unlink", x.Unlink("new"), nil)
	x.left(t, "removing one of two names", 700, 9)
	wantErrno(t, "unlink", x.Unlink("other"), nil)
	x.left(t, "removing the other", 700, 10)
	_, _ = file.Writev(buf(make([]byte, 100)))
	x.left(t, "writing without a name", 600, 10)
	wantErrno(t, "close", file.Close(), nil)
	x.left(t, "closing once", 600, 10)
	wantErrno(t, "close", again.Close(), nil)
	x.left(t, "closing", 1000, 10)
}

func TestQuotaOfFiles(t *testing.T) {
	x := newQuota(t)
	wantErrno(t, "mkdir", x.Mkdir("new"), nil)
	wantErrno(t, "mkdir again", x.Mkdir("new"), syscall.EEXIST)
	wantErrno(t, "symlink", x.Symlink("file", "link"), nil)
	x.left(t, "two names", 1000, 8)
	wantErrno(t, "replace", x.Rename("dir", x.Dir, "new"), nil)
	x.left(t, "replacing a directory", 1000, 9)
	file := mustOpen(t, x.Dir, "full", Write|Create)
	_, _ = file.Writev(buf(make([]byte, 10)))
	wantErrno(t, "close", file.Close(), nil)
	wantErrno(t, "rename", x.Rename("link", x.Dir, "full"), nil)
	x.left(t, "replacing a file", 1000, 9)
	wantErrno(t, "rename to itself", x.Rename("file", x.Dir, "file"), nil)
	x.left(t, "renaming to itself", 1000, 9)
	u := x.Mount().usage
	u.quota.Files = u.base.plus(u.grown).files
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
	x := newQuota(t)
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
	x.left(t, "all", 1000, 10)
}

// TestQuotaShared: the mounts of a folder share an account, which outlives them, and
// each has its own limit.
func TestQuotaShared(t *testing.T) {
	x := newQuota(t)
	less := mustMount(t, x.mount, Options{Access: ReadWrite, Quota: Quota{Bytes: inFixture.bytes + 100}})
	byDefault := mustMount(t, x.mount, Options{Access: ReadWrite})
	free := mustMount(t, x.mount, Options{Access: ReadWrite, Quota: Quota{Bytes: -1, Files: -1}})
	reads := mustMount(t, x.mount, Options{})
	truncate := func(d *Dir, size int64) error {
		t.Helper()
		file := mustOpen(t, d, "new", Write|Create)
		defer file.Close()
		return file.Truncate(size)
	}
	wantErrno(t, "more than less", truncate(less, 101), syscall.EDQUOT)
	wantErrno(t, "within", truncate(x.Dir, 100), nil)
	wantErrno(t, "beside it", openErrno(less, "more", Write|Create), nil)
	wantErrno(t, "4 TiB with holes", truncate(byDefault, 4<<40), syscall.EDQUOT)
	wantErrno(t, "without a limit", truncate(free, 4<<30), nil)
	wantErrno(t, "less than before", truncate(less, 200), nil)
	x.left(t, "all", 800, 8)

	// What is open for reading keeps its bytes, too.
	file := mustOpen(t, reads, "new", Read)
	wantErrno(t, "unlink", x.Unlink("new"), nil)
	x.left(t, "removing what is read", 800, 9)
	wantErrno(t, "close", file.Close(), nil)
	x.left(t, "closing", 1000, 9)
}

// TestQuotaRecount: what the host removes is noticed when there is no room.
func TestQuotaRecount(t *testing.T) {
	x := newQuota(t)
	u := x.Mount().usage
	file := mustOpen(t, x.Dir, "new", Write|Create)
	wantErrno(t, "fill", file.Truncate(1000), nil)
	wantErrno(t, "close", file.Close(), nil)
	if err := os.Remove(x.path("new")); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, x.Dir, "again", Write|Create)
	wantErrno(t, "soon after a count", again.Truncate(500), syscall.EDQUOT)
	u.counted = time.Time{}
	wantErrno(t, "later", again.Truncate(500), nil)
	x.left(t, "counting", 500, 9)
}
