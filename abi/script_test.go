package abi

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

var digest = strings.Repeat("0f", 32)

// TestScriptModule reads the sections of a module that Module wrote. Package wasm of
// the host reads them in its own way.
func TestScriptModule(t *testing.T) {
	s := &Script{Language: "javascript", Engine: digest, Main: "task.js"}
	module := s.Module(bytes.Repeat([]byte("zip"), 100), []byte("{}"))
	module = module[8:]
	sections := map[string][]byte{}
	for len(module) > 0 {
		size, rest := readSize(module[1:])
		body := rest[:size]
		length, name := readSize(body)
		sections[string(name[:length])] = name[length:]
		module = rest[size:]
	}
	back, err := ParseScript(sections[ScriptSection])
	if err != nil || *back != *s {
		t.Errorf("got %+v, %v", back, err)
	}
	if len(sections[FilesSection]) != 300 || string(sections[ManifestSection]) != "{}" || len(sections) != 3 {
		t.Errorf("got sections %q", sections)
	}
}

// readSize reads a number in LEB128.
func readSize(b []byte) (n int, rest []byte) {
	size, length := binary.Uvarint(b)
	return int(size), b[length:]
}

func TestParseScriptRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                             "wexec.script: json",
		`{"engine":"` + digest + `"}`:    "language: want",
		`{"language":"x","engine":"12"}`: `engine: want a SHA-256 in 64 hexadecimal digits, not "12"`,
		`{"language":"x","engine":"` + strings.ToUpper(digest) + `","main":"x"}`: "engine: want",
		`{"language":"x","engine":"` + digest + `"}`:                             "main: want the path",
		strings.Repeat(" ", maxScript+1):                                         "at most 65536 are allowed",
	} {
		if _, err := ParseScript([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", text, err, want)
		}
	}
}
