package rootfs

import (
	"strings"
	"syscall"
)

const (
	// maxPath is Linux's PATH_MAX, which counts a zero byte at the end.
	maxPath = 4096
	// maxLinks is how many links a path may lead through, as on Linux.
	maxLinks = 40
)

// check refuses the paths that lead nowhere in any mount.
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

// split parts a path that is not empty into the directory part, which may be
// empty, and the last component. slash says whether slashes follow it.
func split(path string) (parent, name string, slash bool) {
	trimmed := strings.TrimRight(path, "/")
	at := strings.LastIndexByte(trimmed, '/') + 1
	return trimmed[:at], trimmed[at:], len(trimmed) < len(path)
}

// entry is a name in an open directory, which is where a path leads.
type entry struct {
	dir   dirHandle
	owned bool // the entry closes dir
	name  string
	slash bool // the path says that name is a directory

	stat  Stat // set by resolve if there is such a name
	found bool
}

func (e *entry) close() {
	if e.owned {
		_ = e.dir.close()
	}
}

// isDots reports whether the path ends in "." or "..".
func (e *entry) isDots() bool { return e.name == "." || e.name == ".." }

// text is the name with the slash that the path had. Calls that make, rename or
// remove a name understand it, and don't follow links for it.
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

// resolve finds where a path leads and what is there. A link in the last place
// is followed if follow says so, or if a slash comes after it. A path that ends
// in "." or ".." becomes the entry "." of where it leads.
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

// look fills in what is at e. If that is a link to be followed, it returns the
// path to go on with.
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

// expand returns the path that a link in the last place of path makes.
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
