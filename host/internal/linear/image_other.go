//go:build !linux

package linear

import "math"

const noReserve = 0

// maxMappings returns how many mappings a process may have. No limit is known.
func maxMappings() int64 { return math.MaxInt64 }

// discard zeroes a mapping.
func discard(b []byte) bool {
	Clear(b)
	return true
}

func populate([]byte) bool { return false }

// file stands for an image's file. Here images have none.
type file struct{}

func (i *Image) makeFile([]byte) bool { return false }

func (file) mapTo([]byte) bool { return false }

func (file) close([]byte) {}

func (m *Memory) copyWritten() (pages int, ok bool) { return 0, false }
