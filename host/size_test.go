package host

import (
	"testing"
	"unsafe"
)

// TestCallSize: Go allocates in size classes, and a call must stay within its own.
func TestCallSize(t *testing.T) {
	const class = 512
	if size := unsafe.Sizeof(call{}); size > class {
		t.Errorf("a call has %d bytes, more than the size class of %d", size, class)
	}
}
