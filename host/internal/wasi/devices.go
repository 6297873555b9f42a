package wasi

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// Programs expect some devices. These are our own, and touch nothing of the host.

// devicesMount is where a guest has its devices.
const devicesMount = "/dev"

// device is a file in /dev. Reads are done by fill, and are at the end if that is
// nil. What is written is dropped.
type device struct {
	name string
	stat rootfs.Stat
	fill func(s *System, buf []byte) int
}

// devices are the entries of /dev. The first is the directory itself.
var devices = []device{
	{".", rootfs.Stat{Ino: 1, Nlink: 1, Type: rootfs.Directory}, nil},
	{"..", rootfs.Stat{Type: rootfs.Directory}, nil},
	{"null", rootfs.Stat{Ino: 2, Nlink: 1, Type: rootfs.CharacterDevice}, nil},
	{"random", rootfs.Stat{Ino: 3, Nlink: 1, Type: rootfs.CharacterDevice}, fillRandom},
	{"urandom", rootfs.Stat{Ino: 4, Nlink: 1, Type: rootfs.CharacterDevice}, fillRandom},
	{"zero", rootfs.Stat{Ino: 5, Nlink: 1, Type: rootfs.CharacterDevice}, fillZero},
}

func fillRandom(s *System, buf []byte) int {
	s.drew = true
	n, _ := rand.Read(buf[:min(len(buf), randomPiece)]) // never fails
	return n
}

func fillZero(_ *System, buf []byte) int {
	clear(buf)
	return len(buf)
}

const (
	// devicesRights include those for O_CREAT and O_TRUNC, which change nothing here.
	devicesRights = rightPathOpen | rightPathCreateFile | rightPathFilestatSetSize | rightPathFilestatGet |
		rightFdReaddir | rightFdFilestatGet
	deviceRights = streamRights | positionRights | rightFdRead | rightFdWrite
)

// findDevice resolves a path in /dev.
func findDevice(path string) (*device, errno) {
	name := strings.TrimRight(path, "/")
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	i := slices.IndexFunc(devices, func(d device) bool { return d.name == name })
	switch {
	case path == "":
		return nil, eNoEnt
	case path[0] == '/' || name == ".." || strings.HasPrefix(name, "../"):
		return nil, ePerm
	case i < 0:
		return nil, eNoEnt
	case name != path && strings.HasSuffix(path, "/") && devices[i].stat.Type != rootfs.Directory:
		return nil, eNotDir
	}
	return &devices[i], success
}

// openDevice is path_open in /dev.
func (c call) openDevice(path string, oflags uint32, d *descriptor) (uint32, errno) {
	found, e := findDevice(path)
	switch {
	case e != success:
		return 0, e
	case oflags&(oCreate|oExclusive) == oCreate|oExclusive:
		return 0, eExist
	case c.table.isFull():
		return 0, eMFile
	}
	d.fixed, d.counted = &found.stat, false
	switch {
	case !d.isDir():
		stream := &deviceStream{c.System, found.fill}
		d.input, d.output, d.base = stream, stream, d.base&deviceRights
		if oflags&oDirectory != 0 {
			return 0, eNotDir
		}
	case oflags&^oDirectory != 0 || d.base&rightFdWrite != 0:
		return 0, eIsDir
	default:
		d.base &= devicesRights
	}
	c.changed = true
	return c.table.add(d), success
}

// readDevices lists /dev.
func readDevices(from uint64, yield func(rootfs.Entry) bool) {
	for i := from; i < uint64(len(devices)); i++ {
		d := &devices[i]
		if !yield(rootfs.Entry{Name: d.name, Ino: d.stat.Ino, Type: d.stat.Type, Next: i + 1}) {
			return
		}
	}
}

// deviceStream is an open device.
type deviceStream struct {
	system *System
	fill   func(s *System, buf []byte) int
}

func (*deviceStream) Kind() stdio.Kind { return stdio.Other }
func (*deviceStream) Poll(context.Context, int) stdio.State {
	return stdio.State{Ready: true, Bytes: 1}
}
func (*deviceStream) Wait(context.Context, int) {}
func (*deviceStream) Close()                    {}

func (s *deviceStream) TryRead(bufs [][]byte) (int, error) {
	if s.fill == nil {
		return 0, io.EOF
	}
	return s.fill(s.system, bufs[0]), nil
}

func (s *deviceStream) TryWrite(bufs [][]byte) (n int, err error) {
	for _, buf := range bufs {
		n += len(buf)
	}
	return n, nil
}
