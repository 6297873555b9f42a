//go:build !linux

package linear

// Machine returns how much memory the process may have, in bytes.
func Machine() uint64 { return unknownMachine }
