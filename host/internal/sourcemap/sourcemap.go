// Package sourcemap finds the place in the sources of code that was made from them, by a
// source map of version 3. A map may be a guest's, so reading one takes time and memory
// in proportion to its size, whatever is in it.
package sourcemap

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Map maps places in generated code to places in its sources.
type Map struct {
	sources []string
	// segments has the segments of all lines, in order. lines has where each line's
	// begin, and their end.
	segments []segment
	lines    []int
}

// segment says where the code that begins in a column comes from.
type segment struct{ column, source, line, from uint32 }

// Place is a place in a text. Line and Column count from 1. Column counts UTF-16 units.
type Place struct {
	File         string
	Line, Column int
}

// Parse reads a map.
func Parse(text []byte) (*Map, error) {
	var m struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("source map: %w", err)
	}
	if m.Version != 3 {
		return nil, fmt.Errorf("source map: version %d, want 3", m.Version)
	}
	parsed := &Map{sources: m.Sources}
	return parsed, parsed.decode(m.Mappings)
}

var errMappings = errors.New("source map: its mappings are damaged")

// decode decodes the mappings: lines end with ;, segments with a comma. The numbers of a
// segment are differences to those of the one before it.
func (m *Map) decode(mappings string) error {
	var at [5]int64 // column, source, line, column in the source, name
	m.lines = []int{0}
	for i := 0; i < len(mappings); {
		switch mappings[i] {
		case ';':
			m.lines = append(m.lines, len(m.segments))
			at[0] = 0
			i++
			continue
		case ',':
			i++
			continue
		}
		n := 0
		for ; i < len(mappings) && mappings[i] != ',' && mappings[i] != ';'; n++ {
			difference, size := vlq(mappings[i:])
			if size == 0 || n == len(at) {
				return errMappings
			}
			at[n] += difference
			if i += size; at[n] < 0 || at[n] > math.MaxInt32 {
				return errMappings
			}
		}
		if n >= 4 && at[1] < int64(len(m.sources)) {
			m.segments = append(m.segments, segment{uint32(at[0]), uint32(at[1]), uint32(at[2]), uint32(at[3])})
		}
	}
	m.lines = append(m.lines, len(m.segments))
	return nil
}

// vlq decodes a number in base 64, whose digits have 5 bits and one that says that more
// follow. It returns how many digits there were, or 0 if they are wrong.
func vlq(text string) (n int64, size int) {
	for shift := 0; size < len(text) && shift <= 30; shift += 5 {
		digit := digits[text[size]]
		if digit < 0 {
			return 0, 0
		}
		size++
		n |= int64(digit&31) << shift
		if digit&32 == 0 {
			if n&1 != 0 {
				return -(n >> 1), size
			}
			return n >> 1, size
		}
	}
	return 0, 0
}

// digits has the value of each digit, and -1 for all that are none.
var digits = func() (values [256]int8) {
	for i := range values {
		values[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		values[c] = int8(i)
	}
	return values
}()

// Find returns the place in the sources that a place in the code comes from.
func (m *Map) Find(line, column int) (Place, bool) {
	if line < 1 || line >= len(m.lines) {
		return Place{}, false
	}
	segments := m.segments[m.lines[line-1]:m.lines[line]]
	i, exact := slices.BinarySearchFunc(segments, column-1, func(s segment, column int) int {
		return int(s.column) - column
	})
	if !exact {
		i-- // the segment that the column is in
	}
	if i < 0 {
		return Place{}, false
	}
	s := segments[i]
	return Place{m.sources[s.source], int(s.line) + 1, int(s.from) + 1}, true
}
