package script

import (
	"testing"
	"testing/fstest"

	"github.com/wexec/wexec/abi"
)

func withMap(text string) *Source {
	s := &Source{Script: abi.Script{Main: "task.js"}, Files: fstest.MapFS{"task.js.map": {Data: []byte(text)}}}
	s.sourceMap = mapOf(s)
	return s
}

func TestOriginal(t *testing.T) {
	// The second line has segments at columns 0, 4 and 8: task.ts 1:1, lib.ts 3:5, and one
	// without a source.
	s := withMap(`{"version": 3, "sources": ["task.ts", "lib.ts"], "mappings": ";AAAA,ICEI,I"}`)
	for _, c := range []struct {
		line, column int
		file         string
		toLine, to   int
	}{
		{2, 1, "task.ts", 1, 1},
		{2, 4, "task.ts", 1, 1},
		{2, 5, "lib.ts", 3, 5},
		{2, 8, "lib.ts", 3, 5},
		{2, 9, "", 0, 0},
		{1, 1, "", 0, 0},
		{0, 0, "", 0, 0},
		{3, 1, "", 0, 0},
		{2, 0, "", 0, 0},
	} {
		file, line, column, ok := s.Original(c.line, c.column)
		if file != c.file || line != c.toLine || column != c.to || ok != (c.file != "") {
			t.Errorf("%d:%d is from %q %d:%d, want %q %d:%d", c.line, c.column, file, line, column, c.file, c.toLine, c.to)
		}
	}
}

// FuzzSourceMap checks that no source map harms the host.
func FuzzSourceMap(f *testing.F) {
	f.Add("AAAA,ICEI;;I", 1, 4)
	f.Add("////////,DDDDD,~,AAgggggggggggB", 1, 1)
	f.Fuzz(func(t *testing.T, mappings string, line, column int) {
		s := &Source{}
		s.sourceMap = func() *sourceMap {
			return &sourceMap{[]string{"a", "b"}, decode(mappings, 2)}
		}
		if file, line, column, ok := s.Original(line, column); ok && (file == "" || line < 1 || column < 1) {
			t.Errorf("%q %d:%d", file, line, column)
		}
	})
}
