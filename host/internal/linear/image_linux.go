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

// mostMappings is how many mappings a process may have.
var mostMappings = sync.OnceValue(func() int64 {
	const usual = 65_530
	return setting("/proc/sys/vm/max_map_count", usual)
})

// setting returns a number of the kernel's, or what it usually is.
func setting(file string, usual int64) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return usual
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return usual
	}
	return n
}

// discard gives the pages of a mapping back: those of an image are the image's
// again, the others are empty. It returns false if the pages are locked.
func discard(b []byte) bool { return unix.Madvise(b, unix.MADV_DONTNEED) == nil }

var osPage = os.Getpagesize()

// file is an image's file, in memory. Nothing writes to it once it is made. The
// zero file is none.
type file struct{ f *os.File }

// makeFile makes the image's file of the contents, and maps it. It returns false
// if the system can't do what is needed.
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

// fill writes the contents, without the pages that are empty, and returns a
// mapping of them.
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

// mapTo maps the file over a part of a mapping, privately: what is written
// there stays there. It returns false if there is no file, or no mapping left.
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
		unix.Munmap(contents) // of the whole mapping: it can't fail
		f.f.Close()
	}
}
