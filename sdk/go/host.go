package wexec

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"time"
	"unsafe"

	"github.com/wexec/wexec/abi"
)

// A task asks its host to sleep, to fetch, to log, and for any other capability by its
// name.

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
	Body   []byte
}

// Response is the response to a Request. Any status is a Response, not an error.
type Response struct {
	Status int
	Header map[string]string // names in lower case
	Body   []byte
}

// Fetch makes an HTTP request. Package wexechttp offers the same through
// net/http, at the price of a larger guest.
func Fetch(ctx context.Context, r Request) (*Response, error) {
	arg, err := r.message()
	if err != nil {
		return nil, err
	}
	answer, err := Op(ctx, abi.CapFetch, arg)
	if err != nil {
		return nil, err
	}
	return parseResponse(answer)
}

func (r Request) message() ([]byte, error) {
	if r.Method == "" {
		r.Method = "GET"
	}
	head, err := json.Marshal(struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers,omitempty"`
	}{r.Method, r.URL, r.Header})
	if err != nil {
		return nil, err
	}
	return abi.JoinMessage(head, r.Body), nil
}

func parseResponse(message []byte) (*Response, error) {
	head, body := abi.SplitMessage(message)
	var h struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
	}
	if err := json.Unmarshal(head, &h); err != nil {
		return nil, &Error{Status: StatusFailed, Message: "the host's answer to http.fetch: " + err.Error()}
	}
	return &Response{Status: h.Status, Header: h.Headers, Body: body}, nil
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
