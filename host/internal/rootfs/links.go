package rootfs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// Symlink implements sys.FS. It refuses targets that are absolute or hold "..",
// even where the "..", as things stand, stays inside: the guest could later move
// the link, or a directory above it, so that it leads out. What only goes down
// stays inside wherever it is moved, unless it meets a link of the host's.
func (f *FS) Symlink(target, link string) sys.Errno {
	name, errno := f.writable(link)
	if errno != 0 {
		return errno
	}
	switch {
	case target == "":
		return sys.EINVAL
	case len(target) > maxPath:
		return sys.ENAMETOOLONG
	}
	// wazero passes a view of the guest's memory, which a thread of the guest
	// could change after the check.
	target = strings.Clone(target)
	if !descends(target) || f.leadsOut(path.Dir(name)+"/"+target) {
		return sys.EPERM
	}
	return errnoOf(f.root.Symlink(target, name))
}

// Readlink implements sys.FS. An absolute target is refused: it can't be
// followed here, and it tells the guest about the host.
func (f *FS) Readlink(link string) (string, sys.Errno) {
	name, errno := nameOf(link)
	if errno != 0 {
		return "", errno
	}
	target, err := f.root.Readlink(name)
	if err != nil {
		return "", errnoOf(err)
	}
	if filepath.IsAbs(target) {
		return "", sys.EPERM
	}
	return filepath.ToSlash(target), 0
}

// Link implements sys.FS. Of a symbolic link it makes a second name for the
// link itself, with the limits of Rename.
func (f *FS) Link(oldPath, newPath string) sys.Errno {
	oldName, newName, _, errno := f.move(oldPath, newPath)
	if errno != 0 {
		return errno
	}
	return errnoOf(f.root.Link(oldName, newName))
}

// movable refuses to give another place to a symbolic link that Symlink would
// not have made; the host made it.
func (f *FS) movable(name string, info fs.FileInfo) sys.Errno {
	if info.Mode()&fs.ModeSymlink == 0 {
		return 0
	}
	target, err := f.root.Readlink(name)
	if err != nil {
		return errnoOf(err)
	}
	if !descends(target) {
		return sys.EPERM
	}
	return 0
}

// leadsOut says whether a path does so by way of a link that the host made.
func (f *FS) leadsOut(name string) bool {
	_, err := f.root.Stat(name)
	return errnoOf(err) == sys.EPERM
}

// descends says whether a relative path only ever goes down.
func descends(target string) bool {
	parts := strings.FieldsFunc(target, func(r rune) bool {
		return r < 0x80 && os.IsPathSeparator(uint8(r))
	})
	return filepath.IsLocal(target) && !slices.Contains(parts, "..")
}
