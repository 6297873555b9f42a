package rootfs

import (
	"strings"
	"syscall"
)

// Rename renames a file. It fails with EXDEV between mounts, and refuses moves that
// would make a symbolic link lead out: see place.
func (d *Dir) Rename(path string, to *Dir, newPath string) error {
	if d.mount != to.mount {
		return syscall.EXDEV
	}
	if err := d.writable(); err != nil {
		return err
	}
	d.mount.usage.linking.Lock()
	defer d.mount.usage.linking.Unlock()
	e, err := d.locate(path)
	if err != nil {
		return err
	}
	defer e.close()
	n, err := to.locate(newPath)
	if err != nil {
		return err
	}
	defer n.close()
	if e.isDots() || n.isDots() {
		return syscall.EBUSY
	}
	if e.stat, err = e.dir.lstat(e.name); err != nil {
		return err
	}
	if err := d.mount.place(&e, &n); err != nil {
		return err
	}
	rename := func() error { return e.dir.rename(e.text(), n.dir, n.text()) }
	if st, err := n.dir.lstat(n.name); err == nil && st.identity() == e.stat.identity() {
		return rename() // does nothing, since both are names of one file
	}
	return d.mount.usage.drop(&n, rename)
}

// Link gives a file a second name. If path is a symbolic link, the link itself gets
// it, unless follow is set.
func (d *Dir) Link(path string, follow bool, to *Dir, newPath string) error {
	if d.mount != to.mount {
		return syscall.EXDEV
	}
	if err := d.writable(); err != nil {
		return err
	}
	d.mount.usage.linking.Lock()
	defer d.mount.usage.linking.Unlock()
	e, err := d.resolve(path, follow)
	if err != nil {
		return err
	}
	defer e.close()
	switch {
	case !e.found:
		return syscall.ENOENT
	case e.stat.Type == Directory:
		return syscall.EPERM
	}
	return to.create(newPath, func(n *entry) error {
		if err := d.mount.place(&e, n); err != nil {
			return err
		}
		return e.dir.link(e.name, n.dir, n.text())
	})
}

// Symlink makes a symbolic link. It fails with EPERM if the target is absolute,
// leads out of the mount, or has ".." after a name: the name could be replaced by
// a link later.
func (d *Dir) Symlink(target, path string) error {
	switch {
	case target == "":
		return syscall.EINVAL
	case len(target) >= maxPath:
		return syscall.ENAMETOOLONG
	}
	d.mount.usage.linking.Lock()
	defer d.mount.usage.linking.Unlock()
	return d.create(path, func(e *entry) error {
		if !isLevel(target) {
			return syscall.EPERM
		}
		if err := d.mount.contains(e.dir, target); err != nil {
			return err
		}
		return e.dir.symlink(target, e.text())
	})
}

// place checks whether the file at e may get the name n. A symbolic link may not
// if it would lead out from there, and a directory may not if it holds such a link.
// A directory that moves nearer to the root is searched for them. If it is too
// large to search, the error is EXDEV, as if n were on another disk: the caller
// then copies it, and each link is checked when it is made.
func (m *Mount) place(e, n *entry) error {
	switch e.stat.Type {
	case SymbolicLink:
		target, err := e.dir.readlink(e.name)
		if err != nil {
			return err
		}
		if !isLevel(target) {
			return syscall.EPERM
		}
		return m.contains(n.dir, target)
	case Directory:
		return m.movable(e, n)
	}
	return nil
}

// isLevel reports whether a target is relative and has ".." only at its start. Such
// a link climbs exactly as far as it says, whatever its names lead to.
func isLevel(target string) bool {
	named := false
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if named {
				return false
			}
		default:
			named = true
		}
	}
	return target[0] != '/'
}

// climbs counts the ".." of a target.
func climbs(target string) (n int) {
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." {
			n++
		}
	}
	return n
}
