package linear

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noReserve keeps reserved addresses from counting as committed memory.
const noReserve = unix.MAP_NORESERVE

// maxMappings returns how many mappings a process may have.
var maxMappings = sync.OnceValue(func() int64 {
	const kernelDefault = 65_530
	return setting("/proc/sys/vm/max_map_count", kernelDefault)
})

// setting returns a kernel setting, or fallback if it can't be read.
func setting(file string, fallback int64) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return fallback
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}

// discard returns the pages of a mapping to the system. A mapping of an image
// then has the image's contents again; any other mapping is zero. It returns
// false if the pages are locked.
func discard(b []byte) bool { return unix.Madvise(b, unix.MADV_DONTNEED) == nil }

// populate gives pages to a part of a mapping, which can be written then. It returns
// false if the system can't.
func populate(b []byte) bool { return unix.Madvise(b, unix.MADV_POPULATE_WRITE) == nil }

// file is an image's file, which is in memory. It is never written again once it
// is made. The zero value has no file.
type file struct{ f *os.File }

// makeFile writes the contents to a file for the image, and maps it. It returns
// false if the system lacks what that needs.
func (i *Image) makeFile(contents []byte) bool {
	if len(contents) == 0 || !tellsWritten() {
		return false
	}
	fd, err := unix.MemfdCreate("wexec image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return false
	}
	f := os.NewFile(uintptr(fd), "image")
	mapped, err := fill(f, contents)
	if err != nil {
		f.Close()
		return false
	}
	i.file, i.contents = file{f}, mapped
	return true
}

// fill writes the contents to the file, except for pages of zeros, and returns a
// mapping of the file.
func fill(f *os.File, contents []byte) ([]byte, error) {
	if err := f.Truncate(int64(len(contents))); err != nil {
		return nil, err
	}
	empty := make([]byte, osPage)
	for at := 0; at < len(contents); at += osPage {
		page := contents[at : at+osPage]
		if bytes.Equal(page, empty) {
			continue
		}
		if _, err := f.WriteAt(page, int64(at)); err != nil {
			return nil, err
		}
	}
	seals := unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, err
	}
	return unix.Mmap(int(f.Fd()), 0, len(contents), unix.PROT_READ, unix.MAP_PRIVATE)
}

// mapTo maps the file over a part of a mapping. The new mapping is private, so
// writes to it do not reach the file. It returns false if there is no file, or
// the process can't have another mapping.
func (f file) mapTo(b []byte) bool {
	if f.f == nil {
		return false
	}
	_, err := unix.MmapPtr(int(f.f.Fd()), 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|noReserve)
	return err == nil
}

func (f file) close(contents []byte) {
	if f.f != nil {
		unix.Munmap(contents) // can't fail: it unmaps a whole mapping
		f.f.Close()
	}
}
