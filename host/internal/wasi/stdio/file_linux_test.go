package stdio

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal returns both sides of a pseudo terminal.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var number int
	err = control(master, func(fd uintptr) {
		_ = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		number, _ = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	})
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// TestTerminal: a terminal is known for one, and can only be read once a line is
// there.
func TestTerminal(t *testing.T) {
	master, slave := terminal(t)
	in, out := OpenInput(slave, nil), OpenOutput(slave, nil)
	defer in.Close()
	defer out.Close()
	if in.Kind() != Terminal || out.Kind() != Terminal {
		t.Errorf("the kinds are %d and %d", in.Kind(), out.Kind())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := read(ctx, in, 10); err != context.DeadlineExceeded {
		t.Errorf("reading nothing: %v", err)
	}
	if n, err := write(t.Context(), out, "prompt"); n != 6 || err != nil {
		t.Errorf("writing: %d, %v", n, err)
	}
	buf := make([]byte, 100)
	if n, err := master.Read(buf); string(buf[:n]) != "prompt" {
		t.Errorf("the terminal shows %q (%v)", buf[:n], err)
	}
	_, _ = master.WriteString("line\n")
	if text, err := read(t.Context(), in, 3); text != "lin" {
		t.Errorf("read %q (%v)", text, err)
	}
	if s := in.Poll(t.Context(), 1); !s.Ready || s.Bytes != 2 {
		t.Errorf("the rest is %+v", s)
	}
}

// TestSocket: a socket's file is read and written like a pipe.
func TestSocket(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	here, there := os.NewFile(uintptr(fds[0]), "here"), os.NewFile(uintptr(fds[1]), "there")
	defer here.Close()
	in, out := OpenInput(here, nil), OpenOutput(here, nil)
	if s := in.Poll(t.Context(), 1); s.Ready {
		t.Errorf("it is %+v", s)
	}
	if n, err := write(t.Context(), out, "text"); n != 4 || err != nil {
		t.Errorf("writing: %d, %v", n, err)
	}
	buf := make([]byte, 10)
	n, _ := there.Read(buf)
	_, _ = there.Write(buf[:n])
	if text, err := read(t.Context(), in, 10); text != "text" {
		t.Errorf("read %q (%v)", text, err)
	}
	_ = there.Close()
	if _, err := read(t.Context(), in, 10); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := write(t.Context(), out, "more"); err != syscall.EPIPE {
		t.Errorf("writing after the end: %v", err)
	}
}

// TestWaitLeavesNothing: waits that are given up take no descriptor with them,
// and no byte.
func TestWaitLeavesNothing(t *testing.T) {
	pipe, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer feed.Close()
	in := OpenInput(pipe, nil)
	before := descriptors(t)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Microsecond, cancel)
		in.Wait(ctx, 10)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
	_, _ = feed.WriteString("text")
	if text, err := read(t.Context(), in, 10); text != "text" {
		t.Errorf("read %q (%v)", text, err)
	}
	_ = pipe.Close()
	if _, err := read(t.Context(), in, 10); err != syscall.EBADF {
		t.Errorf("reading what is closed: %v", err)
	}
	if !in.Poll(t.Context(), 1).Ready {
		t.Error("what is closed is waited for")
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}

// TestModeIsLeftAlone: other programs share a file's mode.
func TestModeIsLeftAlone(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	pipe, feed := os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "feed")
	defer pipe.Close()
	in, out := OpenInput(pipe, nil), OpenOutput(feed, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, _ = read(ctx, in, 10)
	for n := 1; n > 0; { // until it is full
		n, _ = out.TryWrite([][]byte{[]byte(strings.Repeat("x", 100_000))})
	}
	if out.Poll(t.Context(), 0).Ready {
		t.Error("a full pipe is ready")
	}
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("its mode is %x (%v)", flags, err)
		}
	}
	_ = feed.Close()
}

// TestOldKernel: where reads and writes can't be told not to wait, they come after
// a look, or on a goroutine of their own. A terminal is always like that.
func TestOldKernel(t *testing.T) {
	master, slave := terminal(t)
	out := OpenOutput(slave, nil).(*fileOutput)
	defer out.Close()
	read := make(chan int)
	go func() {
		all := 0
		for buf := make([]byte, 4096); all < 20_000; {
			n, _ := master.Read(buf)
			all += n
		}
		read <- all
	}()
	written := 0
	for written < 20_000 { // more than it takes at once
		n, err := write(t.Context(), out, strings.Repeat("x", 10_000))
		if written += n; err != nil {
			t.Fatal(err)
		}
	}
	if out.plain == nil || <-read < 20_000 {
		t.Error("the terminal is not written to by a goroutine")
	}
}

// TestUnixListenerIsNoStream: a file that can't be read tells so.
func TestUnixListenerIsNoStream(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	f, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	if _, err := OpenInput(f, nil).TryRead([][]byte{make([]byte, 1)}); err == nil {
		t.Error("a listener is read")
	}
}
