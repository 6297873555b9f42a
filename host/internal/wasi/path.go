package wasi

import "github.com/wexec/wexec/host/internal/rootfs"

const (
	lookupFollow = 1

	oCreate    = 1
	oDirectory = 2
	oExclusive = 4
	oTruncate  = 8
)

const (
	// maxPath is Linux's PATH_MAX, which counts a zero byte at the end.
	maxPath = 4096
	// pathByteCost is the charge for a byte of a path, since every other byte may be a
	// directory to look up.
	pathByteCost = 64
)

// dir returns a directory if it has the needed rights. For /dev it returns nil.
func (c call) dir(number uint32, needed rights) (*rootfs.Dir, errno) {
	d := c.table.get(number)
	switch {
	case d == nil:
		return nil, eBadf
	case !d.isDir():
		return nil, eNotDir
	case d.base&needed != needed:
		return nil, eNotCapable
	}
	c.Charge(hostCost)
	return d.dir, success
}

// path copies a path out of the guest's memory.
func (c call) path(ptr, n uint32) (string, errno) {
	b, ok := memory(c.Memory()).bytes(ptr, n)
	switch {
	case !ok:
		return "", eFault
	case n >= maxPath:
		return "", eNameTooLong
	}
	c.Charge(len(b) * pathByteCost)
	return string(b), success
}

// at returns a directory and a path in it.
func (c call) at(number uint32, needed rights, ptr, n uint32) (*rootfs.Dir, string, errno) {
	dir, e := c.dir(number, needed)
	if e != success {
		return nil, "", e
	}
	path, e := c.path(ptr, n)
	return dir, path, e
}

func pathCreateDirectory(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathCreateDirectory, a.u32(1), a.u32(2))
	if e != success {
		return e
	}
	return errnoOf(dir.Mkdir(path))
}

func pathRemoveDirectory(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathRemoveDirectory, a.u32(1), a.u32(2))
	if e != success {
		return e
	}
	return errnoOf(dir.Rmdir(path))
}

func pathUnlinkFile(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathUnlinkFile, a.u32(1), a.u32(2))
	if e != success {
		return e
	}
	return errnoOf(dir.Unlink(path))
}

func pathFilestatGet(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathFilestatGet, a.u32(2), a.u32(3))
	switch {
	case e != success:
		return e
	case a.u32(1)&^lookupFollow != 0:
		return eInval
	}
	if dir == nil {
		d, e := findDevice(path)
		if e != success {
			return e
		}
		return c.putFilestat(a.u32(4), d.stat)
	}
	st, err := dir.Stat(path, a.u32(1) != 0)
	if err != nil {
		return errnoOf(err)
	}
	return c.putFilestat(a.u32(4), st)
}

func pathFilestatSetTimes(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathFilestatSetTimes, a.u32(2), a.u32(3))
	if e != success {
		return e
	}
	times, e := timesOf(a[4], a[5], a.u32(6))
	switch {
	case e != success:
		return e
	case a.u32(1)&^lookupFollow != 0:
		return eInval
	}
	return errnoOf(dir.SetTimes(path, a.u32(1) != 0, times))
}

func pathLink(c call, a args) errno {
	from, e := c.dir(a.u32(0), rightPathLinkSource)
	if e != success {
		return e
	}
	to, newPath, e := c.at(a.u32(4), rightPathLinkTarget, a.u32(5), a.u32(6))
	if e != success {
		return e
	}
	path, e := c.path(a.u32(2), a.u32(3))
	switch {
	case e != success:
		return e
	case a.u32(1)&^lookupFollow != 0:
		return eInval
	}
	return errnoOf(from.Link(path, a.u32(1) != 0, to, newPath))
}

func pathRename(c call, a args) errno {
	from, e := c.dir(a.u32(0), rightPathRenameSource)
	if e != success {
		return e
	}
	to, newPath, e := c.at(a.u32(3), rightPathRenameTarget, a.u32(4), a.u32(5))
	if e != success {
		return e
	}
	path, e := c.path(a.u32(1), a.u32(2))
	if e != success {
		return e
	}
	return errnoOf(from.Rename(path, to, newPath))
}

func pathSymlink(c call, a args) errno {
	dir, path, e := c.at(a.u32(2), rightPathSymlink, a.u32(3), a.u32(4))
	if e != success {
		return e
	}
	target, e := c.path(a.u32(0), a.u32(1))
	if e != success {
		return e
	}
	return errnoOf(dir.Symlink(target, path))
}

// pathReadlink truncates the target to the buffer.
func pathReadlink(c call, a args) errno {
	dir, path, e := c.at(a.u32(0), rightPathReadlink, a.u32(1), a.u32(2))
	if e != success {
		return e
	}
	m := memory(c.Memory())
	buf, ok := m.bytes(a.u32(3), a.u32(4))
	if !ok || !m.has(a.u32(5), 4) {
		return eFault
	}
	target, err := dir.Readlink(path)
	if err != nil {
		return errnoOf(err)
	}
	return m.put(a.u32(5), uint32(copy(buf, target)))
}

func pathOpen(c call, a args) errno {
	parent := c.table.get(a.u32(0))
	dir, path, e := c.at(a.u32(0), rightPathOpen, a.u32(2), a.u32(3))
	if e != success {
		return e
	}
	oflags, base, inheriting := a.u32(4), rights(a[5])&allRights, rights(a[6])&allRights
	switch {
	case a.u32(1)&^lookupFollow != 0 || oflags&^0b1111 != 0 || a.u32(7)&^uint32(allFlags) != 0:
		return eInval
	case (base|inheriting)&^parent.inheriting != 0 || neededToOpen(oflags, base)&^parent.base != 0:
		return eNotCapable
	case !memory(c.Memory()).has(a.u32(8), 4):
		return eFault
	}
	d := &descriptor{base: base, inheriting: inheriting, flags: fdflags(a.u32(7)), counted: true}
	var number uint32
	if dir == nil {
		number, e = c.openDevice(path, oflags, d)
	} else {
		number, e = c.openIn(dir, path, d, openFlags(a.u32(1), oflags, d))
	}
	if e != success {
		return e
	}
	return memory(c.Memory()).put(a.u32(8), number)
}

// openIn opens d at a path, and gives it a number.
func (c call) openIn(dir *rootfs.Dir, path string, d *descriptor, flags rootfs.Flags) (uint32, errno) {
	if e := c.table.reserve(); e != success {
		return 0, e
	}
	var err error
	if d.file, d.dir, err = dir.Open(path, flags); err != nil {
		c.table.budget.Release()
		return 0, errnoOf(err)
	}
	if d.dir != nil {
		d.base &= dirRights
	} else {
		d.base &= fileRights
	}
	c.changed = true
	return c.table.add(d), success
}

// neededToOpen returns the rights on the directory that flags need. A descriptor
// that may set the file's size may also truncate it: Go's os.Root relies on that.
func neededToOpen(oflags uint32, base rights) (needed rights) {
	if oflags&oCreate != 0 {
		needed |= rightPathCreateFile
	}
	if oflags&oTruncate != 0 && base&rightFdFilestatSetSize == 0 {
		needed |= rightPathFilestatSetSize
	}
	return needed
}

func openFlags(lookup, oflags uint32, d *descriptor) (flags rootfs.Flags) {
	for _, f := range [...]struct {
		set  bool
		flag rootfs.Flags
	}{
		{d.base&rightFdRead != 0, rootfs.Read},
		{d.base&rightFdWrite != 0, rootfs.Write},
		{d.flags&flagAppend != 0, rootfs.Append},
		{oflags&oCreate != 0, rootfs.Create},
		{oflags&oExclusive != 0, rootfs.Exclusive},
		{oflags&oTruncate != 0, rootfs.Truncate},
		{oflags&oDirectory != 0, rootfs.OnlyDir},
		{lookup&lookupFollow == 0, rootfs.NoFollow},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	return flags
}
