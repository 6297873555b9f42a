package host

import (
	"testing"
	"unsafe"
)

// TestCallSize: a call in flight costs what Go allocates for it, in size classes.
func TestCallSize(t *testing.T) {
	const class = 512
	if size := unsafe.Sizeof(call{}); size > class {
		t.Errorf("a call has %d bytes, more than the size class of %d", size, class)
	}
}
