package abi

import "encoding/binary"

// EventKind is the first word of an event.
type EventKind uint32

const (
	// EventCall announces a new call: handle, task, length of the input.
	EventCall EventKind = 1
	// EventOp announces the end of an op: handle, status, length of its result
	// or error message.
	EventOp EventKind = 2
	// EventCancel says that the result of a call is no longer wanted: handle,
	// 0, 0. The guest must still end the call; the host discards the result.
	EventCancel EventKind = 3
	// EventRoom says that there is room again for what a call emits, of which emit
	// said that there was none: handle, 0, 0.
	EventRoom EventKind = 4
)

// EventSize is the length of an event in bytes.
const EventSize = 16

// Event is one entry of a batch that the import next returns: four u32,
// little-endian.
type Event struct {
	Kind   EventKind
	Handle uint32
	// Detail is the task's index in the manifest, or the op's status.
	Detail uint32
	// Len is the length in bytes of the input, or of the op's result or error
	// message.
	Len uint32
}

// AppendTo appends the wire form of e to b.
func (e Event) AppendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(e.Kind))
	b = binary.LittleEndian.AppendUint32(b, e.Handle)
	b = binary.LittleEndian.AppendUint32(b, e.Detail)
	return binary.LittleEndian.AppendUint32(b, e.Len)
}

// DecodeEvent reads the event at the start of b, which must hold EventSize
// bytes.
func DecodeEvent(b []byte) Event {
	_ = b[EventSize-1]
	return Event{
		Kind:   EventKind(binary.LittleEndian.Uint32(b)),
		Handle: binary.LittleEndian.Uint32(b[4:]),
		Detail: binary.LittleEndian.Uint32(b[8:]),
		Len:    binary.LittleEndian.Uint32(b[12:]),
	}
}
