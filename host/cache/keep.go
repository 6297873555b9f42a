package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Info describes the contents of a cache.
type Info struct {
	Dir string
	// Entries counts the entries that this version can use. Others counts the
	// cache's other files: those of other versions, and orphaned ones.
	Entries, Others int
	Bytes           int64 // of all these files
	// Oldest is when the least recently used entry was used last. It is zero if
	// there are no entries.
	Oldest time.Time
}

// item is a file or folder that can be removed on its own.
type item struct {
	path   string
	size   int64
	used   time.Time
	usable bool
	code   string // the native code, if the item is an entry
}

// items lists the contents of the folder. It verifies nothing.
func (c *Cache) items() (list []item, err error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, err
	}
	add := func(path string, d fs.DirEntry) {
		if info, err := d.Info(); err == nil { // if not, another process has removed it
			list = append(list, item{path: path, size: info.Size(), used: info.ModTime()})
		}
	}
	for _, d := range entries {
		path := filepath.Join(c.dir, d.Name())
		switch {
		case !isOurs(d.Name()):
		case d.IsDir() && strings.HasPrefix(d.Name(), codePrefix):
			code, _ := os.ReadDir(path)
			for _, d := range code {
				add(filepath.Join(path, d.Name()), d)
			}
		default:
			add(path, d)
		}
	}
	c.markUsable(list)
	return list, nil
}

// markUsable marks the items that this version can use: its entries and their
// native code. Native code was last used when its entry was.
func (c *Cache) markUsable(list []item) {
	entries := map[string]*item{} // by native code
	for i := range list {
		it := &list[i]
		if !strings.HasSuffix(it.path, entrySuffix) {
			continue
		}
		b, err := os.ReadFile(it.path)
		if err != nil {
			continue
		}
		if h, _, err := parse(it.path, b); err == nil && h.Version == version() {
			it.usable, it.code = true, filepath.Join(c.dir, filepath.FromSlash(h.Code))
			// Several entries may share code. The latest use counts.
			if other := entries[it.code]; other == nil || other.used.Before(it.used) {
				entries[it.code] = it
			}
		}
	}
	for i := range list {
		if entry := entries[list[i].path]; entry != nil {
			list[i].usable, list[i].used = true, entry.used
		}
	}
}

// Info returns the contents of the cache.
func (c *Cache) Info() (Info, error) {
	info := Info{Dir: c.dir}
	list, err := c.items()
	for _, it := range list {
		info.Bytes += it.size
		switch {
		case it.usable && it.code != "":
			info.Entries++
			if info.Oldest.IsZero() || it.used.Before(info.Oldest) {
				info.Oldest = it.used
			}
		case !it.usable:
			info.Others++
		}
	}
	return info, err
}

// orphanAge is how old a file without an entry must be before Prune removes it. A
// younger one may be about to get an entry.
const orphanAge = time.Hour

// Prune removes entries that this version can't use, entries not used for the
// given time, and orphaned files. It returns how many bytes it removed.
func (c *Cache) Prune(unused time.Duration) (bytes int64, err error) {
	return c.remove(func(it item) bool {
		age := time.Since(it.used)
		if it.usable {
			return age > unused
		}
		return age > orphanAge || strings.HasSuffix(it.path, entrySuffix)
	})
}

// Clean removes everything. It returns how many bytes it removed.
func (c *Cache) Clean() (bytes int64, err error) {
	return c.remove(func(item) bool { return true })
}

func (c *Cache) remove(unwanted func(item) bool) (bytes int64, err error) {
	list, err := c.items()
	if err != nil {
		return 0, err
	}
	for _, it := range list {
		if !unwanted(it) {
			continue
		}
		if failed := os.RemoveAll(it.path); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		bytes += it.size
		os.Remove(filepath.Dir(it.path)) // succeeds only if it is an empty folder of code
	}
	return bytes, err
}
