package build

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of the files of a module.
const (
	maxFiles = 20_000
	maxBytes = 96 << 20
)

// files are the files of a module, by their slash-separated paths.
type files struct {
	content map[string][]byte
	bytes   int
}

// add adds a file. A file that is there already stays.
func (f *files) add(path string, content []byte) error {
	if _, ok := f.content[path]; ok {
		return nil
	}
	if f.content == nil {
		f.content = map[string][]byte{}
	}
	f.content[path] = content
	f.bytes += len(content)
	if len(f.content) > maxFiles || f.bytes > maxBytes {
		return fmt.Errorf("with %s a module has %d files, %d MB: at most %d files and %d MB are allowed",
			path, len(f.content), f.bytes>>20, maxFiles, maxBytes>>20)
	}
	return nil
}

// addTree adds the files of a folder below a path, without hidden ones and compiled ones.
// It reports the names of the files that it read.
func (f *files) addTree(dir, below string, read func(file string)) error {
	return filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case file == dir:
			return nil
		case entry.IsDir() && (name[0] == '.' || name == "__pycache__"):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || name[0] == '.':
			return nil
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		content, err := readBounded(file)
		if err != nil {
			return err
		}
		read(file)
		return f.add(strings.TrimPrefix(below+"/"+filepath.ToSlash(rel), "/"), content)
	})
}

// readBounded reads a file, unless it is too large for a module.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if len(b) > maxBytes {
		return nil, fmt.Errorf("%s has more than %d MB", file, maxBytes>>20)
	}
	return b, err
}

// paths returns the paths in order.
func (f *files) paths() []string {
	paths := make([]string, 0, len(f.content))
	for path := range f.content {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// mention reports whether a word is anywhere in the files.
func (f *files) mention(word string) bool {
	for _, content := range f.content {
		if bytes.Contains(content, []byte(word)) {
			return true
		}
	}
	return false
}

// sum returns a digest of the files.
func (f *files) sum() []byte {
	h := sha256.New()
	for _, path := range f.paths() {
		for _, part := range [][]byte{[]byte(path), f.content[path]} {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return h.Sum(nil)
}

// zip returns an archive of the files, which is the same for the same files.
func (f *files) zip() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, path := range f.paths() {
		w, err := z.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content[path]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// addZip adds the files of an archive.
func (f *files) addZip(b []byte, wanted func(path string) bool) error {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	for _, entry := range z.File {
		if !entry.Mode().IsRegular() || !fs.ValidPath(entry.Name) || !wanted(entry.Name) {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(io.LimitReader(r, int64(maxBytes-f.bytes)+1))
		r.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
		if err := f.add(entry.Name, content); err != nil {
			return err
		}
	}
	return nil
}
