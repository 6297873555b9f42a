//go:build !linux

package linear

const noReserve = 0

// discard gives the pages of a mapping back, as empty.
func discard(b []byte) { clear(b) }

// file is an image's file: there is none.
type file struct{}

func (i *Image) makeFile([]byte) bool { return false }

func (file) mapTo([]byte) bool { return false }

func (file) close([]byte) {}

func (m *Memory) copyWritten() (pages int, ok bool) { return 0, false }
