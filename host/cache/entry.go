package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An entry is a file. It consists of a line of JSON, the module, its data, and the
// SHA-256 of these.

// head is the line of JSON.
type head struct {
	Version string `json:"version"` // of the program that made the entry
	Wasm    int    `json:"wasm"`    // length in bytes
	Data    int    `json:"data"`    // length in bytes
	Code    string `json:"code"`
	CodeSum string `json:"code_sha256"`
	// Meta comes last, because it may be long.
	Meta json.RawMessage `json:"meta"`
}

func (e *Entry) write(to io.Writer) error {
	h := head{version(), len(e.Wasm), len(e.Data), filepath.ToSlash(e.Code.File), e.Code.Sum, e.Meta}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := sha256.New()
	all := io.MultiWriter(to, sum)
	for _, part := range [][]byte{line, {'\n'}, e.Wasm, e.Data} {
		for piece := range slices.Chunk(part, pieceSize) {
			if _, err := all.Write(piece); err != nil {
				return err
			}
		}
	}
	_, err = to.Write(sum.Sum(nil))
	return err
}

// read reads an entry and verifies it and its native code.
func (c *Cache) read(file string) (*Entry, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	h, body, err := parse(file, b)
	if err != nil {
		return nil, err
	}
	made := Code{filepath.FromSlash(h.Code), h.CodeSum}
	e := &Entry{Meta: h.Meta, Wasm: body[:h.Wasm], Data: body[h.Wasm:], Code: made}
	// The sum of the entry covers the sum of the code. Both are computed at once.
	same := make(chan bool, 1)
	go func() { same <- verify(b) }()
	var code string
	if made != (Code{}) {
		code, err = sumOf(filepath.Join(c.dir, made.File))
	}
	switch {
	case !<-same:
		return nil, &DamagedError{file, "is damaged"}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &DamagedError{file, "has lost its native code"}
	case err != nil:
		return nil, err
	case code != h.CodeSum:
		return nil, &DamagedError{filepath.Join(c.dir, e.Code.File), "is damaged"}
	}
	return e, nil
}

// verify reports whether an entry matches the sum at its end.
func verify(b []byte) bool {
	end := len(b) - sha256.Size
	sum := Sum(b[:end])
	return bytes.Equal(sum[:], b[end:])
}

// parse splits an entry into its parts. The entry need not be verified yet.
func parse(file string, b []byte) (h head, body []byte, err error) {
	line, rest, ok := bytes.Cut(b, []byte{'\n'})
	if !ok || json.Unmarshal(line, &h) != nil || h.Wasm < 0 || h.Data < 0 ||
		h.Wasm > len(rest) || len(rest) != h.Wasm+h.Data+sha256.Size {
		return h, nil, &DamagedError{file, "is damaged"}
	}
	local := filepath.IsLocal(filepath.FromSlash(h.Code)) && strings.HasPrefix(h.Code, codePrefix)
	if !local && h.Code+h.CodeSum != "" {
		return h, nil, &DamagedError{file, "has no native code"}
	}
	return h, rest[:h.Wasm+h.Data], nil
}

// sumOf returns the SHA-256 of a file, in hexadecimal.
func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, onlyReader{f}, make([]byte, 256<<10)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// onlyReader hides the file's WriteTo, which would copy in smaller pieces than the
// buffer.
type onlyReader struct{ io.Reader }
