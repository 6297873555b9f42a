//go:build linux && !portable

package rootfs

import (
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// maxDepth is how many directories a walk keeps open.
	maxDepth = 128
	// maxScan is how many names are searched before a directory is moved.
	maxScan = 1024
)

// walk is a path of open directories, each inside the one before.
type walk struct {
	way   []dirHandle // the walk does not leave the first
	links int
}

// walkTo is descend, one component at a time.
func (d dirHandle) walkTo(path string) (dirHandle, error) {
	w := walk{way: []dirHandle{d}}
	err := w.follow(path)
	last := w.way[len(w.way)-1]
	if err != nil {
		w.close(1)
		return 0, err
	}
	if len(w.way) == 1 { // the path led back to d
		return d.openPath(".")
	}
	w.way = w.way[:len(w.way)-1]
	w.close(1)
	return last, nil
}

// close closes the directories from the nth on.
func (w *walk) close(n int) {
	for _, d := range w.way[n:] {
		_ = d.close()
	}
}

// openPath opens a directory for use in paths only.
func (d dirHandle) openPath(name string) (dirHandle, error) {
	fd, err := d.openAt(name, unix.O_PATH|onlyDir, 0)
	return dirHandle(fd), err
}

// follow walks along a path, and through links.
func (w *walk) follow(path string) error {
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if len(w.way) == 1 {
				return unix.EPERM
			}
			w.close(len(w.way) - 1)
			w.way = w.way[:len(w.way)-1]
			continue
		}
		target, err := w.enter(name)
		if err != nil {
			return err
		}
		if target != "" {
			path = target + "/" + path
		}
	}
	return nil
}

// enter enters a directory. If the name is a link, it returns the target.
func (w *walk) enter(name string) (target string, err error) {
	here := w.way[len(w.way)-1]
	next, err := here.openPath(name)
	switch {
	case err == unix.ENOTDIR || err == unix.ELOOP:
		return w.readlink(here, name)
	case err != nil:
		return "", err
	case len(w.way) > maxDepth:
		_ = next.close()
		return "", unix.ENAMETOOLONG
	}
	w.way = append(w.way, next)
	return "", nil
}

func (w *walk) readlink(here dirHandle, name string) (string, error) {
	target, err := here.readlink(name)
	if w.links++; w.links > maxLinks {
		return "", unix.ELOOP
	}
	switch {
	case err == unix.EINVAL: // not a link
		return "", unix.ENOTDIR
	case err != nil:
		return "", err
	case target[0] == '/':
		return "", unix.EPERM
	}
	return target, nil
}

// above returns the path from the mount's directory to d, which ends in another
// handle of d. The caller must close it.
func (m *Mount) above(d dirHandle) (walk, error) {
	var up []dirHandle
	at, err := d.openPath(".")
	for err == nil {
		up = append(up, at)
		var st Stat
		if st, err = at.stat(); err != nil || st.identity() == m.self {
			break
		}
		if len(up) > maxDepth {
			err = unix.ENAMETOOLONG
			break
		}
		at, err = at.openPath("..")
	}
	w := walk{}
	for i := len(up) - 1; i >= 0; i-- {
		w.way = append(w.way, up[i])
	}
	if err != nil {
		w.close(0)
	}
	return w, err
}

// depth is how many levels d is below the mount's directory.
func (m *Mount) depth(d dirHandle) (int, error) {
	w, err := m.above(d)
	if err != nil {
		return 0, err
	}
	w.close(0)
	return len(w.way) - 1, nil
}

// contains checks that a link in d to target does not lead out of the mount.
func (m *Mount) contains(d dirHandle, target string) error {
	w, err := m.above(d)
	if err != nil {
		return unix.EPERM
	}
	defer func() { w.close(0) }()
	if w.follow(target) == unix.EPERM {
		return unix.EPERM
	}
	return nil
}

// movable checks whether the directory at e may get the name n: see place.
func (m *Mount) movable(e, n *entry) error {
	if here, err := e.dir.stat(); err == nil {
		if there, err := n.dir.stat(); err == nil && here.identity() == there.identity() {
			return nil
		}
	}
	from, err := m.depth(e.dir)
	if err != nil {
		return unix.EXDEV
	}
	to, err := m.depth(n.dir)
	if err != nil {
		return unix.EXDEV
	}
	if to >= from {
		return nil
	}
	scan := scan{left: maxScan}
	return scan.through(e.dir, e.name, to+1)
}

// scan searches a directory for links that would lead out.
type scan struct{ left int }

// through searches a directory as if it were at depth.
func (s *scan) through(in dirHandle, name string, depth int) error {
	dir, err := in.openDir(name)
	if err != nil {
		return err
	}
	defer dir.close()
	if depth > maxDepth {
		return unix.EXDEV
	}
	var found error
	err = dir.readDir(false, 0, mostRoom, func(e Entry) bool {
		if s.left--; s.left < 0 {
			found = unix.EXDEV
			return false
		}
		found = s.entry(dir, e, depth)
		return found == nil
	})
	if found != nil {
		return found
	}
	return err
}

func (s *scan) entry(dir dirHandle, e Entry, depth int) error {
	switch {
	case e.Name == "." || e.Name == "..":
		return nil
	case e.Type == Directory:
		return s.through(dir, e.Name, depth+1)
	case e.Type != SymbolicLink:
		return nil
	}
	target, err := dir.readlink(e.Name)
	if err == nil && climbs(target) > depth {
		err = unix.EPERM
	}
	return err
}
