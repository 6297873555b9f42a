//go:build !linux

package linear

// Machine returns how many bytes of memory the process may have.
func Machine() uint64 { return unknownMachine }
