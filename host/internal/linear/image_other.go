//go:build !linux

package linear

import "math"

const noReserve = 0

// mostMappings is how many mappings a process may have: no bound is known.
func mostMappings() int64 { return math.MaxInt64 }

// discard gives the pages of a mapping back, as empty.
func discard(b []byte) bool {
	clear(b)
	return true
}

// file is an image's file: there is none.
type file struct{}

func (i *Image) makeFile([]byte) bool { return false }

func (file) mapTo([]byte) bool { return false }

func (file) close([]byte) {}

func (m *Memory) copyWritten() (pages int, ok bool) { return 0, false }
