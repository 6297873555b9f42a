package wasi

import (
	"encoding/binary"
	"testing"
	"time"
)

// TestUnstable: the calls of 2019 have other layouts.
func TestUnstable(t *testing.T) {
	g, _ := withFiles(t, "file=0123456789")
	g.unstable = true
	fd := g.mustOpen("file", 0, rightFdSeek|rightFdFilestatGet, 0)
	result := g.alloc(8)
	for _, step := range []struct {
		offset, whence int
		at             uint64
	}{{3, 2, 3}, {4, 0, 7}, {-2, 1, 8}} {
		want(t, "seek", g.call("fd_seek", fd, step.offset, step.whence, result), success)
		if at := g.u64(result); at != step.at {
			t.Errorf("after %+v the file is at %d", step, at)
		}
	}
	want(t, "seek from nowhere", g.call("fd_seek", fd, 0, 3, result), eInval)

	const sentinel = 0xfeedface
	stat := g.alloc(64)
	binary.LittleEndian.PutUint64(g.mem[stat+56:], sentinel)
	want(t, "stat", g.call("fd_filestat_get", fd, stat), success)
	nlink, size, mtim := g.u32(stat+20), g.u64(stat+24), g.u64(stat+40)
	if g.mem[stat+16] != 4 || nlink != 1 || size != 10 || time.Since(time.Unix(0, int64(mtim))) > time.Hour {
		t.Errorf("type %d, %d links, %d bytes, of %d", g.mem[stat+16], nlink, size, mtim)
	}
	if g.u64(stat+56) != sentinel {
		t.Error("the stat is longer than it was")
	}
	want(t, "at the end of memory", g.call("fd_filestat_get", fd, memorySize-56), success)
	want(t, "past it", g.call("fd_filestat_get", fd, memorySize-55), eFault)

	in := g.subscribe([]sub{after(0)})
	copy(g.mem[memorySize-56:], g.mem[in:][:56])
	want(t, "poll", g.call("poll_oneoff", memorySize-56, 64, 1, 128), success)
	want(t, "poll past the end", g.call("poll_oneoff", memorySize-55, 64, 1, 128), eFault)
}
