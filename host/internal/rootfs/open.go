package rootfs

import "syscall"

// Flags say how something is opened.
type Flags uint

const (
	Read Flags = 1 << iota
	Write
	Append
	Create    // create the file if it does not exist
	Exclusive // with Create: fail if it exists
	Truncate
	OnlyDir  // fail if it is not a directory
	NoFollow // fail if the last component is a link
)

// changing are the flags that directories refuse.
const changing = Write | Create | Truncate

// maxRaces is how often Open tries again when a file is replaced between the check
// and the open.
const maxRaces = 16

// errRaced means that the file was replaced since it was checked.
const errRaced = syscall.EAGAIN

// Open opens a regular file or a directory, and returns nil for the other. Files of
// other types are refused with ENOTSUP.
func (d *Dir) Open(path string, flags Flags) (*File, *Dir, error) {
	switch {
	case flags&OnlyDir != 0 && flags&Create != 0:
		return nil, nil, syscall.EINVAL
	case flags&OnlyDir != 0 && flags&changing != 0:
		return nil, nil, syscall.EISDIR
	case d.mount.access != ReadWrite && flags&(Write|Truncate) != 0:
		return nil, nil, syscall.EROFS
	}
	exclusive := flags&Create != 0 && flags&Exclusive != 0
	for range maxRaces {
		e, err := d.resolve(path, flags&NoFollow == 0 && !exclusive)
		if err != nil {
			return nil, nil, err
		}
		file, dir, err := d.openEntry(&e, flags)
		e.close()
		if err != errRaced {
			return file, dir, err
		}
	}
	return nil, nil, errRaced
}

func (d *Dir) openEntry(e *entry, flags Flags) (*File, *Dir, error) {
	if !e.found {
		file, err := d.createFile(e, flags)
		return file, nil, err
	}
	if flags&Create != 0 && flags&Exclusive != 0 {
		return nil, nil, syscall.EEXIST
	}
	if err := openable(e.stat.Type, flags); err != nil {
		return nil, nil, err
	}
	if e.stat.Type == Directory {
		at, err := e.dir.openDir(e.name)
		if err != nil {
			return nil, nil, raced(err)
		}
		return nil, &Dir{mount: d.mount, at: at}, nil
	}
	var file *File
	err := d.mount.usage.within(func() (err error) {
		file, err = d.openFile(e, flags&^Create)
		return err
	})
	return file, nil, raced(err)
}

// openable checks whether a file of this type may be opened with flags.
func openable(t FileType, flags Flags) error {
	switch {
	case t == SymbolicLink && flags&OnlyDir == 0:
		return syscall.ELOOP
	case t == Directory && flags&changing != 0:
		return syscall.EISDIR
	case t != Directory && flags&OnlyDir != 0:
		return syscall.ENOTDIR
	case t != Directory && t != Regular:
		return syscall.ENOTSUP
	}
	return nil
}

func (d *Dir) createFile(e *entry, flags Flags) (file *File, err error) {
	switch {
	case flags&Create == 0:
		return nil, syscall.ENOENT
	case e.slash:
		return nil, syscall.EISDIR
	case d.mount.access != ReadWrite:
		return nil, syscall.EROFS
	}
	err = d.mount.usage.add(func() error {
		file, err = d.openFile(e, flags|Exclusive)
		return err
	})
	if err == syscall.EEXIST && flags&Exclusive == 0 {
		return nil, errRaced
	}
	return file, err
}

// openFile opens a regular file. It checks the type of the open file again, since a
// FIFO may have taken the name after the first check.
func (d *Dir) openFile(e *entry, flags Flags) (*File, error) {
	f := &File{mount: d.mount, append: flags&Append != 0}
	err := d.mount.usage.hold(f, e, flags&Truncate != 0, func() (Stat, error) {
		host, err := e.dir.openFile(e.name, flags)
		if err != nil {
			return Stat{}, err
		}
		st, err := host.stat()
		if err == nil && st.Type != Regular {
			err = errRaced
		}
		if err != nil {
			_ = host.close()
			return st, err
		}
		f.host = host
		return st, nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// raced returns errRaced for errors that mean the file has changed since the check.
func raced(err error) error {
	switch err {
	case syscall.ELOOP, syscall.ENOTDIR, syscall.EISDIR, syscall.ENXIO, syscall.ENOENT:
		return errRaced
	}
	return err
}
