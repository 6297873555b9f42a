//go:build unix

package rootfs

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// within fails the test, and not the whole run, if call hangs.
func within(t *testing.T, limit time.Duration, what string, call func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatal(what, "hangs")
	}
}

func TestFIFO(t *testing.T) {
	x := newFixture(t, ReadWrite)
	if err := syscall.Mkfifo(x.path("fifo"), 0o600); err != nil {
		t.Skip(err)
	}
	wantErrno(t, "symlink", x.Symlink("fifo", "link"), nil)
	for _, flag := range []Flags{0, Read, Read | Write, Write, Read | Write | Create, Read | Write | Truncate} {
		within(t, 5*time.Second, "opening a FIFO", func() {
			wantErrno(t, "open fifo", openErrno(x.Dir, "fifo", flag), syscall.ENOTSUP)
			wantErrno(t, "open link", openErrno(x.Dir, "link", flag), syscall.ENOTSUP)
		})
	}
	wantErrno(t, "as directory", openErrno(x.Dir, "fifo", OnlyDir), syscall.ENOTDIR)
	wantErrno(t, "unlink", x.Unlink("fifo"), nil)
}

func TestSocket(t *testing.T) {
	x := newFixture(t, ReadWrite)
	t.Chdir(x.mount) // socket paths are short
	listener, err := net.Listen("unix", "socket")
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	wantErrno(t, "open socket", openErrno(x.Dir, "socket", Read|Write), syscall.ENOTSUP)
}

func TestMagicLinks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	proc := mustMount(t, "/proc/self", Options{Access: ReadWrite})
	secret, err := os.Open("/etc/passwd")
	if err != nil {
		t.Skip(err)
	}
	defer secret.Close()
	for _, path := range []string{
		"root", "root/etc/passwd", "cwd", "cwd/doc.go", "exe", "fd/0", "fd/1", "fd/3", "task/../root/etc",
	} {
		if err := openErrno(proc, path, Read); err == nil {
			t.Errorf("%s opens", path)
		}
	}
}

func TestDevice(t *testing.T) {
	dev := mustMount(t, "/dev", Options{Access: ReadWrite})
	for _, path := range []string{"null", "zero", "tty"} {
		if _, err := dev.Stat(path, true); err == nil {
			wantErrno(t, path, openErrno(dev, path, Read|Write), syscall.ENOTSUP)
		}
	}
}

// raceFor bounds each race; a hole shows within some hundred rounds.
const raceFor = 300 * time.Millisecond

// race runs swap and the attacks at once, each in a loop of its own.
func race(t *testing.T, swap func() error, attacks ...func()) {
	t.Helper()
	stop := time.Now().Add(raceFor)
	var wg sync.WaitGroup
	for _, attack := range attacks {
		wg.Go(func() {
			for time.Now().Before(stop) {
				attack()
			}
		})
	}
	for time.Now().Before(stop) {
		if err := swap(); err != nil {
			t.Error(err)
			break
		}
	}
	wg.Wait()
}

// TestRaceDirectory swaps a directory for a link to outside, while calls walk
// through it.
func TestRaceDirectory(t *testing.T) {
	x := newFixture(t, ReadWrite)
	x.link(t, "../outside", "trap")
	for _, name := range []string{"new", "newer"} { // also to lose, not only to gain
		mustWrite(t, filepath.Join(x.outside, name), "secret")
	}
	mustMkdir(t, filepath.Join(x.outside, "sub"))
	before := snapshot(t, x.outside)
	moves := [][2]string{{"dir", "real"}, {"trap", "dir"}, {"dir", "trap"}, {"real", "dir"}}
	swap := func() error {
		for _, move := range moves {
			if err := os.Rename(x.path(move[0]), x.path(move[1])); err != nil {
				return err
			}
		}
		return nil
	}
	var reads, refusals int
	read := func() {
		file, _, err := x.Open("dir/file", Read)
		if err != nil {
			refusals++
			return
		}
		defer file.Close()
		b := make([]byte, 16)
		n, _ := file.Readv(buf(b))
		if string(b[:n]) != "inside" {
			t.Errorf("read %q", b[:n])
		}
		reads++
	}
	write := func() {
		if file, _, err := x.Open("dir/new", Read|Write|Create|Truncate); err == nil {
			_, _ = file.Writev(text("mine"))
			_ = file.Close()
		}
		_ = x.Mkdir("dir/sub")
		_ = x.Symlink("file", "dir/link")
		_ = x.Symlink("../file", "dir/climbs")
		_ = x.Link("file", false, x.Dir, "dir/hard")
		_ = x.SetTimes("dir/file", true, Times{1, 1})
		_ = x.Rename("dir/new", x.Dir, "dir/newer")
		_ = x.Unlink("dir/newer")
		_ = x.Unlink("dir/link")
		_ = x.Unlink("dir/climbs")
		_ = x.Unlink("dir/hard")
		_ = x.Rmdir("dir/sub")
	}
	race(t, swap, read, write)
	t.Logf("%d reads, %d refusals", reads, refusals)
	if after := snapshot(t, x.outside); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}

// TestRaceLastComponent puts a file, a link to outside and a FIFO in turn under
// one name.
func TestRaceLastComponent(t *testing.T) {
	x := newFixture(t, ReadWrite)
	before := snapshot(t, x.outside)
	next, name := x.path("next"), x.path("file")
	swap := func() error {
		for _, put := range []func() error{
			func() error { return os.WriteFile(next, []byte("inside"), 0o600) },
			func() error { return syscall.Mkfifo(next, 0o600) },
			func() error { return os.WriteFile(next, []byte("inside"), 0o600) },
			func() error { return os.Symlink("../outside/file", next) },
		} {
			if err := errors.Join(put(), os.Rename(next, name)); err != nil {
				return err
			}
		}
		return nil
	}
	attack := func() {
		for _, flag := range []Flags{Read, Write, Read | Write, Write | Create} {
			file, _, err := x.Open("file", flag)
			if err != nil {
				continue
			}
			if st, err := file.Stat(); err != nil || st.Type != Regular {
				t.Errorf("opened %v, %v", st.Type, err)
			}
			_, _ = file.Pwritev(text("i"), 0)
			_ = file.Close()
		}
		_ = x.SetTimes("file", true, Times{1, 1})
	}
	within(t, 10*time.Second, "the race", func() { race(t, swap, attack, attack) })
	if after := snapshot(t, x.outside); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}

// TestRaceGuestRenames is a race run by two guests alone: one renames its link
// over a directory's name, one creates through that name.
func TestRaceGuestRenames(t *testing.T) {
	x := newFixture(t, ReadWrite)
	wantErrno(t, "symlink", x.Symlink("dir", "link"), nil)
	before := snapshot(t, x.outside)
	swap := func() error {
		for _, move := range [][2]string{{"empty", "aside"}, {"link", "empty"}, {"empty", "link"}, {"aside", "empty"}} {
			if err := x.Rename(move[0], x.Dir, move[1]); err != nil {
				return err
			}
		}
		return nil
	}
	race(t, swap, func() {
		_ = openErrno(x.Dir, "empty/new", Read|Write|Create)
		_ = openErrno(x.Dir, "empty/../../outside/new", Read|Write|Create)
		_ = x.Symlink("../outside", "empty/trap")
		_ = x.Unlink("empty/trap")
		_ = x.Unlink("empty/new")
	})
	if after := snapshot(t, x.outside); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}

// TestRaceClimbingLink: one guest makes links that climb in a directory, another
// moves it up and down. At no time does a link lead out.
func TestRaceClimbingLink(t *testing.T) {
	x := newFixture(t, ReadWrite)
	wantErrno(t, "mkdir", x.Mkdir("dir/deep"), nil)
	swap := func() error {
		_ = x.Rename("dir/deep", x.Dir, "deep")
		_ = x.Rename("deep", x.Dir, "dir/deep")
		return nil
	}
	race(t, swap, func() {
		_ = x.Symlink("../../file", "dir/deep/climbs")
		if target, err := os.Readlink(x.path("deep/climbs")); err == nil {
			t.Errorf("deep/climbs leads to %s", target)
		}
		_ = x.Unlink("dir/deep/climbs")
	})
}
