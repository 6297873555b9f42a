package wasi

import (
	"math"

	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// fd returns a descriptor if it has the needed rights.
func (c call) fd(number uint32, needed rights) (*descriptor, errno) {
	d := c.table.get(number)
	switch {
	case d == nil:
		return nil, eBadf
	case d.base&needed != needed:
		return nil, eNotCapable
	}
	return d, success
}

func fdClose(c call, a args) errno {
	if c.table.get(a.u32(0)) == nil {
		return eBadf
	}
	c.changed = true
	return errnoOf(c.table.remove(a.u32(0)))
}

func fdRenumber(c call, a args) errno {
	from, to := a.u32(0), a.u32(1)
	if c.table.get(from) == nil || c.table.get(to) == nil {
		return eBadf
	}
	c.changed = true
	return errnoOf(c.table.move(from, to))
}

func fdFdstatGet(c call, a args) errno {
	d, e := c.fd(a.u32(0), 0)
	if e != success {
		return e
	}
	stat := d.fdstat()
	return memory(c.Memory()).putBytes(a.u32(1), stat[:])
}

func fdFdstatSetFlags(c call, a args) errno {
	d, e := c.fd(a.u32(0), rightFdFdstatSetFlags)
	flags := fdflags(a.u32(1))
	switch {
	case e != success:
		return e
	case a.u32(1)&^uint32(allFlags) != 0:
		return eInval
	case d.file != nil:
		if err := d.file.SetAppend(flags&flagAppend != 0); err != nil {
			return errnoOf(err)
		}
	}
	c.changed = c.changed || d.input == nil && d.output == nil
	d.flags = flags
	return success
}

// fdFdstatSetRights can only drop rights.
func fdFdstatSetRights(c call, a args) errno {
	d, e := c.fd(a.u32(0), 0)
	if e != success {
		return e
	}
	base, inheriting := rights(a[1]), rights(a[2])
	if base&^d.base != 0 || inheriting&^d.inheriting != 0 {
		return eNotCapable
	}
	c.changed = true
	d.base, d.inheriting = base, inheriting
	return success
}

func fdFilestatGet(c call, a args) errno {
	d, e := c.fd(a.u32(0), rightFdFilestatGet)
	if e != success {
		return e
	}
	c.Charge(hostCost)
	st, err := d.stat()
	if err != nil {
		return errnoOf(err)
	}
	return c.putFilestat(a.u32(1), st)
}

func (c call) putFilestat(ptr uint32, st rootfs.Stat) errno {
	b, ok := memory(c.Memory()).bytes(ptr, c.filestatSize)
	if !ok {
		return eFault
	}
	c.filestat(b, st)
	return success
}

func (d *descriptor) stat() (rootfs.Stat, error) {
	switch {
	case d.file != nil:
		return d.file.Stat()
	case d.dir != nil:
		return d.dir.Self()
	case d.fixed != nil:
		return *d.fixed, nil
	}
	st := rootfs.Stat{Type: d.fileType(), Nlink: 1}
	if f, ok := d.stream().(stdio.File); ok && st.Type == rootfs.Regular {
		info, err := f.Stat()
		if err != nil {
			return st, err
		}
		st.Size, st.Mtim = info.Size(), info.ModTime().UnixNano()
		st.Atim, st.Ctim = st.Mtim, st.Mtim
	}
	return st, nil
}

// file returns a regular file of a mount if it has the needed rights. For other
// descriptors it returns the errno of POSIX.
func (c call) file(number uint32, needed rights) (*rootfs.File, errno) {
	d := c.table.get(number)
	switch {
	case d == nil:
		return nil, eBadf
	case d.isDir():
		return nil, eIsDir
	case d.file == nil:
		return nil, eSPipe
	case d.base&needed != needed:
		return nil, eNotCapable
	}
	c.Charge(hostCost)
	return d.file, success
}

func fdFilestatSetSize(c call, a args) errno {
	f, e := c.file(a.u32(0), rightFdFilestatSetSize)
	if e == eSPipe {
		e = eInval
	}
	if e != success {
		return e
	}
	return errnoOf(f.Truncate(int64(a[1]))) // a size beyond int64 is negative, which is EINVAL
}

// fdAllocate costs as much as writing the bytes that it allocates.
func fdAllocate(c call, a args) errno {
	f, e := c.file(a.u32(0), rightFdAllocate)
	offset, n := int64(a[1]), int64(a[2])
	switch {
	case e != success:
		return e
	case offset < 0 || n <= 0:
		return eInval
	}
	c.Charge(int(min(n, math.MaxInt32)))
	return errnoOf(f.Allocate(offset, n))
}

// fdAdvise ignores the advice: see RATIONALE.md.
func fdAdvise(c call, a args) errno {
	const lastAdvice = 5
	_, e := c.file(a.u32(0), rightFdAdvise)
	if e == success && (int64(a[1]) < 0 || int64(a[2]) < 0 || a.u32(3) > lastAdvice) {
		return eInval
	}
	return e
}

func fdFilestatSetTimes(c call, a args) errno {
	d, e := c.fd(a.u32(0), rightFdFilestatSetTimes)
	if e != success {
		return e
	}
	times, e := timesOf(a[1], a[2], a.u32(3))
	if e != success {
		return e
	}
	c.Charge(hostCost)
	if d.dir != nil {
		return errnoOf(d.dir.SetSelfTimes(times))
	}
	return errnoOf(d.file.SetTimes(times)) // streams don't have the right
}

// timesOf decodes the times and flags of a call that sets times.
func timesOf(atim, mtim uint64, flags uint32) (rootfs.Times, errno) {
	if flags&^0b1111 != 0 {
		return rootfs.Times{}, eInval
	}
	a, okA := timeOf(atim, flags)
	m, okM := timeOf(mtim, flags>>2)
	if !okA || !okM {
		return rootfs.Times{}, eInval
	}
	return rootfs.Times{Atim: a, Mtim: m}, success
}

func timeOf(nanos uint64, flags uint32) (time int64, ok bool) {
	switch flags & 0b11 {
	case 0:
		return rootfs.Omit, true
	case 0b01:
		return int64(nanos), int64(nanos) >= 0
	case 0b10:
		return rootfs.Now, true
	}
	return 0, false // both a time and now
}

// syncCost is the charge for making the host wait for its disk.
const syncCost = 1 << 20

func fdSync(c call, a args) errno { return c.sync(a.u32(0), rightFdSync, (*rootfs.File).Sync) }
func fdDatasync(c call, a args) errno {
	return c.sync(a.u32(0), rightFdDatasync, (*rootfs.File).Datasync)
}

func (c call) sync(number uint32, needed rights, sync func(*rootfs.File) error) errno {
	d := c.table.get(number)
	switch {
	case d == nil:
		return eBadf
	case d.stream() != nil:
		return eInval
	case d.base&needed != needed:
		return eNotCapable
	}
	c.Charge(syncCost)
	if d.dir != nil {
		return errnoOf(d.dir.Sync())
	}
	return errnoOf(sync(d.file))
}

func fdSeek(c call, a args) errno {
	if a.u32(2) >= uint32(len(c.whence)) {
		if c.table.get(a.u32(0)) == nil {
			return eBadf
		}
		return eInval
	}
	return c.seek(a.u32(0), int64(a[1]), c.whence[a.u32(2)], a.u32(3))
}

func fdTell(c call, a args) errno { return c.seek(a.u32(0), 0, seekCurrent, a.u32(1)) }

// seek needs the right to seek; telling the position also works with that to tell.
func (c call) seek(number uint32, offset int64, whence int, result uint32) errno {
	d := c.table.get(number)
	moves := offset != 0 || whence != seekCurrent
	var f interface {
		Seek(offset int64, whence int) (int64, error)
	}
	switch {
	case d == nil:
		return eBadf
	case d.isDir():
		return eIsDir
	case d.file != nil:
		f = d.file
	case d.fixed != nil: // a device is always at its start
		return memory(c.Memory()).putLong(result, 0)
	case d.stream().Kind() == stdio.RegularFile:
		f = d.stream().(stdio.File)
	default:
		return eSPipe
	}
	switch m := memory(c.Memory()); {
	case d.base&rightFdSeek == 0 && (moves || d.base&rightFdTell == 0):
		return eNotCapable
	case !m.has(result, 8):
		return eFault
	}
	at, err := f.Seek(offset, whence)
	if err != nil {
		return errnoOf(err)
	}
	return memory(c.Memory()).putLong(result, uint64(at))
}

func fdPrestatGet(c call, a args) errno {
	d, e := c.mount(a.u32(0))
	if e != success {
		return e
	}
	const directory = 0
	m := memory(c.Memory())
	if e := m.put(a.u32(1), directory); e != success {
		return e
	}
	return m.put(a.u32(1)+4, uint32(len(d.mount)))
}

func fdPrestatDirName(c call, a args) errno {
	d, e := c.mount(a.u32(0))
	switch {
	case e != success:
		return e
	case a.u32(2) < uint32(len(d.mount)):
		return eNameTooLong
	}
	return memory(c.Memory()).putBytes(a.u32(1), []byte(d.mount))
}

// mount returns a descriptor that is one of the mounts. A guest looks for them
// until it meets EBADF.
func (c call) mount(number uint32) (*descriptor, errno) {
	d := c.table.get(number)
	if d == nil || d.mount == "" {
		return nil, eBadf
	}
	return d, success
}
