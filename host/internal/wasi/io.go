package wasi

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"syscall"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// vectors are the buffers that a call has yet to fill or write.
type vectors struct {
	at, left uint32 // the guest's array of them
	skip     uint32 // bytes of the first buffer that are done
}

// maxVectors is how many buffers gather looks at.
const maxVectors = 1024

// next drops the first buffer.
func (v vectors) next() vectors { return vectors{at: v.at + iovecSize, left: v.left - 1} }

// first returns the rest of the first buffer.
func (v vectors) first(m memory) ([]byte, bool) {
	iovec, ok := m.bytes(v.at, iovecSize)
	if !ok {
		return nil, false
	}
	buf, ok := m.bytes(binary.LittleEndian.Uint32(iovec), binary.LittleEndian.Uint32(iovec[4:]))
	return buf[min(int(v.skip), len(buf)):], ok
}

// after drops the first n bytes, which gather has returned. It does not look at the
// buffers behind them: there may be millions, all empty.
func (v vectors) after(m memory, n int) vectors {
	for n > 0 && v.left > 0 {
		buf, _ := v.first(m)
		if n < len(buf) {
			v.skip += uint32(n)
			return v
		}
		n -= len(buf)
		v = v.next()
	}
	return v
}

// vectors checks that the array of buffers is in memory, and so is the address for
// the count.
func (c call) vectors(at, n, result uint32) (vectors, errno) {
	m := memory(c.Memory())
	if !m.has(at, uint64(n)*iovecSize) || !m.has(result, 4) {
		return vectors{}, eFault
	}
	return vectors{at: at, left: n}, success
}

// gather collects the next non-empty buffers, up to a piece in all, and returns the
// vectors after them. The slice is valid until the next gather, and as long as the
// memory is. It may be empty although more buffers follow.
func (c call) gather(v vectors) (bufs [][]byte, size int, rest vectors, e errno) {
	m := memory(c.Memory())
	bufs = c.bufs[:0]
	seen := 0
	for ; v.left > 0 && size < piece && seen < maxVectors; seen++ {
		buf, ok := v.first(m)
		if !ok {
			return nil, 0, v, eFault
		}
		if room := piece - size; len(buf) > room {
			buf = buf[:room]
			v.skip += uint32(room)
		} else {
			v = v.next()
		}
		if len(buf) > 0 {
			bufs = append(bufs, buf)
			size += len(buf)
		}
	}
	c.bufs = bufs
	c.Charge(seen * vectorCost)
	return bufs, size, v, success
}

// vectorCost is what looking at a buffer costs, in bytes moved, however many it has.
const vectorCost = 128

// maxTotal bounds the bytes that a call moves, since the count has 32 bits.
const maxTotal = math.MaxUint32 - piece

// open returns a descriptor to read or write if it has the needed rights.
func (c call) open(number uint32, needed rights) (*descriptor, errno) {
	d := c.table.get(number)
	switch {
	case d == nil:
		return nil, eBadf
	case d.isDir():
		return nil, eIsDir
	case d.base&needed != needed:
		return nil, eNotCapable
	}
	return d, success
}

func fdRead(c call, a args) errno {
	d, e := c.open(a.u32(0), rightFdRead)
	switch {
	case e != success:
		return e
	case d.input != nil:
		return c.readStream(d, a)
	}
	return c.moveFile(a, a.u32(3), func(bufs [][]byte, _ int64) (int, error) { return d.file.Readv(bufs) })
}

func fdWrite(c call, a args) errno {
	d, e := c.open(a.u32(0), rightFdWrite)
	switch {
	case e != success:
		return e
	case d.output != nil:
		return c.writeStream(d, a)
	}
	e = c.moveFile(a, a.u32(3), func(bufs [][]byte, _ int64) (int, error) { return d.file.Writev(bufs) })
	return c.synced(d, e)
}

func fdPread(c call, a args) errno {
	if c.onChannel(a) {
		return c.channel(a)
	}
	f, e := c.file(a.u32(0), rightFdRead|rightFdSeek)
	offset := int64(a[3])
	switch {
	case e != success:
		return e
	case offset < 0:
		return eInval
	}
	return c.moveFile(a, a.u32(4), func(bufs [][]byte, done int64) (int, error) { return f.Preadv(bufs, offset+done) })
}

func fdPwrite(c call, a args) errno {
	if c.onChannel(a) {
		return c.channel(a)
	}
	f, e := c.file(a.u32(0), rightFdWrite|rightFdSeek)
	offset := int64(a[3])
	switch {
	case e != success:
		return e
	case offset < 0:
		return eInval
	}
	e = c.moveFile(a, a.u32(4), func(bufs [][]byte, done int64) (int, error) { return f.Pwritev(bufs, offset+done) })
	return c.synced(c.table.get(a.u32(0)), e)
}

// moveFile moves bytes between a file and the buffers of a call, in pieces.
func (c call) moveFile(a args, result uint32, move func(bufs [][]byte, done int64) (int, error)) errno {
	v, e := c.vectors(a.u32(1), a.u32(2), result)
	if e != success {
		return e
	}
	total := int64(0)
	for v.left > 0 && total <= maxTotal {
		bufs, size, rest, e := c.gather(v)
		if e != success {
			return c.moved(result, total, e)
		}
		if size == 0 {
			v = rest
			continue
		}
		n, err := move(bufs, total)
		clear(bufs)
		total += int64(n)
		c.Charge(hostCost + n)
		if err != nil || n < size {
			return c.moved(result, total, errnoOf(err))
		}
		v = rest
	}
	return c.moved(result, total, success)
}

// moved ends a call that has moved total bytes. If there are any, it drops the
// error, which the next call will meet again.
func (c call) moved(result uint32, total int64, e errno) errno {
	if total == 0 && e != success {
		return e
	}
	return memory(c.Memory()).put(result, uint32(total))
}

// synced syncs a file after a write, if its flags ask for it.
func (c call) synced(d *descriptor, e errno) errno {
	switch {
	case e != success || d.flags&(flagSync|flagRsync|flagDsync) == 0:
		return e
	case d.flags&(flagSync|flagRsync) != 0:
		c.Charge(syncCost)
		return errnoOf(d.file.Sync())
	}
	c.Charge(syncCost)
	return errnoOf(d.file.Datasync())
}

// mayRead reports whether a stream is read at all. Standard input is at the end for
// a guest that can't park.
func (c call) mayRead(d *descriptor) bool { return d.fixed != nil || c.CanPark() }

// readStream reads what is there, and waits if there is nothing.
func (c call) readStream(d *descriptor, a args) errno {
	result := a.u32(3)
	v, e := c.vectors(a.u32(1), a.u32(2), result)
	for e == success && v.left > 0 && c.mayRead(d) {
		bufs, size, rest, e := c.gather(v)
		if e != success {
			return e
		}
		if size == 0 {
			v = rest
			continue
		}
		n, err := d.input.TryRead(bufs)
		clear(bufs)
		switch {
		case err == syscall.EAGAIN && d.flags&flagNonblock != 0:
			d.input.Poll(c.Context(), size)
			return eAgain
		case err == syscall.EAGAIN:
			if e := c.wait(func(ctx context.Context) { d.input.Wait(ctx, size) }); e != success {
				return e
			}
			continue
		case err == io.EOF:
			err = nil
		}
		c.Charge(n)
		return c.moved(result, int64(n), errnoOf(err))
	}
	if e != success {
		return e
	}
	return c.moved(result, 0, success)
}

// writeStream writes everything, or what the stream takes in non-blocking mode.
func (c call) writeStream(d *descriptor, a args) errno {
	result := a.u32(3)
	v, e := c.vectors(a.u32(1), a.u32(2), result)
	if e != success {
		return e
	}
	total := int64(0)
	for v.left > 0 && total <= maxTotal {
		bufs, size, rest, e := c.gather(v)
		if e != success {
			return c.moved(result, total, e)
		}
		if size == 0 {
			v = rest
			continue
		}
		if d.flags&flagNonblock != 0 && !d.output.Poll(c.Context(), 0).Ready {
			return c.moved(result, total, eAgain)
		}
		n, err := d.output.TryWrite(bufs)
		clear(bufs)
		if err == syscall.EAGAIN {
			if e := c.wait(func(ctx context.Context) { d.output.Wait(ctx, 0) }); e != success {
				return c.moved(result, total, e)
			}
			continue
		}
		c.Charge(n)
		if total += int64(n); err != nil {
			return c.moved(result, total, errnoOf(err))
		}
		v = v.after(c.Memory(), n)
	}
	return c.moved(result, total, success)
}

// wait runs a wait, parked if the instance can park. It returns EINTR if the
// instance must stop but was not ended.
func (c call) wait(wait func(ctx context.Context)) errno {
	ctx := c.Context()
	if c.CanPark() {
		c.Park(func() { wait(ctx) })
	} else {
		if !c.warned {
			c.Warn("a system call waits, and with it all calls of the instance: " +
				"sleep by the SDK (wexec.Sleep in Go, wexec_sleep_ms in C) instead")
			c.warned = true
		}
		wait(ctx)
	}
	c.Charge(0)
	if ctx.Err() != nil {
		return eIntr
	}
	return success
}

// direntCost is the charge for a directory entry.
const direntCost = 256

// fdReaddir fills a buffer with entries. The last one is cut off at the end of the
// buffer. A buffer that is not full tells the guest that it has reached the end.
func fdReaddir(c call, a args) errno {
	dir, e := c.dir(a.u32(0), rightFdReaddir)
	if e != success {
		return e
	}
	m := memory(c.Memory())
	buf, ok := m.bytes(a.u32(1), a.u32(2))
	if !ok || !m.has(a.u32(4), 4) {
		return eFault
	}
	used := 0
	yield := func(e rootfs.Entry) bool {
		c.Charge(direntCost)
		head := dirent(e)
		used += copy(buf[used:], head[:])
		used += copy(buf[used:], e.Name)
		return used < len(buf)
	}
	if dir == nil {
		readDevices(a[3], yield)
	} else if err := dir.ReadDir(a[3], len(buf), yield); err != nil {
		return errnoOf(err)
	}
	return m.put(a.u32(4), uint32(used))
}
