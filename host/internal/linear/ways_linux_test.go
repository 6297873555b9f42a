package linear

import (
	"bytes"
	"testing"
)

// way is a way to put memories back.
type way struct {
	name string
	// enter makes it the way until the test ends, or returns false.
	enter func(t testing.TB) bool
}

func waysHere() []way {
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
	return []way{{"scan", with(true, true)}, {"read", with(false, true)}, {"copy", with(false, false)}}
}

const size = 1 << 20

// withImage returns a memory that is not all empty, and its image.
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

// TestGivesUpPages: pages that a task has written once do not stay for ever.
func TestGivesUpPages(t *testing.T) {
	m, image := withImage(t)
	own := func() (n int) {
		written(m.Bytes(), func(from, to int) { n += (to - from) / osPage })
		return n
	}
	m.Bytes()[0]++
	m.putBack()
	if n := own(); n != 1 {
		t.Fatalf("%d pages are its own, want the one that every task writes", n)
	}
	for i := range m.Bytes() {
		m.Bytes()[i] = 1
	}
	m.putBack()
	if n := own(); n != 0 {
		t.Errorf("%d pages are still its own after a task that wrote all", n)
	}
	if !bytes.Equal(m.Bytes(), image.contents) {
		t.Error("they are not the image's")
	}
}

// TestWithoutMappings: where no mapping is left for an image, a memory is put back
// all the same.
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
	for range 2 * patience {
		for i := range fewPages + 1 {
			m.Bytes()[i*osPage] = 1
		}
		if m.putBack(); !bytes.Equal(m.Bytes(), image.contents) {
			t.Fatal("it is not the image's")
		}
	}
}

// TestMappingsAreBounded: memories leave mappings for others.
func TestMappingsAreBounded(t *testing.T) {
	mappings.Add(mostMappings() / 2)
	defer mappings.Add(-mostMappings() / 2)
	m := NewBudget(1<<30, nil).New(PageSize, PageSize)
	defer m.Release()
	m.Reserve(PageSize)
	if m.Reallocate(PageSize); m.reserved != nil {
		t.Error("it took a mapping")
	}
}
