package rootfs

import "syscall"

// Dir is an open directory in a mount. Paths are relative to it and can't leave it.
type Dir struct {
	mount  *Mount
	at     dirHandle
	shared bool // at belongs to the mount and stays open
	closed bool
}

// Mount returns the mount that the directory is in.
func (d *Dir) Mount() *Mount { return d.mount }

// Close closes the directory. Closing again does nothing.
func (d *Dir) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if d.shared {
		return d.mount.leave()
	}
	return d.at.close()
}

// Self describes the directory itself.
func (d *Dir) Self() (Stat, error) { return d.at.stat() }

// Sync writes the directory to the disk.
func (d *Dir) Sync() error { return d.at.sync() }

// SetSelfTimes sets the times of the directory itself.
func (d *Dir) SetSelfTimes(t Times) error {
	if err := d.writable(); err != nil {
		return err
	}
	return d.at.setTimes(".", t)
}

// Stat describes the file at a path.
func (d *Dir) Stat(path string, follow bool) (Stat, error) {
	e, err := d.resolve(path, follow)
	if err != nil {
		return Stat{}, err
	}
	defer e.close()
	if !e.found {
		return Stat{}, syscall.ENOENT
	}
	return e.stat, nil
}

// SetTimes sets the times of the file at a path.
func (d *Dir) SetTimes(path string, follow bool, t Times) error {
	if err := d.writable(); err != nil {
		return err
	}
	e, err := d.resolve(path, follow)
	if err != nil {
		return err
	}
	defer e.close()
	return e.dir.setTimes(e.name, t)
}

// Mkdir makes a directory.
func (d *Dir) Mkdir(path string) error {
	return d.create(path, func(e *entry) error { return e.dir.mkdir(e.name) })
}

// create runs make on the entry of a path, and counts the new name.
func (d *Dir) create(path string, make func(e *entry) error) error {
	if err := d.writable(); err != nil {
		return err
	}
	e, err := d.locate(path)
	if err != nil {
		return err
	}
	defer e.close()
	if e.isDots() {
		return syscall.EEXIST
	}
	return d.mount.usage.add(func() error { return make(&e) })
}

// Unlink removes a file, a link, or anything else that is not a directory.
func (d *Dir) Unlink(path string) error {
	return d.remove(path, syscall.EISDIR, func(e *entry) error { return e.dir.unlink(e.text()) })
}

// Rmdir removes an empty directory.
func (d *Dir) Rmdir(path string) error {
	return d.remove(path, syscall.EINVAL, func(e *entry) error { return e.dir.rmdir(e.text()) })
}

// remove runs remove on the entry of a path. Paths that end in "." or ".." fail
// with dots.
func (d *Dir) remove(path string, dots error, remove func(e *entry) error) error {
	if err := d.writable(); err != nil {
		return err
	}
	e, err := d.locate(path)
	if err != nil {
		return err
	}
	defer e.close()
	if e.isDots() {
		return dots
	}
	return d.mount.usage.drop(&e, func() error { return remove(&e) })
}

// Readlink returns the target of a link. An absolute target is refused: it
// can't be followed here, and it tells the guest about the host.
func (d *Dir) Readlink(path string) (string, error) {
	e, err := d.resolve(path, false)
	if err != nil {
		return "", err
	}
	defer e.close()
	switch {
	case !e.found:
		return "", syscall.ENOENT
	case e.stat.Type != SymbolicLink:
		return "", syscall.EINVAL
	}
	target, err := e.dir.readlink(e.name)
	if err == nil && target[0] == '/' {
		return "", syscall.EPERM
	}
	return target, err
}

// Entry is a directory entry.
type Entry struct {
	Name string
	Ino  uint64 // 0 for "..", which may be outside of the mount
	Type FileType
	Next uint64 // the position of the next entry
}

// ReadDir calls yield for each entry of the directory, including "." and "..", until
// yield returns false. It starts at position from: 0, or the Next of an earlier
// entry. room is about how many bytes of entries the caller wants.
func (d *Dir) ReadDir(from uint64, room int, yield func(Entry) bool) error {
	return d.at.readDir(d.shared, from, room, yield)
}

func (d *Dir) writable() error {
	if d.mount.access != ReadWrite {
		return syscall.EROFS
	}
	return nil
}
