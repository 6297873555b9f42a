package rootfs

import "math"

// FileType is the type of a file, with WASI's numbers.
type FileType uint8

const (
	Unknown         FileType = 0
	BlockDevice     FileType = 1
	CharacterDevice FileType = 2
	Directory       FileType = 3
	Regular         FileType = 4
	Socket          FileType = 6
	SymbolicLink    FileType = 7
)

// Stat describes a file. Times are nanoseconds since 1970.
type Stat struct {
	Dev, Ino, Nlink  uint64
	Type             FileType
	Size             int64
	Atim, Mtim, Ctim int64
}

func (s Stat) identity() identity { return identity{s.Dev, s.Ino} }

// Times are the times to set, in nanoseconds since 1970, or Omit or Now.
type Times struct{ Atim, Mtim int64 }

const (
	// Omit leaves a time unchanged.
	Omit int64 = math.MinInt64
	// Now sets a time to the host's clock.
	Now int64 = math.MinInt64 + 1
)
