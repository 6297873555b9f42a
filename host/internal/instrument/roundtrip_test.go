package instrument_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/instrument"
)

// TestRoundTrip: a module that is decoded and written again is the same
// module, byte for byte. What Rewrite doesn't mean to change, it keeps.
func TestRoundTrip(t *testing.T) {
	for _, folder := range specFolders {
		t.Run(folder.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, folder.features, plain)
			for _, file := range specFiles(t, folder.name, "*.wasm") {
				wasm := specFile(t, folder.name, "testdata", file)
				if w.validate(wasm) == nil {
					roundTrip(t, file, wasm)
				}
			}
		})
	}
	t.Run("guests", func(t *testing.T) {
		t.Parallel()
		files, err := filepath.Glob("../../../guests/*/*.wasm")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d guests, %v", len(files), err)
		}
		for _, file := range files {
			wasm, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, file, wasm)
		}
		roundTrip(t, "the demo in Go", hosttest.GoGuest(t, "../../../guests/go/demo"))
	})
}

func roundTrip(t *testing.T, name string, wasm []byte) {
	t.Helper()
	got, err := instrument.RoundTrip(wasm)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if !bytes.Equal(got, wasm) {
		t.Errorf("%s: %d bytes became %d, others from byte %d on", name, len(wasm), len(got), common(got, wasm))
	}
}

// common is how many bytes two texts start with that are the same.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
