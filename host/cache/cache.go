// Package cache keeps on disk what takes long to make of a module: the module
// as it is run, its native code, and what the host has found out about it.
//
// What is in it is run as it is, so nobody but the user may write to its
// folder, and every byte of an entry is compared with a SHA-256 before it is
// used. An entry that is damaged is as good as none. Files are written whole or
// not at all, so that any number of processes may share the folder.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Cache is a folder.
type Cache struct{ dir string }

// DefaultDir returns the folder that is used if nobody says otherwise: wexec in
// the user's cache folder.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "wexec"), err
}

// Open opens the cache in a folder, which is made if there is none. It refuses
// one that belongs to somebody else.
func Open(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkOwner(dir); err != nil {
		return nil, err
	}
	return &Cache{dir}, os.Chmod(dir, 0o700) // nobody needs to know what is in it
}

// Dir returns the folder. wazero finds native code in it.
func (c *Cache) Dir() string { return c.dir }

// Key names an entry.
type Key [sha256.Size]byte

// KeyOf returns the key of what is made of a module by a program of this version
// of wexec, on this kind of machine, with settings that say how.
func KeyOf(wasm []byte, settings string) Key {
	module := sha256.Sum256(wasm)
	return sha256.Sum256(fmt.Appendf(nil, "%x\n%s\n%s", module, version(), settings))
}

// Entry is what is kept.
type Entry struct {
	// Meta is the host's, as JSON.
	Meta json.RawMessage
	// Wasm is the module as it is compiled, and Data what its memory begins with.
	Wasm, Data []byte
	Code       Code
}

// Code is a file of native code.
type Code struct {
	File string // below Dir
	Sum  string // its SHA-256
}

// DamagedError says why an entry can't be used. It is gone.
type DamagedError struct {
	File   string
	Reason string
}

func (e *DamagedError) Error() string { return fmt.Sprintf("the cache file %s %s", e.File, e.Reason) }

const (
	entrySuffix = ".entry"
	tempPrefix  = "new-"
)

func (c *Cache) file(key Key) string {
	return filepath.Join(c.dir, hex.EncodeToString(key[:])+entrySuffix)
}

// Get returns the entry with that key, or nil if there is none. Its native code
// has been verified, too. With an error, there is none that can be used.
func (c *Cache) Get(key Key) (*Entry, error) {
	file := c.file(key)
	e, err := c.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if _, ok := errors.AsType[*DamagedError](err); ok {
			os.Remove(file)
		}
		return nil, err
	}
	touch(file)
	return e, nil
}

// usedEvery is how exactly it is known when an entry was used last.
const usedEvery = time.Hour

// touch notes that an entry was used.
func touch(file string) {
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > usedEvery {
		now := time.Now()
		os.Chtimes(file, now, now) // if it can't be, it looks older than it is
	}
}

// Compile has wazero write native code into a new folder, and moves that to
// where it belongs. An error that is not compile's is a *DiskError.
func (c *Cache) Compile(compile func(dir string) error) (Code, error) {
	temp, err := os.MkdirTemp(c.dir, tempPrefix+"*")
	if err != nil {
		return Code{}, &DiskError{err}
	}
	defer os.RemoveAll(temp)
	if err := compile(temp); err != nil {
		return Code{}, err
	}
	code, err := c.take(temp)
	if err != nil {
		return Code{}, &DiskError{err}
	}
	return code, nil
}

// take moves the one file of native code that is in a folder.
func (c *Cache) take(temp string) (code Code, err error) {
	made, err := fs.Glob(os.DirFS(temp), codePrefix+"*/*")
	if err != nil || len(made) != 1 {
		return code, fmt.Errorf("wazero wrote %d files of native code", len(made))
	}
	code.File = filepath.FromSlash(made[0])
	from, to := filepath.Join(temp, code.File), filepath.Join(c.dir, code.File)
	if code.Sum, err = sumOf(from); err != nil {
		return code, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return code, err
	}
	return code, os.Rename(from, to)
}

// DiskError says why something can't be written.
type DiskError struct{ Err error }

func (e *DiskError) Error() string { return "the cache can't be written: " + e.Err.Error() }
func (e *DiskError) Unwrap() error { return e.Err }

// codePrefix begins the names of wazero's folders: one for each of its versions
// and kind of machine.
const codePrefix = "wazero-"

// Put keeps an entry, in place of another one with that key.
func (c *Cache) Put(key Key, e *Entry) error {
	temp, err := os.CreateTemp(c.dir, tempPrefix+"*")
	if err != nil {
		return err
	}
	err = e.write(temp)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), c.file(key))
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// isOurs reports whether a name in the folder is one that the cache has given.
func isOurs(name string) bool {
	return strings.HasSuffix(name, entrySuffix) || strings.HasPrefix(name, tempPrefix) || strings.HasPrefix(name, codePrefix)
}
