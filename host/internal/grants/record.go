package grants

import (
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
)

// Bytes are those of arguments, and of results.
type Bytes struct{ In, Out int64 }

// Uses counts the uses of one op.
type Uses struct {
	// Count is how many have ended, Denied those that a policy refused, and Failed
	// those that ended with another error.
	Count, Denied, Failed uint64
	// In and Out are the bytes of arguments and of results.
	In, Out uint64
}

type counter struct{ count, denied, failed, in, out atomic.Uint64 }

func (c *counter) add(status abi.Status, b Bytes) {
	c.count.Add(1)
	switch status {
	case abi.OK:
	case abi.Denied:
		c.denied.Add(1)
	default:
		c.failed.Add(1)
	}
	c.in.Add(uint64(b.In))
	c.out.Add(uint64(b.Out))
}

// Uses returns the counts by the name of the op. Ops that were never used are left out.
func (h *Host) Uses() map[string]Uses {
	all := map[string]Uses{}
	for name, c := range h.counters {
		if n := c.count.Load(); n > 0 {
			all[name] = Uses{n, c.denied.Load(), c.failed.Load(), c.in.Load(), c.out.Load()}
		}
	}
	return all
}

// record counts a use and audits it. The ops of streams are counted only: the stream
// is audited when it is closed.
func (h *Host) record(use *capability.Use, err error, b Bytes, began time.Time) {
	status := fault.Kind(err)
	if c := h.counters[use.Op]; c != nil {
		c.add(status, b)
	}
	if status != abi.Denied && IsStream(use.Op) {
		return
	}
	h.audit.write(use.Caller, line{
		Op: use.Op, Detail: use.Detail, Status: status.String(), In: b.In, Out: b.Out,
		Time: began, Nanoseconds: time.Since(began).Nanoseconds(),
	})
}

// recordStream audits a stream that was closed.
func (h *Host) recordStream(c capability.Caller, s capability.Closed) {
	status := abi.OK
	if bug, ok := s.Err.(*capability.PanicError); ok {
		h.Logger.Error("closing a stream panicked", "capability", s.Op, "panic", bug.Value, "stack", string(bug.Stack))
		status = abi.Failed
	}
	h.audit.write(c, line{
		Op: s.Op, Detail: s.Detail, Stream: true, Status: status.String(), In: s.Written, Out: s.Read,
		Time: s.Opened, Nanoseconds: time.Since(s.Opened).Nanoseconds(),
	})
}

// line is a line of the audit.
type line struct {
	Time   time.Time         `json:"time"` // of the start
	Module string            `json:"module"`
	Owner  string            `json:"owner,omitempty"`
	Task   string            `json:"task"`
	Tenant string            `json:"tenant,omitempty"`
	Call   uint64            `json:"call"`
	Labels map[string]string `json:"labels,omitempty"`
	Op     string            `json:"op"`
	// Detail is the capability's own: what was done, without secrets.
	Detail string `json:"detail,omitempty"`
	// Stream says that the line is about a stream that the op has opened, and that
	// is closed now.
	Stream bool `json:"stream,omitempty"`
	// Decision is "granted" or "denied".
	Decision    string `json:"decision"`
	Status      string `json:"status"`
	In          int64  `json:"bytes_in"`
	Out         int64  `json:"bytes_out"`
	Nanoseconds int64  `json:"ns"`
}

// auditLog writes lines of JSON.
type auditLog struct {
	mu     sync.Mutex
	to     io.Writer // may be nil
	logger *slog.Logger
	failed bool // a write has failed, and the log says so
}

func (a *auditLog) write(c capability.Caller, l line) {
	if a.to == nil {
		return
	}
	l.Module, l.Owner, l.Task, l.Tenant, l.Call, l.Labels = c.Module, c.Owner, c.Task, c.Tenant, c.Call, c.Labels
	l.Op, l.Detail = fault.Clip(l.Op, maxText), fault.Clip(l.Detail, maxText)
	l.Decision = "granted"
	if l.Status == abi.Denied.String() {
		l.Decision = "denied"
	}
	text, err := json.Marshal(l)
	if err != nil { // a time out of range
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.put(append(text, '\n')); err != nil && !a.failed {
		a.failed = true
		a.logger.Error("the audit is not complete: writing to Config.Audit failed", "error", err)
	}
}

func (a *auditLog) put(text []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.ReportPanic(a.logger, "Config.Audit", r)
		}
	}()
	_, err = a.to.Write(text)
	return err
}

// maxText is the most bytes of a text of a guest or capability in a line.
const maxText = 1 << 10
