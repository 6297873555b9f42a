package wexec

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"sync"
	"time"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// A task asks its host to sleep, to fetch, to log, and for any other capability by its
// name. It emits output and progress before its end.

// Sleep returns after d, or with an error when ctx is done. Unlike time.Sleep it
// is exact and costs nothing while it waits; see "What to know" in the package
// documentation.
func Sleep(ctx context.Context, d time.Duration) error {
	o, err := start(ctx, abi.CapSleep, nanoseconds(d))
	if err != nil {
		return err
	}
	o.wait()
	_, err = o.take()
	o.recycle()
	return err
}

// Op runs any capability of the host by its name, and returns its result. Its
// error is an *Error.
func Op(ctx context.Context, capability string, arg []byte) ([]byte, error) {
	o, err := start(ctx, capability, arg)
	if err != nil {
		return nil, err
	}
	o.wait()
	result, err := o.take()
	o.recycle()
	return result, err
}

func nanoseconds(d time.Duration) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(max(d, 0)))
}

// Request is an HTTP request. Only URL is required.
type Request struct {
	Method string // GET if empty
	URL    string
	Header map[string]string
	// Secrets has the names of secrets by headers. The host fills in their values.
	Secrets map[string]string
	Body    []byte
	// Stream is the body in place of Body, for Open. The host reads it while the task
	// writes it.
	Stream *Stream
}

// Response is the response to a Request. Any status is a Response, not an error.
type Response struct {
	Status  int
	Header  map[string]string // names in lower case, values joined by commas
	Cookies []string          // the headers Set-Cookie, which can't be joined
	Body    []byte
	// Stream is the body in place of Body, after Open. It must be closed.
	Stream *Stream
}

// Fetch makes an HTTP request. Package wexechttp offers the same through
// net/http, at the price of a larger guest.
func Fetch(ctx context.Context, r Request) (*Response, error) {
	if r.Stream != nil {
		return nil, &Error{Status: StatusInvalidInput, Message: "wexec: the body of Fetch can't be a stream: use Open"}
	}
	return r.send(ctx, abi.CapFetch)
}

// Open makes an HTTP request and returns when the head of the response is there. Its
// body is a stream, and that of the request may be one.
func Open(ctx context.Context, r Request) (*Response, error) { return r.send(ctx, abi.CapOpen) }

func (r Request) send(ctx context.Context, capability string) (*Response, error) {
	arg, err := r.message()
	if err != nil {
		return nil, err
	}
	answer, err := Op(ctx, capability, arg)
	if err != nil {
		return nil, err
	}
	response, handle, err := parseResponse(answer)
	if err == nil && capability == abi.CapOpen {
		response.Stream = NewStream(ctx, handle)
	}
	return response, err
}

func (r Request) message() ([]byte, error) {
	if r.Method == "" {
		r.Method = "GET"
	}
	var body *uint32
	if r.Stream != nil {
		body = &r.Stream.handle
	}
	head, err := json.Marshal(struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers,omitempty"`
		Secrets map[string]string `json:"secrets,omitempty"`
		Body    *uint32           `json:"body,omitempty"`
	}{r.Method, r.URL, r.Header, r.Secrets, body})
	if err != nil {
		return nil, err
	}
	return abi.JoinMessage(head, r.Body), nil
}

// parseResponse reads the answer to a request. The handle is that of http.open.
func parseResponse(message []byte) (r *Response, handle uint32, err error) {
	head, body := abi.SplitMessage(message)
	var h struct {
		Status  int                        `json:"status"`
		Headers map[string]json.RawMessage `json:"headers"`
		Stream  uint32                     `json:"stream"`
	}
	if err = json.Unmarshal(head, &h); err == nil {
		r = &Response{Status: h.Status, Header: make(map[string]string, len(h.Headers)), Body: body}
		err = r.setHeader(h.Headers)
	}
	if err != nil {
		return nil, 0, &Error{Status: StatusFailed, Message: "the host's answer to an HTTP request: " + err.Error()}
	}
	return r, h.Stream, nil
}

// setHeader takes the headers of a response, of which Set-Cookie is an array.
func (r *Response) setHeader(headers map[string]json.RawMessage) error {
	for name, raw := range headers {
		var value string
		into := any(&value)
		if name == "set-cookie" {
			into = &r.Cookies
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return err
		}
		if name != "set-cookie" {
			r.Header[name] = value
		}
	}
	return nil
}

// Emit outputs a chunk before the end of the task. The task's output is its chunks
// in their order, and then what it returns. Emit waits while the reader is behind,
// and then other calls run. It fails when ctx is done.
func Emit(ctx context.Context, chunk []byte) error {
	for len(chunk) > 0 {
		part := chunk[:min(len(chunk), abi.MaxEmitBytes)]
		if err := emit(ctx, abi.EmitChunk, part); err != nil {
			return err
		}
		chunk = chunk[len(part):]
	}
	return nil
}

// Progress tells how much of a total is done, which is 0 if it is not known, and a
// message for people, of which the host gets 1,024 bytes at most. It waits as Emit
// does.
func Progress(ctx context.Context, done, total int, message string) error {
	const most = 1024
	p := abi.Progress{Done: float64(done), Total: float64(total), Message: message[:min(len(message), most)]}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return emit(ctx, abi.EmitProgress, b)
}

func emit(ctx context.Context, kind abi.EmitKind, data []byte) error {
	c := callOf(ctx)
	if c == nil {
		return errNoCall
	}
	guest.mu.Lock()
	defer guest.mu.Unlock()
	for {
		if c.ended {
			return errCallEnded
		}
		if err := ctx.Err(); err != nil {
			return &Error{Status: StatusOf(err), Message: err.Error()}
		}
		if rawEmit(c.handle, uint32(kind), unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data))) != 0 {
			return nil
		}
		c.awaitRoom(ctx)
	}
}

// emitters are the goroutines of a call that wait for room for what they emit.
// guest.mu guards it.
type emitters struct {
	room     sync.Cond
	parked   int
	onTimers int // with a context that may end by a timer
}

// awaitRoom parks the goroutine until there may be room, or ctx is done. guest.mu is
// held before and after.
func (c *call) awaitRoom(ctx context.Context) {
	if c.emitters == nil {
		c.emitters = &emitters{room: sync.Cond{L: &guest.mu}}
	}
	if ctx != context.Context(c) {
		stop := context.AfterFunc(ctx, func() {
			guest.mu.Lock()
			defer guest.mu.Unlock()
			c.wakeEmitters()
		})
		defer stop()
		c.emitters.onTimers++
		guest.onTimers++
	}
	c.emitters.parked++
	guest.parked++
	c.emitters.room.Wait()
}

// wakeEmitters wakes the goroutines that wait for room. guest.mu is held.
func (c *call) wakeEmitters() {
	if e := c.emitters; e != nil {
		guest.parked -= e.parked
		guest.onTimers -= e.onTimers
		e.parked, e.onTimers = 0, 0
		e.room.Broadcast()
	}
}

// Level is the level of a log line.
type Level = abi.LogLevel

// The levels, lowest first.
const (
	LevelDebug = abi.LogDebug
	LevelInfo  = abi.LogInfo
	LevelWarn  = abi.LogWarn
	LevelError = abi.LogError
)

// Log writes a line to the host's log. Package wexecslog offers the same through
// log/slog, at the price of a larger guest.
func Log(level Level, line string) {
	rawLog(uint32(level), unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}
