package linear

import "os"

var osPage = os.Getpagesize()

// Go can't stop a goroutine in the middle of a copy. One of 256 MiB takes 40 ms, and
// ten times as long where pages are touched for the first time. So what may be long is
// copied in pieces, and Go can stop the goroutine between two of them.
const piece = PageSize

// Copy is copy, in pieces.
func Copy(to, from []byte) int {
	n := min(len(to), len(from))
	to, from = to[:n], from[:n]
	for len(from) > 0 {
		next := min(len(from), piece)
		copyPiece(to[:next], from[:next])
		to, from = to[next:], from[next:]
	}
	return n
}

// Append is append, in pieces.
func Append(b, more []byte) []byte {
	n := len(b)
	if n+len(more) > cap(b) {
		grown := make([]byte, n, max(2*n, n+len(more)))
		Copy(grown, b)
		b = grown
	}
	b = b[:n+len(more)]
	Copy(b[n:], more)
	return b
}

// Clear is clear, in pieces.
func Clear(b []byte) {
	for len(b) > 0 {
		next := min(len(b), piece)
		clearPiece(b[:next])
		b = b[next:]
	}
}

// Go stops a goroutine where it calls a function.

//go:noinline
func copyPiece(to, from []byte) { copy(to, from) }

//go:noinline
func clearPiece(b []byte) { clear(b) }

// Missing returns how many bytes of the memory may have no page yet, or one that is
// replaced when it is written. The first touch of a page takes 1 to 3 µs.
func (m *Memory) Missing() uint64 { return uint64(len(m.bytes)) - m.filled }

// Fill gives pages to a piece of what is missing.
func (m *Memory) Fill() {
	next := m.bytes[m.filled:min(m.filled+piece, uint64(len(m.bytes)))]
	if !populate(next) {
		for i := 0; i < len(next); i += osPage {
			next[i] = touched(next[i])
		}
	}
	m.filled += uint64(len(next))
}

// touched returns b. The compiler does not know.
//
//go:noinline
func touched(b byte) byte { return b }
