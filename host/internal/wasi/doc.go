// Package wasi is WASI preview 1 for guests that are hostile.
//
//	system, err := wasi.New(wasi.Config{Args: args, Stdin: os.Stdin, Mounts: mounts})
//	if err != nil { … }
//	defer system.Close()
//	for _, f := range wasi.Functions { … } // bind f.Call to what the guest imports
//
// A [System] is what the system calls of one instance see. [Functions] are the
// calls, which an engine binds once, and [Guest] is what a call needs of the
// instance that makes it. An instance that is used again is given to the next
// call by [System.Begin], and what it changed is undone by [System.Restore].
//
// # What a guest may count on
//
// All 46 functions, with the errors that POSIX has for what went wrong. Paths
// are resolved as a kernel does: see package rootfs. Descriptors have rights that
// can only be given up. Nothing of the host is there but what Config names.
//
// # What the host may count on
//
// Every number of a guest's is checked before it is used, and what it makes the
// host do is charged. Long calls are done in pieces with safepoints between them.
// Calls that wait end with [Guest.Context]. A call that is ended in the middle
// leaves nothing behind that Close does not close.
//
// Descriptors are counted for each guest and over all: see package descriptors.
// Standard streams are an embedder's code, which may block for ever or panic: see
// package stdio.
package wasi
