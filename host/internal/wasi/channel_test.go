package wasi

import "testing"

// TestChannel checks that pread and pwrite on standard input go to the channel, and
// nowhere else.
func TestChannel(t *testing.T) {
	type call struct {
		at          uint64
		ptr, length uint32
	}
	var calls []call
	g := newGuest(t, Config{Channel: func(at uint64, ptr, length uint32) uint32 {
		calls = append(calls, call{at, ptr, length})
		return 7
	}})
	const iovec, result = 64, 128
	memory(g.mem).put(iovec, 4096)
	memory(g.mem).put(iovec+4, 10)
	for _, name := range []string{"fd_pread", "fd_pwrite"} {
		calls = nil
		if e := g.call(name, stdinFd, iovec, 1, uint64(1<<62|5), result); e != success {
			t.Errorf("%s: errno %d", name, e)
		}
		if want := (call{1<<62 | 5, 4096, 10}); len(calls) != 1 || calls[0] != want {
			t.Errorf("%s: the channel got %v, want %v", name, calls, want)
		}
		if g.mem[result] != 7 {
			t.Errorf("%s: the guest is told %d bytes, want 7", name, g.mem[result])
		}
		for _, bad := range []struct {
			fd, at, n, result any
			want              errno
		}{
			{stdinFd, memorySize - 4, 1, result, eFault},
			{stdinFd, iovec, 0, result, eInval},
			{stdinFd, iovec, 2, result, eInval},
			{stdinFd, iovec, 1, memorySize - 2, eFault},
			{stdoutFd, iovec, 1, result, eSPipe},
			{9, iovec, 1, result, eBadf},
		} {
			if e := g.call(name, bad.fd, bad.at, bad.n, 0, bad.result); e != bad.want {
				t.Errorf("%s%v: errno %d, want %d", name, bad, e, bad.want)
			}
		}
	}
	none := newGuest(t, Config{})
	if e := none.call("fd_pread", stdinFd, iovec, 1, 0, result); e != eSPipe {
		t.Errorf("without a channel: errno %d, want %d", e, eSPipe)
	}
}
