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

	"github.com/tetratelabs/wazero/experimental/sys"
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
	wantErrno(t, "symlink", x.Symlink("fifo", "link"), 0)
	for _, flag := range []sys.Oflag{
		sys.O_RDONLY, sys.O_RDWR, sys.O_WRONLY, sys.O_RDWR | sys.O_CREAT, sys.O_NONBLOCK, sys.O_RDWR | sys.O_TRUNC,
	} {
		within(t, 5*time.Second, "opening a FIFO", func() {
			wantErrno(t, "open fifo", openErrno(x.FS, "fifo", flag), sys.ENOTSUP)
			wantErrno(t, "open link", openErrno(x.FS, "link", flag), sys.ENOTSUP)
		})
	}
	wantErrno(t, "as directory", openErrno(x.FS, "fifo", sys.O_DIRECTORY), sys.ENOTDIR)
	wantErrno(t, "unlink", x.Unlink("fifo"), 0)
}

func TestSocket(t *testing.T) {
	x := newFixture(t, ReadWrite)
	t.Chdir(x.mount) // socket paths are short
	listener, err := net.Listen("unix", "socket")
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	wantErrno(t, "open socket", openErrno(x.FS, "socket", sys.O_RDWR), sys.ENOTSUP)
}

func TestMagicLinks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	proc, err := Open("/proc/self", ReadWrite)
	if err != nil {
		t.Skip(err)
	}
	defer proc.Close()
	secret, err := os.Open("/etc/passwd")
	if err != nil {
		t.Skip(err)
	}
	defer secret.Close()
	for _, path := range []string{"root", "root/etc/passwd", "cwd", "cwd/fs.go", "exe", "fd/0", "fd/1", "fd/3", "task/../root/etc"} {
		if errno := openErrno(proc, path, sys.O_RDONLY); errno == 0 {
			t.Errorf("%s opens", path)
		}
	}
}

func TestDevice(t *testing.T) {
	dev, err := Open("/dev", ReadWrite)
	if err != nil {
		t.Skip(err)
	}
	defer dev.Close()
	for _, path := range []string{"null", "zero", "tty"} {
		if _, errno := dev.Stat(path); errno == 0 {
			wantErrno(t, path, openErrno(dev, path, sys.O_RDWR), sys.ENOTSUP)
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
		file, errno := x.OpenFile("dir/file", sys.O_RDONLY, 0)
		if errno != 0 {
			refusals++
			return
		}
		defer file.Close()
		buf := make([]byte, 16)
		n, _ := file.Read(buf)
		if string(buf[:n]) != "inside" {
			t.Errorf("read %q", buf[:n])
		}
		reads++
	}
	write := func() {
		if file, errno := x.OpenFile("dir/new", sys.O_RDWR|sys.O_CREAT|sys.O_TRUNC, 0o600); errno == 0 {
			_, _ = file.Write([]byte("mine"))
			_ = file.Close()
		}
		x.Mkdir("dir/sub", 0o700)
		x.Symlink("file", "dir/link")
		x.Link("file", "dir/hard")
		x.Chmod("dir/file", 0o600)
		x.Utimens("dir/file", 1, 1)
		x.Rename("dir/new", "dir/newer")
		x.Unlink("dir/newer")
		x.Unlink("dir/link")
		x.Unlink("dir/hard")
		x.Rmdir("dir/sub")
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
		for _, flag := range []sys.Oflag{sys.O_RDONLY, sys.O_WRONLY, sys.O_RDWR} {
			file, errno := x.OpenFile("file", flag, 0)
			if errno != 0 {
				continue
			}
			if st, errno := file.Stat(); errno != 0 || !st.Mode.IsRegular() {
				t.Errorf("opened %v, %v", st.Mode, errno)
			}
			_, _ = file.Pwrite([]byte("i"), 0)
			_ = file.Close()
		}
		x.Chmod("file", 0o600)
		x.Utimens("file", 1, 1)
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
	wantErrno(t, "symlink", x.Symlink("dir", "link"), 0)
	before := snapshot(t, x.outside)
	swap := func() error {
		for _, move := range [][2]string{{"empty", "aside"}, {"link", "empty"}, {"empty", "link"}, {"aside", "empty"}} {
			if errno := x.Rename(move[0], move[1]); errno != 0 {
				return errno
			}
		}
		return nil
	}
	race(t, swap, func() {
		_ = openErrno(x.FS, "empty/new", sys.O_RDWR|sys.O_CREAT)
		_ = openErrno(x.FS, "empty/../../outside/new", sys.O_RDWR|sys.O_CREAT)
		x.Symlink("../outside", "empty/trap")
		x.Unlink("empty/new")
	})
	if after := snapshot(t, x.outside); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}
