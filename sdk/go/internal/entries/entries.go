// Package entries reads entries from a stream, which comes in pieces of any size.
package entries

import "io"

// pieceBytes is how much is read at once: as much as a host gives.
const pieceBytes = 64 << 10

// Each calls yield for each entry of a stream, until it returns false. cut takes an
// entry from the front of what was read, and reports whether there was a whole one. An
// error of the stream comes last.
func Each[E any](s io.Reader, cut func([]byte) (E, []byte, bool), yield func(E, error) bool) {
	var rest []byte
	piece := make([]byte, pieceBytes)
	for {
		n, err := s.Read(piece)
		rest = append(rest, piece[:n]...)
		for e, more, ok := cut(rest); ok; e, more, ok = cut(rest) {
			if rest = more; !yield(e, nil) {
				return
			}
		}
		if err == io.EOF && len(rest) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			if err != io.EOF {
				var none E
				yield(none, err)
			}
			return
		}
	}
}
