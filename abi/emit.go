package abi

import (
	"encoding/json"
	"errors"
)

// EmitKind says what the import emit sends.
type EmitKind uint32

const (
	// EmitChunk is a chunk of the output. The output of a call is its chunks, and
	// then what the import output adds.
	EmitChunk EmitKind = 0
	// EmitProgress is a Progress, as JSON.
	EmitProgress EmitKind = 1
)

// MaxEmitBytes is the most bytes that emit takes at once.
const MaxEmitBytes = 64 << 10

// Progress says how far a call has got. Every field may be missing.
type Progress struct {
	// Done and Total are in a unit of the task's own.
	Done  float64 `json:"done,omitempty"`
	Total float64 `json:"total,omitempty"` // 0 if it is not known
	// Message is a line for people.
	Message string `json:"message,omitempty"`
}

// ParseProgress reads what a guest emitted as progress.
func ParseProgress(b []byte) (Progress, error) {
	var p *Progress
	switch err := json.Unmarshal(b, &p); {
	case err != nil:
		return Progress{}, err
	case p == nil || p.Done < 0 || p.Total < 0:
		return Progress{}, errors.New("want an object, with numbers of at least 0 as done and total")
	}
	return *p, nil
}
