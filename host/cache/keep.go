package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Info says what is in a cache.
type Info struct {
	Dir string
	// Entries are of modules that this version can use, Others are not: those of
	// other versions, and what is left over. Bytes are of all.
	Entries, Others int
	Bytes           int64
	// Oldest is when the entry was used last that was not used for the longest
	// time. It is zero if there is none.
	Oldest time.Time
}

// item is something in the folder that may be removed by itself.
type item struct {
	path   string
	size   int64
	used   time.Time
	usable bool
	code   string // of an entry: its native code
}

// items lists what is in the folder. Nothing is verified.
func (c *Cache) items() (list []item, err error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, err
	}
	add := func(path string, d fs.DirEntry) {
		if info, err := d.Info(); err == nil { // else it is gone
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
	c.judge(list)
	return list, nil
}

// judge finds out which items can be used: entries of this version, and their
// native code, which was used when they were.
func (c *Cache) judge(list []item) {
	entries := map[string]*item{} // by their code
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
			// Several may have the same code, which is used when one of them is.
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

// Info looks at what is in the cache.
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

// fresh is how old must be what no entry names: it may be about to get one.
const fresh = time.Hour

// Prune removes what this version can't use, and what was not used for so long.
// It returns how many bytes that were.
func (c *Cache) Prune(unused time.Duration) (bytes int64, err error) {
	return c.remove(func(it item) bool {
		age := time.Since(it.used)
		return it.usable && age > unused || !it.usable && (age > fresh || strings.HasSuffix(it.path, entrySuffix))
	})
}

// Clean removes everything.
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
		os.Remove(filepath.Dir(it.path)) // if it is a folder of code, and empty
	}
	return bytes, err
}
