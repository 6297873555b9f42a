package linear

import (
	"bytes"
	"testing"
)

// method is a method to reset a memory.
type method struct {
	name string
	// enter selects the method until the test ends. It returns false if the
	// system does not have it.
	enter func(t testing.TB) bool
}

func methods() []method {
	with := func(scans, works bool) func(testing.TB) bool {
		return func(t testing.TB) bool {
			if !tellsWritten() || scans && !pagemap.scans {
				return false
			}
			before := [2]bool{pagemap.scans, pagemap.works}
			t.Cleanup(func() { pagemap.scans, pagemap.works = before[0], before[1] })
			pagemap.scans, pagemap.works = scans, works
			return true
		}
	}
	return []method{{"scan", with(true, true)}, {"read", with(false, true)}, {"copy", with(false, false)}}
}

const size = 1 << 20

// withImage returns a memory that is not all zeros, and its image.
func withImage(t *testing.T) (*Memory, *Image) {
	t.Helper()
	if !tellsWritten() {
		t.Skip("this system does not tell which pages are written")
	}
	m := NewBudget(1<<30, nil).New(size, size)
	m.Reserve(size)
	m.Reallocate(size)
	m.Bytes()[size-1] = 7
	image, err := m.NewImage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Release()
		image.Close()
	})
	return m, image
}

// TestDiscardsPages checks that a memory does not keep pages for ever that one
// task wrote once.
func TestDiscardsPages(t *testing.T) {
	m, image := withImage(t)
	own := func() (n int) {
		written(m.Bytes(), func(from, to int) { n += (to - from) / osPage })
		return n
	}
	m.Bytes()[0]++
	m.reset()
	if n := own(); n != 1 {
		t.Fatalf("%d pages are private, want the one that every task writes", n)
	}
	for i := range m.Bytes() {
		m.Bytes()[i] = 1
	}
	m.reset()
	if n := own(); n != 0 {
		t.Errorf("%d pages are still private after a task that wrote all pages", n)
	}
	if !bytes.Equal(m.Bytes(), image.contents) {
		t.Error("the contents are not the image's")
	}
}

// TestWithoutMappings checks that a memory can be reset even if its image could
// not be mapped.
func TestWithoutMappings(t *testing.T) {
	_, image := withImage(t)
	whole := image.file
	image.file = file{} // which can't be mapped
	m := image.budget.New(size, size)
	m.BeginAs(image)
	m.Reserve(size)
	m.Reallocate(size)
	defer m.Release()
	image.file = whole
	for range 2 * measureEvery {
		for i := range fewPages + 1 {
			m.Bytes()[i*osPage] = 1
		}
		if m.reset(); !bytes.Equal(m.Bytes(), image.contents) {
			t.Fatal("the contents are not the image's")
		}
	}
}

// TestMappingsAreBounded checks that memories leave mappings for other uses.
func TestMappingsAreBounded(t *testing.T) {
	mappings.Add(maxMappings() / 2)
	defer mappings.Add(-maxMappings() / 2)
	m := NewBudget(1<<30, nil).New(PageSize, PageSize)
	defer m.Release()
	m.Reserve(PageSize)
	if m.Reallocate(PageSize); m.reserved != nil {
		t.Error("it took a mapping")
	}
}
