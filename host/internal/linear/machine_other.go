//go:build !linux

package linear

// Machine returns how much memory the process may have.
func Machine() uint64 { return unknownMachine }
