package host_test

import (
	"os"
	"testing"

	"github.com/wexec/wexec/host/hosttest"
)

func TestConformanceC(t *testing.T) {
	wasm, err := os.ReadFile("../guests/c/conformance.wasm")
	if err != nil {
		t.Fatal(err)
	}
	hosttest.Conformance(t, wasm, nil)
}
