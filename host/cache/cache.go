// Package cache keeps on disk what is slow to make from a module: the rewritten
// module, its native code, and what the host has found out about it. It also keeps
// modules that were slow to build from sources.
//
// The host runs the code in the cache, so only the user may write to its folder,
// and every entry is verified against its SHA-256 before it is used. A damaged
// entry is removed and made again. Files are written completely or not at all, so
// any number of processes can share the folder.
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
	"slices"
	"strings"
	"time"
)

// Cache is a cache in a folder.
type Cache struct{ dir string }

// DefaultDir returns the default folder: wexec in the user's cache folder.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "wexec"), err
}

// Open opens the cache in a folder, and makes the folder if it does not exist. It
// returns an error if another user owns the folder or may write to it.
func Open(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkOwner(dir); err != nil {
		return nil, err
	}
	return &Cache{dir}, os.Chmod(dir, 0o700) // other users need not read it
}

// Dir returns the folder. wazero looks for native code in it.
func (c *Cache) Dir() string { return c.dir }

// Key names an entry.
type Key [sha256.Size]byte

// KeyOf returns the key of a module compiled with the given settings by this
// version of wexec on this kind of machine.
func KeyOf(wasm []byte, settings string) Key {
	module := Sum(wasm)
	return sha256.Sum256(fmt.Appendf(nil, "%x\n%s\n%s", module, version(), settings))
}

// Sum returns the SHA-256 of b. Go can't stop a goroutine that hashes: 64 MB at once
// take 40 ms. So it hashes pieces.
func Sum(b []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for piece := range slices.Chunk(b, pieceSize) {
		h.Write(piece)
	}
	h.Sum(sum[:0])
	return sum
}

const pieceSize = 64 << 10

// Entry is what the cache keeps of a module.
type Entry struct {
	// Meta is JSON that only the host interprets.
	Meta json.RawMessage
	// Wasm is the module as it was compiled. Data is the initial contents of its
	// memory.
	Wasm, Data []byte
	Code       Code
}

// Code is a file of native code. It is zero in an entry without.
type Code struct {
	File string // relative to Dir
	Sum  string // its SHA-256
}

// DamagedError says why an entry can't be used. The entry has been removed.
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

// Get returns the entry with the given key, or nil if there is none. It verifies
// the entry and its native code. If it returns an error, it returns no entry.
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

// touchEvery is how precise the time of the last use of an entry is.
const touchEvery = time.Hour

// touch records that an entry was used.
func touch(file string) {
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > touchEvery {
		now := time.Now()
		os.Chtimes(file, now, now) // if that fails, the entry looks older than it is
	}
}

// Compile calls compile with a new folder, which wazero must write native code
// to, and moves the code into the cache. Errors other than those of compile are
// of type *DiskError.
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

// take moves the only file of native code in a folder into the cache.
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

// DiskError says why the cache can't be written.
type DiskError struct{ Err error }

func (e *DiskError) Error() string { return "the cache can't be written: " + e.Err.Error() }
func (e *DiskError) Unwrap() error { return e.Err }

// codePrefix begins the names of wazero's folders. There is one for each version
// of wazero and kind of machine.
const codePrefix = "wazero-"

// Put stores an entry, and replaces one with the same key.
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

// isOurs reports whether a file or folder with that name belongs to the cache.
func isOurs(name string) bool {
	return strings.HasSuffix(name, entrySuffix) ||
		strings.HasPrefix(name, tempPrefix) ||
		strings.HasPrefix(name, codePrefix)
}
