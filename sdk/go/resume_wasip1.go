package wexec

import "unsafe"

// manifestBytes keeps the manifest reachable: the host reads it after the export
// has returned.
var manifestBytes []byte

//go:wasmexport wexec_manifest
func exportManifest() int64 {
	if manifestBytes == nil {
		manifestBytes = manifest()
	}
	address := uintptr(unsafe.Pointer(unsafe.SliceData(manifestBytes)))
	return int64(address)<<32 | int64(len(manifestBytes))
}

//go:wasmexport wexec_resume
func exportResume() uint32 { return resume() }
