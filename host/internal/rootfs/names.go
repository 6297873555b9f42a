package rootfs

import (
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// Unlink implements sys.FS.
func (f *FS) Unlink(path string) sys.Errno {
	return f.remove(path, func(mode fs.FileMode) sys.Errno {
		if mode.IsDir() {
			return sys.EISDIR
		}
		return 0
	})
}

// Rmdir implements sys.FS.
func (f *FS) Rmdir(path string) sys.Errno {
	return f.remove(path, func(mode fs.FileMode) sys.Errno {
		if !mode.IsDir() {
			return sys.ENOTDIR
		}
		return 0
	})
}

// remove asks allowed first, since os.Root removes files and directories alike.
func (f *FS) remove(path string, allowed func(fs.FileMode) sys.Errno) sys.Errno {
	name, errno := f.writable(path)
	if errno != 0 {
		return errno
	}
	info, err := f.root.Lstat(name)
	if err != nil {
		return errnoOf(err)
	}
	if errno := allowed(info.Mode()); errno != 0 {
		return errno
	}
	return errnoOf(f.root.Remove(name))
}

// Rename implements sys.FS. Symbolic links that climb stay where they are, for
// moved up they could lead out.
func (f *FS) Rename(from, to string) sys.Errno {
	oldName, newName, info, errno := f.move(from, to)
	if errno != 0 {
		return errno
	}
	errno = errnoOf(f.root.Rename(oldName, newName))
	if errno == sys.EEXIST {
		return f.replaceDir(oldName, info, newName)
	}
	return errno
}

// move checks that what is at one path may be given another, and returns both
// as names below the root.
func (f *FS) move(from, to string) (oldName, newName string, info fs.FileInfo, errno sys.Errno) {
	if oldName, errno = f.writable(from); errno != 0 {
		return "", "", nil, errno
	}
	if newName, errno = f.writable(to); errno != 0 {
		return "", "", nil, errno
	}
	info, err := f.root.Lstat(oldName)
	if err != nil {
		return "", "", nil, errnoOf(err)
	}
	return oldName, newName, info, f.movable(oldName, info)
}

// replaceDir renames onto a directory. os.Root never does; POSIX does when both
// are directories and the one replaced is empty.
func (f *FS) replaceDir(oldName string, info fs.FileInfo, newName string) sys.Errno {
	target, err := f.root.Lstat(newName)
	switch {
	case err != nil:
		return errnoOf(err)
	case os.SameFile(info, target):
		return 0
	case !info.IsDir():
		return sys.EISDIR
	}
	if errno := f.Rmdir(newName); errno != 0 {
		return errno
	}
	if err := f.root.Rename(oldName, newName); err != nil {
		// Say, a directory into itself: leave things as they were.
		_ = f.root.Mkdir(newName, target.Mode().Perm())
		return errnoOf(err)
	}
	return 0
}
