package files

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"syscall"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/rootfs"
)

// mostWhole is the most bytes of a file that is read or written as a whole.
const mostWhole = 16 << 20

// target is what an op acts on.
type target struct {
	use  *capability.Use
	dir  *rootfs.Dir
	path string // in dir
}

// operation is an op on a path. split takes the path from the argument.
type operation struct {
	split func(arg []byte) (path string, rest []byte, err error)
	do    func(f *Files, t target, rest []byte) ([]byte, error)
}

var ops = map[string]operation{
	abi.CapFilesOpen:   {afterNumbers, (*Files).open},
	abi.CapFilesRead:   {whole, (*Files).read},
	abi.CapFilesWrite:  {counted, (*Files).write},
	abi.CapFilesStat:   {whole, (*Files).stat},
	abi.CapFilesList:   {whole, (*Files).list},
	abi.CapFilesRemove: {whole, (*Files).remove},
	abi.CapFilesMkdir:  {whole, (*Files).mkdir},
	abi.CapFilesRename: {counted, (*Files).rename},
}

func whole(arg []byte) (string, []byte, error) { return string(arg), nil, nil }

func counted(arg []byte) (string, []byte, error) {
	path, rest, err := abi.ParseCounted(arg)
	return string(path), rest, err
}

func afterNumbers(arg []byte) (string, []byte, error) {
	o, err := abi.ParseFileOpen(arg)
	return o.Path, arg, err
}

// of returns the op for the folders of f.
func (op operation) of(f *Files) capability.Op {
	return func(_ context.Context, u *capability.Use) ([]byte, error) {
		name, rest, err := op.split(u.Arg)
		if err != nil {
			return nil, capability.Errorf(abi.InvalidInput, "%s: %v", u.Op, err)
		}
		u.Detail = short(name)
		t, err := f.target(u, name)
		if err == nil {
			defer t.dir.Close()
			var result []byte
			if result, err = op.do(f, t, rest); err == nil {
				return result, nil
			}
		}
		return nil, failure(u.Op+": "+short(name), err)
	}
}

func short(name string) string {
	const most = 200
	if len(name) > most {
		return strconv.Quote(name[:most]) + "…"
	}
	return strconv.Quote(name)
}

// target finds the folder of a path. The caller closes its dir.
func (f *Files) target(u *capability.Use, name string) (target, error) {
	at, rest := f.folder(name)
	if at.Mount == nil {
		return target{}, f.notMounted()
	}
	dir, err := at.Root()
	if err != nil {
		return target{}, err
	}
	return target{u, dir, rest}, nil
}

func (f *Files) stat(t target, _ []byte) ([]byte, error) {
	st, err := t.dir.Stat(t.path, true)
	if err == syscall.ENOENT {
		return abi.FileStat{}.Append(nil), nil
	}
	if err != nil {
		return nil, err
	}
	return abi.FileStat{Kind: kind(st.Type), Size: uint64(st.Size), Modified: st.Mtim}.Append(nil), nil
}

func (f *Files) mkdir(t target, _ []byte) ([]byte, error) { return nil, t.dir.Mkdir(t.path) }

func (f *Files) remove(t target, _ []byte) ([]byte, error) {
	err := t.dir.Unlink(t.path)
	if err == syscall.EISDIR || err == syscall.EPERM {
		err = t.dir.Rmdir(t.path)
	}
	return nil, err
}

func (f *Files) rename(t target, rest []byte) ([]byte, error) {
	to, err := f.target(t.use, string(rest))
	if err != nil {
		return nil, err
	}
	defer to.dir.Close()
	t.use.Detail += " to " + short(string(rest))
	return nil, t.dir.Rename(t.path, to.dir, to.path)
}

func (f *Files) read(t target, _ []byte) ([]byte, error) {
	file, err := openFile(t.dir, t.path, rootfs.Read)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	bytes := make([]byte, min(st.Size, mostWhole)+1)
	n := 0
	for n < len(bytes) {
		more, err := file.Readv([][]byte{bytes[n:]})
		if err != nil {
			return nil, err
		}
		if more == 0 {
			return bytes[:n], nil
		}
		n += more
	}
	return nil, capability.Errorf(abi.InvalidInput, "it has more than %d bytes: read its stream (%s)",
		min(st.Size, mostWhole), abi.CapFilesOpen)
}

// write writes a new file, and renames it when it is whole.
func (f *Files) write(t target, bytes []byte) (_ []byte, err error) {
	if len(bytes) > mostWhole {
		return nil, capability.Errorf(abi.InvalidInput, "%d bytes are too many to write at once, at most %d are allowed: "+
			"write to its stream (%s)", len(bytes), mostWhole, abi.CapFilesOpen)
	}
	parent, name := path.Split(t.path)
	if name == "" || name == "." || name == ".." {
		return nil, syscall.EISDIR
	}
	if st, err := t.dir.Stat(t.path, false); err == nil && st.Type == rootfs.Directory {
		return nil, syscall.EISDIR
	}
	temporary := parent + ".wexec-" + rand.Text()
	file, err := openFile(t.dir, temporary, rootfs.Write|rootfs.Create|rootfs.Exclusive)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = t.dir.Unlink(temporary)
		}
	}()
	if err = writeAll(file.File, bytes); err == nil {
		err = file.Close()
	} else {
		file.Close()
	}
	if err == nil {
		err = t.dir.Rename(temporary, t.dir, t.path)
	}
	return nil, err
}

func (f *Files) open(t target, arg []byte) ([]byte, error) {
	o, _ := abi.ParseFileOpen(arg)
	flags, err := openFlags(o)
	if err != nil {
		return nil, err
	}
	file, err := openFile(t.dir, t.path, flags)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(int64(o.Offset), 0); err != nil {
		file.Close()
		return nil, err
	}
	return opened(t.use, newStream(file, t.use.Op+": "+short(o.Path), o.Flags))
}

// opened opens a stream, and returns its handle.
func opened(u *capability.Use, s io.Closer) ([]byte, error) {
	handle, err := u.Open(s)
	if err != nil {
		return nil, err
	}
	return abi.AppendStream(nil, handle), nil
}

func openFlags(o abi.FileOpen) (flags rootfs.Flags, err error) {
	for flag, host := range map[abi.FileFlags]rootfs.Flags{
		abi.FileRead: rootfs.Read, abi.FileWrite: rootfs.Write, abi.FileCreate: rootfs.Create,
		abi.FileExclusive: rootfs.Exclusive, abi.FileTruncate: rootfs.Truncate, abi.FileAppend: rootfs.Append,
	} {
		if o.Flags&flag != 0 {
			flags |= host
		}
		o.Flags &^= flag
	}
	switch {
	case o.Flags != 0:
		err = fmt.Errorf("the flags %#x are not known", uint32(o.Flags))
	case flags&(rootfs.Read|rootfs.Write) == 0:
		err = fmt.Errorf("the flags say neither read (%d) nor write (%d)", abi.FileRead, abi.FileWrite)
	case flags&rootfs.Write == 0 && flags != rootfs.Read:
		err = fmt.Errorf("create, truncate and append need the flag write (%d)", abi.FileWrite)
	case o.Offset > math.MaxInt64, o.Offset > 0 && flags&rootfs.Append != 0:
		err = fmt.Errorf("the offset %d is impossible", o.Offset)
	}
	if err != nil {
		return 0, capability.Errorf(abi.InvalidInput, "%v", err)
	}
	return flags, nil
}
