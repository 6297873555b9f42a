package linear

import "sync/atomic"

// On Linux, a memory is a private mapping of its image's file. The kernel tracks
// which pages the guest has written. A reset copies only those pages from the
// image. Discarding them would be much slower: copying 4 KB takes 0.2 µs, while
// discarding a page interrupts every core that runs a thread of this process, and
// costs a page fault when the page is touched again. On other systems, a memory
// is a copy, and a reset copies the whole image.

// Image is a snapshot that memories start from and are reset to. It never
// changes.
type Image struct {
	contents []byte // a mapping of file, or on Go's heap
	file     file   // the contents as a file that memories map
	budget   *Budget
	refs     atomic.Int64 // one for the owner, and one for each memory
}

// NewImage makes an image of the memory's contents. The memory itself can then be
// restored to the image. The caller must close the image.
func (m *Memory) NewImage() (*Image, error) {
	if err := m.budget.take(uint64(len(m.bytes))); err != nil {
		return nil, err
	}
	i := &Image{budget: m.budget}
	i.refs.Store(2)
	if !i.makeFile(m.bytes) {
		i.contents = Append(nil, m.bytes)
	}
	m.image = i
	if m.mapped = m.reserved != nil && i.file.mapTo(m.bytes); m.mapped { // or else it keeps its pages
		m.filled = 0
	}
	return i, nil
}

// Size returns the size of the image in bytes.
func (i *Image) Size() uint64 { return uint64(len(i.contents)) }

// BeginAs makes a new memory start from the image when it is allocated. It
// returns false if the image is closed.
func (m *Memory) BeginAs(i *Image) bool {
	for {
		refs := i.refs.Load()
		if refs == 0 {
			return false
		}
		if i.refs.CompareAndSwap(refs, refs+1) {
			m.image = i
			return true
		}
	}
}

// Close frees the image as soon as the last memory that uses it is released.
func (i *Image) Close() { i.drop() }

func (i *Image) drop() {
	if i.refs.Add(-1) == 0 {
		i.budget.give(uint64(len(i.contents)))
		i.file.close(i.contents)
		i.contents = nil
	}
}

// loadImage gives a new memory the contents of its image.
func (m *Memory) loadImage() {
	if m.mapped = m.reserved != nil && m.image.file.mapTo(m.bytes); !m.mapped {
		Copy(m.bytes, m.image.contents)
	}
}

// resets tracks how many pages the resets of a memory copy.
type resets struct {
	usual int // pages copied by the first reset
	count int
}

const (
	// fewPages is how many written pages a memory always keeps.
	fewPages = 64
	// measureEvery is after how many resets the usual number of pages is
	// measured again.
	measureEvery = 256
)

// reset makes the contents equal to the image. A page that the guest has written
// stays private to the memory, and every later reset copies it again. That is
// right for pages that every task writes. If there are many others, reset
// discards all pages instead.
func (m *Memory) reset() {
	pages, ok := m.copyWritten()
	if !ok {
		Copy(m.bytes, m.image.contents)
		return
	}
	r := &m.resets
	r.count++
	if r.usual == 0 {
		r.usual = pages
	}
	if pages > fewPages && (pages > 2*r.usual || r.count%measureEvery == 0) && discard(m.bytes) {
		r.usual, m.filled = 0, 0
	}
}
