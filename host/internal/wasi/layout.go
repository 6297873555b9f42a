package wasi

import (
	"encoding/binary"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// The structs of WASI, as they lie in a guest's memory.

const (
	iovecSize  = 8
	fdstatSize = 24
	direntSize = 24
	eventSize  = 32
)

// dialect holds the differences between the two versions of preview 1.
type dialect struct {
	whence           [3]int // the values of io.Seeker
	subscriptionSize uint32
	clockAt          uint32 // the offset of the clock's id in a subscription
	filestatSize     uint32
	filestat         func(b []byte, st rootfs.Stat)
}

const (
	seekStart   = 0
	seekCurrent = 1
	seekEnd     = 2
)

var preview1 = &dialect{
	whence:           [3]int{seekStart, seekCurrent, seekEnd},
	subscriptionSize: 48,
	clockAt:          16,
	filestatSize:     64,
	filestat: func(b []byte, st rootfs.Stat) {
		putFilestat(b, st)
		binary.LittleEndian.PutUint64(b[24:], st.Nlink)
		putSizeAndTimes(b[32:], st)
	},
}

// unstable is the version of 2019. It has another order of whence, a link count of
// 32 bits, and an identifier in each clock subscription.
var unstable = &dialect{
	whence:           [3]int{seekCurrent, seekEnd, seekStart},
	subscriptionSize: 56,
	clockAt:          24,
	filestatSize:     56,
	filestat: func(b []byte, st rootfs.Stat) {
		putFilestat(b, st)
		binary.LittleEndian.PutUint32(b[20:], uint32(st.Nlink))
		putSizeAndTimes(b[24:], st)
	},
}

func putFilestat(b []byte, st rootfs.Stat) {
	clear(b)
	binary.LittleEndian.PutUint64(b, st.Dev)
	binary.LittleEndian.PutUint64(b[8:], st.Ino)
	b[16] = byte(st.Type)
}

func putSizeAndTimes(b []byte, st rootfs.Stat) {
	for i, v := range [...]int64{st.Size, st.Atim, st.Mtim, st.Ctim} {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(v))
	}
}

// fdstat encodes what fd_fdstat_get returns.
func (d *descriptor) fdstat() (b [fdstatSize]byte) {
	b[0] = byte(d.fileType())
	binary.LittleEndian.PutUint16(b[2:], uint16(d.flags))
	binary.LittleEndian.PutUint64(b[8:], uint64(d.base))
	binary.LittleEndian.PutUint64(b[16:], uint64(d.inheriting))
	return b
}

// dirent encodes the head of a directory entry. The name follows it.
func dirent(e rootfs.Entry) (b [direntSize]byte) {
	binary.LittleEndian.PutUint64(b[:], e.Next)
	binary.LittleEndian.PutUint64(b[8:], e.Ino)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(e.Name)))
	b[20] = byte(e.Type)
	return b
}

// subscription is what a guest waits for.
type subscription struct {
	userdata uint64
	kind     eventKind
	fd       uint32

	clock    uint32
	timeout  uint64
	absolute bool
}

type eventKind uint8

const (
	eventClock eventKind = iota
	eventRead
	eventWrite
)

func (d *dialect) subscription(b []byte) subscription {
	clock := b[d.clockAt:]
	return subscription{
		userdata: binary.LittleEndian.Uint64(b),
		kind:     eventKind(b[8]),
		fd:       binary.LittleEndian.Uint32(b[16:]),
		clock:    binary.LittleEndian.Uint32(clock),
		timeout:  binary.LittleEndian.Uint64(clock[8:]),
		absolute: binary.LittleEndian.Uint16(clock[24:])&1 != 0,
	}
}

// event is the occurrence of a subscription.
type event struct {
	userdata uint64
	err      errno
	kind     eventKind
	bytes    uint64
	hangup   bool
}

func (e event) put(b []byte) {
	clear(b[:eventSize])
	binary.LittleEndian.PutUint64(b, e.userdata)
	binary.LittleEndian.PutUint16(b[8:], uint16(e.err))
	b[10] = byte(e.kind)
	binary.LittleEndian.PutUint64(b[16:], e.bytes)
	if e.hangup {
		b[24] = 1
	}
}
