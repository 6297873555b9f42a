// Command bench makes system calls over and over. It is a reactor: the benchmark
// calls what it exports, with a number of times.
package main

import (
	"structs"
	"unsafe"
)

func main() {}

const (
	mount     = 3
	allRights = 1<<28 - 1
	directory = 2
	create    = 1
)

var (
	file, deep, dir uint32
	buf             [1 << 20]byte
	result          [64]byte
)

// path is a path's address and length.
func path(s string) (*byte, uint32) { return unsafe.StringData(s), uint32(len(s)) }

func open(name string, oflags uint32, rights uint64) (fd uint32) {
	p, n := path(name)
	check(pathOpen(mount, 1, p, n, oflags, rights, allRights, 0, &fd))
	return fd
}

func check(errno uint32) {
	if errno != 0 {
		panic(errno)
	}
}

//go:wasmexport setup
func setup() {
	const fileRights = 1<<0 | 1<<1 | 1<<2 | 1<<5 | 1<<6 | 1<<21
	file = open("file", create, fileRights)
	dir = open("many", directory, allRights&^(1<<1|1<<6))
}

type iovec struct {
	_      structs.HostLayout
	buf, n uint32
}

func vector(n int) *iovec { return &iovec{buf: uint32(uintptr(unsafe.Pointer(&buf))), n: uint32(n)} }

//go:wasmexport write
func write(times, n int32) {
	v, done := vector(int(n)), uint32(0)
	for range times {
		rewind()
		check(fdWrite(file, v, 1, &done))
		if done != uint32(n) {
			panic(done)
		}
	}
}

//go:wasmexport read
func read(times, n int32) {
	v, done := vector(int(n)), uint32(0)
	for range times {
		rewind()
		check(fdRead(file, v, 1, &done))
		if done != uint32(n) {
			panic(done)
		}
	}
}

func rewind() {
	var at uint64
	check(fdSeek(file, 0, 0, &at))
}

//go:wasmexport stat
func stat(times, deep int32) {
	p, n := path("file")
	if deep != 0 {
		p, n = path("a/b/c/file")
	}
	for range times {
		check(pathFilestatGet(mount, 1, p, n, &result))
	}
}

//go:wasmexport opens
func opens(times, deep int32) {
	p, n := path("file")
	if deep != 0 {
		p, n = path("a/b/c/file")
	}
	for range times {
		var fd uint32
		check(pathOpen(mount, 1, p, n, 0, 1<<1, 0, 0, &fd))
		check(fdClose(fd))
	}
}

//go:wasmexport readdir
func readdir(times, room int32) {
	for range times {
		cookie := uint64(0)
		for used := uint32(room); used == uint32(room); {
			check(fdReaddir(dir, &buf, uint32(room), cookie, &used))
			cookie = lastCookie(buf[:used], cookie)
		}
	}
}

// lastCookie is where to go on after the entries that are there whole.
func lastCookie(b []byte, cookie uint64) uint64 {
	const head = 24
	for len(b) >= head {
		e := (*struct {
			next, ino uint64
			n         uint32
		})(unsafe.Pointer(&b[0]))
		if len(b) < head+int(e.n) {
			break
		}
		cookie, b = e.next, b[head+e.n:]
	}
	return cookie
}

//go:wasmexport clock
func clock(times, _ int32) {
	var now uint64
	for range times {
		check(clockTimeGet(1, 0, &now))
	}
}

//go:wasmimport wasi_snapshot_preview1 path_open
func pathOpen(dir, lookup uint32, path *byte, n, oflags uint32, base, inherit uint64, flags uint32, fd *uint32) uint32

//go:wasmimport wasi_snapshot_preview1 path_filestat_get
func pathFilestatGet(dir, lookup uint32, path *byte, n uint32, result *[64]byte) uint32

//go:wasmimport wasi_snapshot_preview1 fd_close
func fdClose(fd uint32) uint32

//go:wasmimport wasi_snapshot_preview1 fd_read
func fdRead(fd uint32, v *iovec, n uint32, done *uint32) uint32

//go:wasmimport wasi_snapshot_preview1 fd_write
func fdWrite(fd uint32, v *iovec, n uint32, done *uint32) uint32

//go:wasmimport wasi_snapshot_preview1 fd_seek
func fdSeek(fd uint32, offset int64, whence uint32, at *uint64) uint32

//go:wasmimport wasi_snapshot_preview1 fd_readdir
func fdReaddir(fd uint32, buf *[1 << 20]byte, n uint32, cookie uint64, used *uint32) uint32

//go:wasmimport wasi_snapshot_preview1 clock_time_get
func clockTimeGet(id uint32, precision uint64, now *uint64) uint32
