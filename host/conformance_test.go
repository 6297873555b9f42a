package host_test

import (
	"testing"

	"github.com/wexec/wexec/host/hosttest"
)

func TestConformanceC(t *testing.T) {
	hosttest.Conformance(t, guest(t, "c/conformance.wasm"), nil)
}

func TestConformanceGo(t *testing.T) {
	hosttest.Conformance(t, hosttest.GoGuest(t, "../guests/go/conformance"), nil)
}
