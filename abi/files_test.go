package abi

import (
	"encoding/hex"
	"testing"
)

func TestFilesVectors(t *testing.T) {
	var all struct {
		Open []struct {
			Doc       string
			Flags     FileFlags
			Offset    uint64
			Path, Hex string
		}
		Stat []struct {
			Doc      string
			Kind     FileKind
			Size     uint64
			Modified int64
			Hex      string
		}
		Entry []struct {
			Doc       string
			Kind      FileKind
			Name, Hex string
		}
		Malformed []struct{ Doc, Form, Hex string }
	}
	vectors(t, "files.json", &all)
	check := func(doc string, bytes []byte, want string) {
		t.Helper()
		if got := hex.EncodeToString(bytes); got != want {
			t.Errorf("%s: got %s, want %s", doc, got, want)
		}
	}
	for _, c := range all.Open {
		o := FileOpen{c.Flags, c.Offset, c.Path}
		check(c.Doc, o.Append(nil), c.Hex)
		if got, err := ParseFileOpen(o.Append(nil)); got != o || err != nil {
			t.Errorf("%s: read as %+v, %v", c.Doc, got, err)
		}
	}
	for _, c := range all.Stat {
		s := FileStat{c.Kind, c.Size, c.Modified}
		check(c.Doc, s.Append(nil), c.Hex)
		if got, err := ParseFileStat(s.Append(nil)); got != s || err != nil {
			t.Errorf("%s: read as %+v, %v", c.Doc, got, err)
		}
	}
	for _, c := range all.Entry {
		e := FileEntry{c.Kind, c.Name}
		check(c.Doc, e.Append(nil), c.Hex)
		if got, rest, ok := CutFileEntry(append(e.Append(nil), 'x')); got != e || string(rest) != "x" || !ok {
			t.Errorf("%s: read as %+v, %q, %v", c.Doc, got, rest, ok)
		}
	}
	for _, c := range all.Malformed {
		b, err := hex.DecodeString(c.Hex)
		if err != nil {
			t.Fatal(err)
		}
		accepted := map[string]func() bool{
			"open":  func() bool { _, err := ParseFileOpen(b); return err == nil },
			"stat":  func() bool { _, err := ParseFileStat(b); return err == nil },
			"entry": func() bool { _, _, ok := CutFileEntry(b); return ok },
		}[c.Form]
		if accepted() {
			t.Errorf("%s was accepted", c.Doc)
		}
	}
}
