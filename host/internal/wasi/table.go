package wasi

import (
	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// rights say what a guest may do with a descriptor.
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

// The rights that apply to each kind of descriptor. Others are dropped when it is
// opened.
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
	fixed  *rootfs.Stat // set for /dev and devices

	base, inheriting rights
	flags            fdflags

	mount   string // the path in the guest, if this is a mount
	counted bool   // in the host's budget
}

func (d *descriptor) isDir() bool {
	return d.dir != nil || d.fixed != nil && d.fixed.Type == rootfs.Directory
}

// stream returns the stream, or nil.
func (d *descriptor) stream() stdio.Stream {
	switch {
	case d.input != nil:
		return d.input
	case d.output != nil:
		return d.output
	}
	return nil
}

// fileType returns CharacterDevice for terminals only, since programs then prompt.
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

// get returns a descriptor, or nil.
func (t *table) get(fd uint32) *descriptor {
	if uint64(fd) >= uint64(len(t.slots)) {
		return nil
	}
	return t.slots[fd]
}

// reserve takes a descriptor from the budget before a file is opened.
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

// remove closes a descriptor, which must exist. It is gone even if closing fails.
func (t *table) remove(fd uint32) error {
	d := t.slots[fd]
	t.slots[fd] = nil
	t.lowest = min(t.lowest, int(fd))
	t.open--
	return t.close(d)
}

// move renumbers a descriptor. Both numbers must exist.
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
