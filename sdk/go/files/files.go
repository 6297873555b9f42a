// Package files reads and writes the files of a host by ops, so other calls of the
// instance run meanwhile. Package os, which blocks them, sees the same folders.
//
//	text, err := files.Read(ctx, "/data/config.json")
//	err := files.Write(ctx, "/data/result", bytes)
//	f, err := files.Open(ctx, "/data/log", files.ForWriting|files.Create|files.Append, 0)
//
// Errors are those of wexec.Op. For errors.Is, that of a missing file is fs.ErrNotExist,
// that of one too many is fs.ErrExist, and that of one that is denied is
// fs.ErrPermission.
package files

import (
	"context"
	"encoding/binary"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/internal/entries"
)

// Flags say how Open opens a file.
type Flags = abi.FileFlags

// The flags. One of the first two is needed, and ForWriting for those after it.
const (
	ForReading Flags = abi.FileRead
	ForWriting Flags = abi.FileWrite
	Create     Flags = abi.FileCreate
	Exclusive  Flags = abi.FileExclusive
	Truncate   Flags = abi.FileTruncate
	Append     Flags = abi.FileAppend
)

// Kind is the kind of a file.
type Kind = abi.FileKind

// The kinds.
const (
	None      Kind = abi.FileNone
	Directory Kind = abi.FileDirectory
	Regular   Kind = abi.FileRegular
	Link      Kind = abi.FileLink
	Other     Kind = abi.FileOther
)

// Info describes a file.
type Info struct {
	Kind     Kind
	Size     int64
	Modified time.Time
}

// Entry is a name in a directory.
type Entry struct {
	Name string
	Kind Kind
}

// Read returns the bytes of a file of up to 16 MiB.
func Read(ctx context.Context, path string) ([]byte, error) {
	return op(ctx, abi.CapFilesRead, []byte(path))
}

// Write makes a file of up to 16 MiB, in place of one that may be there. If it fails,
// that one is unchanged.
func Write(ctx context.Context, path string, bytes []byte) error {
	_, err := op(ctx, abi.CapFilesWrite, abi.AppendCounted(nil, []byte(path), bytes))
	return err
}

// Open opens a file as a stream, which should be closed. Reading and writing begin at
// the offset.
func Open(ctx context.Context, path string, flags Flags, offset int64) (*wexec.Stream, error) {
	return stream(ctx, abi.CapFilesOpen, abi.FileOpen{Flags: flags, Offset: uint64(offset), Path: path}.Append(nil))
}

// Stat describes a file. If there is none, its kind is None and err is nil.
func Stat(ctx context.Context, path string) (Info, error) {
	result, err := op(ctx, abi.CapFilesStat, []byte(path))
	if err != nil {
		return Info{}, err
	}
	st, err := abi.ParseFileStat(result)
	return Info{st.Kind, int64(st.Size), time.Unix(0, st.Modified)}, err
}

// Remove removes a file, a link or an empty directory.
func Remove(ctx context.Context, path string) error {
	_, err := op(ctx, abi.CapFilesRemove, []byte(path))
	return err
}

// Mkdir makes a directory.
func Mkdir(ctx context.Context, path string) error {
	_, err := op(ctx, abi.CapFilesMkdir, []byte(path))
	return err
}

// Rename renames a file or directory within a folder of the host.
func Rename(ctx context.Context, path, newPath string) error {
	_, err := op(ctx, abi.CapFilesRename, abi.AppendCounted(nil, []byte(path), []byte(newPath)))
	return err
}

// List runs through the names in a directory, in any order. It ends after the first
// error.
func List(ctx context.Context, path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		s, err := stream(ctx, abi.CapFilesList, []byte(path))
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer s.Close()
		entries.Each(s, abi.CutFileEntry, func(e abi.FileEntry, err error) bool {
			return yield(Entry{e.Name, e.Kind}, err)
		})
	}
}

func stream(ctx context.Context, name string, arg []byte) (*wexec.Stream, error) {
	opened, err := op(ctx, name, arg)
	if err != nil {
		return nil, err
	}
	return wexec.NewStream(ctx, binary.LittleEndian.Uint32(opened)), nil
}

func op(ctx context.Context, name string, arg []byte) ([]byte, error) {
	result, err := wexec.Op(ctx, name, arg)
	if err != nil {
		return nil, &failure{err}
	}
	return result, nil
}

// failure is an error that package fs knows, too.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

func (f *failure) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return strings.HasSuffix(f.Error(), ": no such file")
	case fs.ErrExist:
		return strings.HasSuffix(f.Error(), ": it exists already")
	case fs.ErrPermission:
		return wexec.StatusOf(f.error) == wexec.StatusDenied
	}
	return false
}
