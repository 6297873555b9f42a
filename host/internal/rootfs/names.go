package rootfs

import (
	"strings"
	"syscall"
)

// Rename gives what a path names another name, in the same mount; otherwise it
// answers EXDEV. What must not be moved there is refused: see place.
func (d *Dir) Rename(path string, to *Dir, newPath string) error {
	if d.mount != to.mount {
		return syscall.EXDEV
	}
	if err := d.writable(); err != nil {
		return err
	}
	d.mount.naming.Lock()
	defer d.mount.naming.Unlock()
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
		return rename() // does nothing: both are names of one file
	}
	return d.mount.usage.drop(&n, rename)
}

// Link gives a file a second name, in the same mount. A link in the last place
// of path gets one itself, unless follow is set.
func (d *Dir) Link(path string, follow bool, to *Dir, newPath string) error {
	if d.mount != to.mount {
		return syscall.EXDEV
	}
	if err := d.writable(); err != nil {
		return err
	}
	d.mount.naming.Lock()
	defer d.mount.naming.Unlock()
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

// Symlink makes a symbolic link that leads to target from the directory that it
// is in. It refuses with EPERM a target that leads out of the mount, that is
// absolute, or that has ".." after a name: what the name means can be changed
// later on.
func (d *Dir) Symlink(target, path string) error {
	switch {
	case target == "":
		return syscall.EINVAL
	case len(target) >= maxPath:
		return syscall.ENAMETOOLONG
	}
	d.mount.naming.Lock()
	defer d.mount.naming.Unlock()
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

// place says whether what is at e may get the name n. A symbolic link may not if
// it would lead out from there. A directory may not if a link in it would: that
// takes a look at all of it, if it is moved nearer to the root, and one that is
// too large for that is refused with EXDEV, as if it were on another disk. The
// caller then copies it, and has each link checked.
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

// isLevel reports whether a target is relative and has each ".." before all
// names. Such a link climbs as far as it seems to, whatever its names lead to.
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

// climbs is how many times a target says "..".
func climbs(target string) (n int) {
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." {
			n++
		}
	}
	return n
}
