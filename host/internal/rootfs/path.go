package rootfs

import (
	"strings"
	"syscall"
)

const (
	// maxPath is Linux's PATH_MAX, which counts a zero byte at the end.
	maxPath = 4096
	// maxLinks is how many symbolic links a path may follow, as on Linux.
	maxLinks = 40
)

// check refuses paths that are invalid in any mount.
func check(path string) error {
	switch {
	case path == "":
		return syscall.ENOENT
	case len(path) >= maxPath:
		return syscall.ENAMETOOLONG
	case strings.IndexByte(path, 0) >= 0:
		return syscall.EINVAL
	case path[0] == '/':
		return syscall.EPERM
	}
	return nil
}

// split splits a non-empty path into its directory part, which may be empty, and
// its last component. slash reports whether the path ends in a slash.
func split(path string) (parent, name string, slash bool) {
	trimmed := strings.TrimRight(path, "/")
	at := strings.LastIndexByte(trimmed, '/') + 1
	return trimmed[:at], trimmed[at:], len(trimmed) < len(path)
}

// entry is the result of resolving a path: a name in an open directory.
type entry struct {
	dir   dirHandle
	owned bool // the entry closes dir
	name  string
	slash bool // the path ended in a slash, so the name must be a directory

	stat  Stat // set by resolve if the name exists
	found bool
}

func (e *entry) close() {
	if e.owned {
		_ = e.dir.close()
	}
}

// isDots reports whether the path ends in "." or "..".
func (e *entry) isDots() bool { return e.name == "." || e.name == ".." }

// text is the name with the path's trailing slash, if it had one. The calls that
// create, rename or remove a name handle the slash and don't follow links for it.
func (e *entry) text() string {
	if e.slash {
		return e.name + "/"
	}
	return e.name
}

// locate finds the directory of a path's last component, which need not exist.
func (d *Dir) locate(path string) (entry, error) {
	if d.mount.closed.Load() {
		return entry{}, syscall.EBADF
	}
	if err := check(path); err != nil {
		return entry{}, err
	}
	parent, name, slash := split(path)
	e := entry{dir: d.at, name: name, slash: slash}
	if parent == "" {
		return e, nil
	}
	var err error
	e.dir, err = d.at.descend(parent)
	e.owned = err == nil
	return e, err
}

// resolve finds the file that a path names. It follows a link in the last
// component if follow is set, or if the path ends in a slash. A path that ends in
// ".." becomes the entry "." of that directory.
func (d *Dir) resolve(path string, follow bool) (entry, error) {
	for range maxLinks {
		e, err := d.locate(path)
		if err != nil {
			return entry{}, err
		}
		next, err := d.look(&e, path, follow)
		if err == nil && next == "" {
			return e, nil
		}
		e.close()
		if err != nil {
			return entry{}, err
		}
		path = next
	}
	return entry{}, syscall.ELOOP
}

// look fills in the stat of e. If e is a link to follow, look returns the path to
// continue with.
func (d *Dir) look(e *entry, path string, follow bool) (next string, err error) {
	if e.name == ".." {
		whole, err := d.at.descend(path)
		if err != nil {
			return "", err
		}
		e.close()
		e.dir, e.owned, e.name = whole, true, "."
	}
	e.stat, err = e.dir.lstat(e.name)
	switch {
	case err == syscall.ENOENT:
		return "", nil
	case err != nil:
		return "", err
	}
	e.found = true
	if e.stat.Type == SymbolicLink && (follow || e.slash) {
		return e.expand(path)
	}
	if e.slash && e.stat.Type != Directory {
		return "", syscall.ENOTDIR
	}
	return "", nil
}

// expand replaces the last component of path, which is a link, by its target.
func (e *entry) expand(path string) (string, error) {
	target, err := e.dir.readlink(e.name)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(target, "/") {
		return "", syscall.EPERM
	}
	parent, _, _ := split(path)
	next := parent + target
	if e.slash {
		next += "/"
	}
	return next, nil
}
