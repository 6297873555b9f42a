//go:build wasip1

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// sha returns the first four bytes of the SHA-256 of n KiB.
//
//go:wasmexport sha256
func sha(n int32) int32 {
	data := make([]byte, n*1024)
	for i := range data {
		data[i] = byte(i % 251)
	}
	sum := sha256.Sum256(data)
	return int32(binary.BigEndian.Uint32(sum[:]))
}

var words = []string{
	"the", "quick", "brown", "fox", "jumps", "over", "a", "lazy",
	"dog", "while", "safepoints", "count", "down", "in", "every", "loop",
}

func (r *random) word() string { return words[r.next()%uint32(len(words))] }

// randomWords returns lines of random words.
func randomWords(size int) []byte {
	var text bytes.Buffer
	for r := random(1); text.Len() < size; {
		text.WriteString(r.word())
		if r.next()%8 == 0 {
			text.WriteByte('\n')
		} else {
			text.WriteByte(' ')
		}
	}
	return text.Bytes()[:size]
}

// A packed text is a sequence of literals and matches. Literals are one byte with
// their count minus 1, then the literals. A match is one byte with matchFlag plus
// the length minus shortest, then the distance back in two bytes.
const (
	matchFlag    = 128
	shortest     = 4
	longest      = shortest + 127
	mostLiterals = 128
	farthest     = 65535
	hashBits     = 12
)

type packer struct {
	in, out  []byte
	last     [1 << hashBits]int // index of the last bytes with that hash, plus 1
	literals int                // index of the first literal that is not yet in out
}

func pack(in []byte) []byte {
	p := packer{in: in}
	for at := 0; at+shortest <= len(in); {
		length, distance := p.match(at)
		if length == 0 {
			at++
			continue
		}
		p.flush(at)
		p.out = append(p.out, matchFlag|byte(length-shortest))
		p.out = binary.LittleEndian.AppendUint16(p.out, uint16(distance))
		at += length
		p.literals = at
	}
	p.flush(len(in))
	return p.out
}

// match looks for an earlier place with the same bytes as at index at, and
// records at.
func (p *packer) match(at int) (length, distance int) {
	here := p.in[at:min(at+longest, len(p.in))]
	hash := binary.LittleEndian.Uint32(here) * 2654435769 >> (32 - hashBits)
	before := p.last[hash] - 1
	p.last[hash] = at + 1
	if before < 0 || at-before > farthest {
		return 0, 0
	}
	length = commonPrefix(p.in[before:], here)
	if length < shortest {
		return 0, 0
	}
	return length, at - before
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// flush appends the literals before end to out.
func (p *packer) flush(end int) {
	for p.literals < end {
		piece := p.in[p.literals:min(p.literals+mostLiterals, end)]
		p.out = append(p.out, byte(len(piece)-1))
		p.out = append(p.out, piece...)
		p.literals += len(piece)
	}
}

var errPacked = errors.New("packed text is truncated or out of range")

func unpack(in []byte) ([]byte, error) {
	var out []byte
	for len(in) > 0 {
		what := int(in[0])
		in = in[1:]
		if what < matchFlag {
			if what+1 > len(in) {
				return nil, errPacked
			}
			out = append(out, in[:what+1]...)
			in = in[what+1:]
			continue
		}
		if len(in) < 2 {
			return nil, errPacked
		}
		from := len(out) - int(binary.LittleEndian.Uint16(in))
		if from < 0 || from == len(out) {
			return nil, errPacked
		}
		in = in[2:]
		for i := range what - matchFlag + shortest {
			out = append(out, out[from+i])
		}
	}
	return out, nil
}

// lz packs n KiB of words and unpacks them.
//
//go:wasmexport lz
func lz(n int32) int32 {
	text := randomWords(int(n) * 1024)
	packed := pack(text)
	back, err := unpack(packed)
	if err != nil || !bytes.Equal(back, text) {
		return -1
	}
	return int32(hashOf(packed))
}
