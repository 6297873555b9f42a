package rootfs

import "syscall"

// Flags say how something is opened.
type Flags uint

const (
	Read Flags = 1 << iota
	Write
	Append
	Create    // the file if there is none
	Exclusive // with Create: fail if there is one
	Truncate
	OnlyDir  // fail if it is not a directory
	NoFollow // fail if the last component is a link
)

// changing are the flags that directories refuse.
const changing = Write | Create | Truncate

// maxRaces is how often something may take another's place between the look at
// it and its opening.
const maxRaces = 16

// errRaced says that a name does not lead any more to what was seen there.
const errRaced = syscall.EAGAIN

// Open opens a regular file or a directory; the other result is nil. What is
// neither is refused with ENOTSUP.
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
	file, err := d.openFile(e, flags&^Create)
	return file, nil, raced(err)
}

// openable says whether what is of this type may be opened with flags.
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

// openFile opens a regular file by its name. It asks the open file again what it
// is: the name may have been given to a FIFO since it was looked at.
func (d *Dir) openFile(e *entry, flags Flags) (*File, error) {
	f := &File{mount: d.mount, append: flags&Append != 0}
	err := d.mount.usage.hold(f, e, flags&Truncate != 0, func() error {
		host, err := e.dir.openFile(e.name, flags)
		if err != nil {
			return err
		}
		st, err := host.stat()
		if err == nil && st.Type != Regular {
			err = errRaced
		}
		if err != nil {
			_ = host.close()
			return err
		}
		f.host, f.self = host, st.identity()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// raced turns the errors of opening what was looked at before into errRaced.
func raced(err error) error {
	switch err {
	case syscall.ELOOP, syscall.ENOTDIR, syscall.EISDIR, syscall.ENXIO, syscall.ENOENT:
		return errRaced
	}
	return err
}
