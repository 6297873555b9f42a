package linear

import (
	"encoding/binary"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Until a page of a private file mapping is written, it belongs to the file or is
// not present. A written page is an anonymous copy. The kernel has two interfaces
// that tell them apart: PAGEMAP_SCAN, since Linux 6.7, takes 1 µs, or more for a
// large memory; /proc/self/pagemap, since Linux 4.2, takes 2 ns a page.
// See Documentation/admin-guide/mm/pagemap.rst.

var pagemap struct {
	once  sync.Once
	f     *os.File
	scans bool // PAGEMAP_SCAN works
	works bool
}

// tellsWritten reports whether the kernel tells which pages are written. Some
// sandboxes have the file, but with wrong contents, so tellsWritten tries it out.
func tellsWritten() bool {
	p := &pagemap
	p.once.Do(func() {
		// If the system does not overcommit memory, a page that is needed to read
		// an image may be refused, which kills the process.
		const never = 2
		if setting("/proc/sys/vm/overcommit_memory", 0) == never {
			return
		}
		if p.f, _ = os.Open("/proc/self/pagemap"); p.f == nil {
			return
		}
		p.scans = true
		if p.works = tryWritten(); !p.works {
			p.scans = false
			p.works = tryWritten()
		}
	})
	return p.works
}

// tryWritten reads one page of a file mapping, writes another, and checks that
// the kernel reports only the second as written.
func tryWritten() bool {
	const pages, read, wrote = 4, 1, 2
	fd, err := unix.MemfdCreate("wexec trial", unix.MFD_CLOEXEC)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	size := pages * osPage
	if unix.Ftruncate(fd, int64(size)) != nil {
		return false
	}
	b, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer unix.Munmap(b)
	b[wrote*osPage] = b[read*osPage] + 1
	var found [][2]int
	ok := written(b, func(from, to int) { found = append(found, [2]int{from, to}) })
	return ok && len(found) == 1 && found[0] == [2]int{wrote * osPage, (wrote + 1) * osPage}
}

// written calls each for every range of written pages in b, with the offsets of
// its first byte and of the byte after its last. It returns false if the kernel
// does not tell.
func written(b []byte, each func(from, to int)) bool {
	if pagemap.scans {
		return scanWritten(b, each)
	}
	return readWritten(b, each)
}

// copyWritten copies the image's contents over the written pages of the memory,
// and returns how many pages that were.
func (m *Memory) copyWritten() (pages int, ok bool) {
	if !m.mapped {
		return 0, false
	}
	ok = written(m.bytes, func(from, to int) {
		Copy(m.bytes[from:to], m.image.contents[from:to])
		pages += (to - from) / osPage
	})
	return pages, ok
}

// The arguments of PAGEMAP_SCAN, as in linux/fs.h.
type (
	scanArgs struct {
		size, flags             uint64
		start, end, walkEnd     uint64
		vec, vecLen, maxPages   uint64
		inverted, mask, anyMask uint64
		returned                uint64
	}
	scanRegion struct{ start, end, _ uint64 }
)

// scan holds what is passed to the kernel. It must not move, so it can't be on the
// stack.
type scan struct {
	args    scanArgs
	regions [64]scanRegion
}

var scans = sync.Pool{New: func() any { return new(scan) }}

// scanned is how many bytes a call looks at. Go can't stop it.
const scanned = 16 << 20

const (
	pagemapScan   = 0xc0606610 // _IOWR('f', 16, struct pm_scan_arg)
	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

func scanWritten(b []byte, each func(from, to int)) bool {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	s.args = scanArgs{
		size: uint64(unsafe.Sizeof(s.args)), start: base,
		vec: uint64(uintptr(unsafe.Pointer(&s.regions))), vecLen: uint64(len(s.regions)),
		inverted: pageIsFile, mask: pageIsFile, // not the file's page,
		anyMask:  pageIsPresent | pageIsSwapped, // and in memory or in swap
		returned: pageIsPresent | pageIsSwapped,
	}
	for end := base + uint64(len(b)); s.args.start < end; {
		s.args.end = min(s.args.start+scanned, end)
		// Raw, because the call takes microseconds: too short to tell the scheduler.
		n, _, errno := unix.RawSyscall(unix.SYS_IOCTL, pagemap.f.Fd(), pagemapScan, uintptr(unsafe.Pointer(&s.args)))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 || s.args.walkEnd <= s.args.start {
			return false
		}
		for _, r := range s.regions[:n] {
			each(int(r.start-base), int(r.end-base))
		}
		s.args.start = s.args.walkEnd
	}
	return true
}

// Bits of an entry of /proc/self/pagemap.
const (
	entryFile    = 1 << 61
	entrySwapped = 1 << 62
	entryPresent = 1 << 63
)

func readWritten(b []byte, each func(from, to int)) bool {
	const entry = 8
	var entries [512 * entry]byte
	base := int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) / osPage
	pages := len(b) / osPage
	from := -1 // start of the current range of written pages, or -1
	for at := 0; at < pages; {
		n, err := pagemap.f.ReadAt(entries[:min(len(entries), (pages-at)*entry)], int64(base+at)*entry)
		if err != nil {
			return false
		}
		for i := 0; i < n; i += entry {
			e := binary.NativeEndian.Uint64(entries[i:])
			own := e&entryFile == 0 && e&(entryPresent|entrySwapped) != 0
			switch {
			case own && from < 0:
				from = at * osPage
			case !own && from >= 0:
				each(from, at*osPage)
				from = -1
			}
			at++
		}
	}
	if from >= 0 {
		each(from, pages*osPage)
	}
	return true
}
