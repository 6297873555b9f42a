package stdio

import (
	"context"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fileInput reads a pipe, a socket, a terminal or another device. Other programs may
// share the file, so its mode is not changed. Each read is told not to wait, or
// follows a poll that says the file is ready.
type fileInput struct {
	file *os.File
	kind Kind
}

func openFileInput(f *os.File, _ Report) Input {
	kind := kindOf(f)
	if kind == RegularFile {
		return newRegular(f)
	}
	return &fileInput{f, kind}
}

func (in *fileInput) Kind() Kind { return in.kind }
func (in *fileInput) Close()     {}

func (in *fileInput) Poll(context.Context, int) State { return poll(in.file, unix.POLLIN) }

func (in *fileInput) Wait(ctx context.Context, _ int) { wait(ctx, in.file, unix.EPOLLIN) }

// looking is held from the poll to the read, so that no other guest of this process
// reads in between.
var looking sync.Mutex

func (in *fileInput) TryRead(bufs [][]byte) (n int, err error) {
	closed := control(in.file, func(fd uintptr) {
		n, err = unix.Preadv2(int(fd), bufs, -1, unix.RWF_NOWAIT)
		if !cannotTell(err) {
			return
		}
		looking.Lock()
		defer looking.Unlock()
		if !ready(fd, unix.POLLIN).Ready {
			err = unix.EAGAIN
			return
		}
		n, err = unix.Readv(int(fd), bufs)
	})
	switch {
	case closed != nil:
		return 0, syscall.EBADF
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return max(n, 0), err
}

// cannotTell reports whether the kernel can't be told not to wait, for this kind of
// file or at all.
func cannotTell(err error) bool { return err == unix.EOPNOTSUPP || err == unix.ENOSYS }

// fileOutput writes such a file.
type fileOutput struct {
	file   *os.File
	kind   Kind
	report Report
	plain  *plainOutput // set once the kernel turns out not to support RWF_NOWAIT
}

func openFileOutput(f *os.File, report Report) Output {
	kind := kindOf(f)
	if kind == RegularFile {
		return newRegular(f)
	}
	return &fileOutput{file: f, kind: kind, report: report}
}

func (out *fileOutput) Kind() Kind { return out.kind }

func (out *fileOutput) Close() {
	if out.plain != nil {
		out.plain.Close()
	}
}

func (out *fileOutput) Poll(ctx context.Context, want int) State {
	if out.plain != nil && !out.plain.Poll(ctx, want).Ready {
		return State{}
	}
	return poll(out.file, unix.POLLOUT)
}

func (out *fileOutput) Wait(ctx context.Context, want int) {
	if out.plain != nil {
		out.plain.Wait(ctx, want)
		return
	}
	wait(ctx, out.file, unix.EPOLLOUT)
}

func (out *fileOutput) TryWrite(bufs [][]byte) (n int, err error) {
	if out.plain != nil {
		return out.plain.TryWrite(bufs)
	}
	if control(out.file, func(fd uintptr) { n, err = unix.Pwritev2(int(fd), bufs, -1, unix.RWF_NOWAIT) }) != nil {
		return 0, syscall.EBADF
	}
	if cannotTell(err) {
		out.plain = newPlainOutput(blockingFile{out.file}, out.kind, out.report)
		return out.plain.TryWrite(bufs)
	}
	return max(n, 0), err
}

// blockingFile writes to a file without os.File, which ends the process if standard
// output is a pipe without a reader.
type blockingFile struct{ file *os.File }

func (f blockingFile) Write(p []byte) (n int, err error) {
	conn, err := f.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	closed := conn.Write(func(fd uintptr) bool {
		for {
			if n, err = unix.Write(int(fd), p); err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if closed != nil {
		return 0, closed
	}
	return max(n, 0), err
}

func poll(f *os.File, events int16) (s State) {
	if control(f, func(fd uintptr) { s = ready(fd, events) }) != nil {
		return State{Ready: true} // reading or writing it returns the error
	}
	return s
}

// ready polls a descriptor for any of the events, without waiting.
func ready(fd uintptr, events int16) State {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	if n, err := unix.Poll(fds, 0); n == 0 || err != nil {
		return State{Ready: err != nil && err != unix.EINTR}
	}
	s := State{Ready: true}
	if events&unix.POLLIN != 0 {
		s.Bytes, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ)
	}
	s.Hangup = fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 && s.Bytes == 0
	return s
}

// wait waits until a file is ready for any of the events, or ctx ends. It puts the
// file into an epoll set of its own: Go's poller can wait for the set without a
// thread, whatever the mode of the file.
func wait(ctx context.Context, f *os.File, events uint32) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		pause(ctx)
		return
	}
	_ = unix.SetNonblock(fd, true)
	set := os.NewFile(uintptr(fd), "epoll")
	defer set.Close()
	closed := control(f, func(fd uintptr) {
		err = control(set, func(set uintptr) {
			err = unix.EpollCtl(int(set), unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: events})
		})
	})
	if closed != nil || err != nil {
		return // a file that can't be polled is ready
	}
	stop := context.AfterFunc(ctx, func() { _ = set.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	conn, err := set.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(set uintptr) bool {
		var event [1]unix.EpollEvent
		n, err := unix.EpollWait(int(set), event[:], 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
}

// pause waits a little when there are no descriptors to poll with.
func pause(ctx context.Context) {
	select {
	case <-time.After(maxPause):
	case <-ctx.Done():
	}
}
