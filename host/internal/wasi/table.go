package wasi

import (
	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// rights are what may be done with a descriptor.
type rights uint64

const (
	rightFdDatasync rights = 1 << iota
	rightFdRead
	rightFdSeek
	rightFdFdstatSetFlags
	rightFdSync
	rightFdTell
	rightFdWrite
	rightFdAdvise
	rightFdAllocate
	rightPathCreateDirectory
	rightPathCreateFile
	rightPathLinkSource
	rightPathLinkTarget
	rightPathOpen
	rightFdReaddir
	rightPathReadlink
	rightPathRenameSource
	rightPathRenameTarget
	rightPathFilestatGet
	rightPathFilestatSetSize
	rightPathFilestatSetTimes
	rightFdFilestatGet
	rightFdFilestatSetSize
	rightFdFilestatSetTimes
	rightPathSymlink
	rightPathRemoveDirectory
	rightPathUnlinkFile
	rightPollFdReadwrite
	rightSockShutdown
	rightSockAccept

	allRights = rightSockAccept<<1 - 1
)

// What applies to each kind of descriptor; the rest of what a guest asks for is
// left out.
const (
	fileRights = rightFdDatasync | rightFdRead | rightFdSeek | rightFdFdstatSetFlags | rightFdSync | rightFdTell |
		rightFdWrite | rightFdAdvise | rightFdAllocate | rightFdFilestatGet | rightFdFilestatSetSize |
		rightFdFilestatSetTimes | rightPollFdReadwrite
	dirRights = rightFdFdstatSetFlags | rightFdSync | rightFdDatasync | rightFdReaddir | rightFdFilestatGet |
		rightFdFilestatSetTimes | rightPathCreateDirectory | rightPathCreateFile | rightPathLinkSource |
		rightPathLinkTarget | rightPathOpen | rightPathReadlink | rightPathRenameSource | rightPathRenameTarget |
		rightPathFilestatGet | rightPathFilestatSetSize | rightPathFilestatSetTimes | rightPathSymlink |
		rightPathRemoveDirectory | rightPathUnlinkFile
	streamRights   = rightFdFdstatSetFlags | rightFdFilestatGet | rightPollFdReadwrite
	positionRights = rightFdSeek | rightFdTell
)

// fdflags are the modes of a descriptor.
type fdflags uint16

const (
	flagAppend fdflags = 1 << iota
	flagDsync
	flagNonblock
	flagRsync
	flagSync

	allFlags = flagSync<<1 - 1
)

// descriptor is something that a guest has open: a file or directory of a mount, a
// stream, a device or the directory of devices.
type descriptor struct {
	file   *rootfs.File
	dir    *rootfs.Dir
	input  stdio.Input
	output stdio.Output
	fixed  *rootfs.Stat // of what is not the host's

	base, inheriting rights
	flags            fdflags

	mount   string // where the guest has it, if it is a mount
	counted bool   // in the budget of the host
}

func (d *descriptor) isDir() bool {
	return d.dir != nil || d.fixed != nil && d.fixed.Type == rootfs.Directory
}

// stream is what a guest reads or writes, or nil.
func (d *descriptor) stream() stdio.Stream {
	switch {
	case d.input != nil:
		return d.input
	case d.output != nil:
		return d.output
	}
	return nil
}

// fileType is a terminal's only if the stream is one: programs then prompt.
func (d *descriptor) fileType() rootfs.FileType {
	switch {
	case d.file != nil:
		return rootfs.Regular
	case d.dir != nil:
		return rootfs.Directory
	case d.fixed != nil:
		return d.fixed.Type
	}
	switch d.stream().Kind() {
	case stdio.Terminal:
		return rootfs.CharacterDevice
	case stdio.RegularFile:
		return rootfs.Regular
	}
	return rootfs.Unknown
}

// table is a guest's descriptors, by their numbers.
type table struct {
	slots  []*descriptor
	lowest int // no slot before it is free
	open   int
	limit  int
	budget *descriptors.Budget
}

// get returns what has that number, or nil.
func (t *table) get(fd uint32) *descriptor {
	if uint64(fd) >= uint64(len(t.slots)) {
		return nil
	}
	return t.slots[fd]
}

// reserve takes one of the host's descriptors for what is about to be opened, for
// add or release.
func (t *table) reserve() errno {
	if t.isFull() {
		return eMFile
	}
	if !t.budget.Acquire() {
		return eNFile
	}
	return success
}

func (t *table) isFull() bool { return t.open >= t.limit }

// add gives d the lowest number that is free.
func (t *table) add(d *descriptor) uint32 {
	for t.lowest < len(t.slots) && t.slots[t.lowest] != nil {
		t.lowest++
	}
	if t.lowest == len(t.slots) {
		t.slots = append(t.slots, nil)
	}
	t.slots[t.lowest] = d
	t.open++
	return uint32(t.lowest)
}

// remove closes what has that number, which is in use. An error of closing does
// not keep it open.
func (t *table) remove(fd uint32) error {
	d := t.slots[fd]
	t.slots[fd] = nil
	t.lowest = min(t.lowest, int(fd))
	t.open--
	return t.close(d)
}

// move gives what has the number from the number to, both of which are in use.
func (t *table) move(from, to uint32) error {
	if from == to {
		return nil
	}
	err := t.remove(to)
	t.slots[to], t.slots[from] = t.slots[from], nil
	t.lowest = min(t.lowest, int(from))
	return err
}

func (t *table) close(d *descriptor) (err error) {
	switch {
	case d.file != nil:
		err = d.file.Close()
	case d.dir != nil:
		err = d.dir.Close()
	}
	if d.counted {
		t.budget.Release()
	}
	return err
}

// clear closes everything.
func (t *table) clear() {
	for fd, d := range t.slots {
		if d != nil {
			_ = t.remove(uint32(fd))
		}
	}
	clear(t.slots)
	t.slots, t.lowest = t.slots[:0], 0
}
