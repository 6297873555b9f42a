package script

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// maxMap is the most bytes of a source map.
const maxMap = 8 << 20

// sourceMap maps places in the main file to those in the files that it was made of. See
// the format in ECMA-426.
type sourceMap struct {
	sources []string
	lines   [][]segment // by line of the main file, from 0
}

// segment says where the text from a column on comes from. All numbers count from 0.
type segment struct{ column, source, line, from int32 }

// mapOf returns a function that reads the source map of a file when it is first needed.
func mapOf(s *Source) func() *sourceMap {
	return sync.OnceValue(func() *sourceMap {
		var file struct {
			Sources  []string
			Mappings string
		}
		text, err := ReadFile(s.Files, s.Main+".map", maxMap)
		if err != nil || json.Unmarshal(text, &file) != nil {
			return &sourceMap{}
		}
		return &sourceMap{file.Sources, decode(file.Mappings, len(file.Sources))}
	})
}

// Original returns where a place in the main file comes from. Lines and columns count
// from 1. It returns false if there is no source map, or if it does not know.
func (s *Source) Original(line, column int) (file string, originalLine, originalColumn int, ok bool) {
	m := s.sourceMap()
	if line < 1 || line > len(m.lines) {
		return "", 0, 0, false
	}
	segments := m.lines[line-1]
	i, found := slices.BinarySearchFunc(segments, int32(column-1), func(s segment, column int32) int {
		return int(s.column) - int(column)
	})
	if !found {
		i-- // the segment that begins before
	}
	if i < 0 || segments[i].source < 0 {
		return "", 0, 0, false
	}
	at := segments[i]
	return m.sources[at.source], int(at.line) + 1, int(at.from) + 1, true
}

// decode decodes the mappings of a source map. It leaves out what is wrong.
func decode(mappings string, sources int) (lines [][]segment) {
	var source, line, from int32
	for text := range strings.SplitSeq(mappings, ";") {
		var segments []segment
		column := int32(0)
		for part := range strings.SplitSeq(text, ",") {
			fields, n := numbers(part)
			if n == 0 {
				continue
			}
			column += fields[0]
			s := segment{column: column, source: -1}
			if n >= 4 {
				source, line, from = source+fields[1], line+fields[2], from+fields[3]
				if source >= 0 && int(source) < sources && line >= 0 && from >= 0 {
					s = segment{column, source, line, from}
				}
			}
			segments = append(segments, s)
		}
		slices.SortStableFunc(segments, func(a, b segment) int { return int(a.column) - int(b.column) })
		lines = append(lines, segments)
	}
	return lines
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// numbers decodes up to five numbers in base64 VLQ, and returns how many there are.
func numbers(text string) (fields [5]int32, n int) {
	value, shift := uint32(0), 0
	for i := 0; i < len(text) && n < len(fields); i++ {
		digit := strings.IndexByte(base64, text[i])
		if digit < 0 || shift > 30 {
			return fields, n
		}
		value |= uint32(digit&31) << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		fields[n] = int32(value >> 1)
		if value&1 != 0 {
			fields[n] = -fields[n]
		}
		n++
		value, shift = 0, 0
	}
	return fields, n
}
