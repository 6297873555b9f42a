package http

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// opened is what http.open has returned to a guest.
type opened struct {
	Status  int
	Headers map[string]any
	Stream  uint32
	use     *capability.Use
}

// open runs http.open with the streams of a call.
func open(t testing.TB, c *Client, streams *capability.Streams, head map[string]any, body string) (*opened, error) {
	t.Helper()
	arg, _ := json.Marshal(head)
	u := &capability.Use{Op: abi.CapOpen, Arg: abi.JoinMessage(arg, []byte(body)), Streams: streams}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // the host ends it with the op
	answer, err := c.open(ctx, "", u)
	if err != nil {
		return nil, err
	}
	o := &opened{use: u}
	return o, json.Unmarshal(answer, o)
}

func (o *opened) read(t testing.TB, most int) (string, error) {
	piece, err := o.use.Streams.Read(t.Context(), o.Stream, most)
	return string(piece), err
}

func (o *opened) readAll(t testing.TB) (string, error) {
	var all strings.Builder
	for {
		piece, err := o.read(t, 1<<16)
		if all.WriteString(piece); err != nil || piece == "" {
			return all.String(), err
		}
	}
}

// wantFree waits until all places are free.
func wantFree(t testing.TB, c *Client) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		c.places.mu.Lock()
		free := c.places.free
		c.places.mu.Unlock()
		if free == defaultMaxConcurrent {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d places are free", free)
		}
	}
}

func newStreams(t testing.TB) *capability.Streams {
	s := capability.NewStreams(8, nil)
	t.Cleanup(func() { endCall(s) })
	return s
}

// endCall closes the streams of a call, as a host does at its end.
func endCall(s *capability.Streams) {
	if closeAll := s.Shut(); closeAll != nil {
		closeAll()
	}
}

func pipe(t testing.TB, s *capability.Streams) uint32 {
	t.Helper()
	ops, _ := capability.StreamOps{}.For(capability.Scope{})
	result, err := ops[abi.CapStreamPipe](t.Context(), &capability.Use{Op: abi.CapStreamPipe, Streams: s})
	if err != nil {
		t.Fatal(err)
	}
	handle, _, _ := abi.ParseStream(result)
	return handle
}

func TestOpen(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		io.Copy(w, r.Body)
	})
	c := newClient(t, nil, addr)
	o, err := open(t, c, newStreams(t), map[string]any{"method": "POST", "url": "http://" + addr + "/p?q"}, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != 200 || o.Headers["x-length"] != "5" || fmt.Sprint(o.Headers["set-cookie"]) != "[a=1]" {
		t.Errorf("head %+v", o)
	}
	if o.use.Detail != "POST http://"+addr+"/p 200" {
		t.Errorf("detail %q", o.use.Detail)
	}
	if got, err := o.readAll(t); err != nil || got != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	wantFree(t, c) // though the stream is not closed
}

// TestStreamsBothWays: what the guest writes goes out before it has written all.
func TestStreamsBothWays(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusAccepted)
		http.NewResponseController(w).Flush()
		for piece := make([]byte, 100); ; {
			n, err := r.Body.Read(piece)
			w.Write(bytes.ToUpper(piece[:n]))
			http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	})
	c := newClient(t, nil, addr)
	s := newStreams(t)
	up := pipe(t, s)
	o, err := open(t, c, s, map[string]any{"method": "PUT", "url": "http://" + addr, "body": up}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"one", "two"} {
		if err := s.Write(t.Context(), up, []byte(piece)); err != nil {
			t.Fatal(err)
		}
		if got, err := o.read(t, 100); err != nil || got != strings.ToUpper(piece) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := s.Close(up); err != nil {
		t.Error(err)
	}
	if got, err := o.readAll(t); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	wantFree(t, c)
}

func TestOpenRefused(t *testing.T) {
	addr := redirector(t)
	early := rawServer(t, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
	c := newClient(t, nil, addr, early)
	s := newStreams(t)
	url := "http://" + addr
	for _, tt := range []struct {
		head  map[string]any
		body  string
		check func(testing.TB, error, string)
		text  string
	}{
		{map[string]any{"url": url, "body": 1}, "x", wantBadRequest, "both"},
		{map[string]any{"url": url, "body": 7}, "", wantBadRequest, "no open stream"},
		{map[string]any{"url": url, "body": -1}, "", wantBadRequest, "body"},
		{map[string]any{"url": url, "body": "x"}, "", wantBadRequest, "body"},
		{map[string]any{"url": url + "/?to=http://denied.example"}, "x", wantDenied, "redirected there"},
	} {
		_, err := open(t, c, s, tt.head, tt.body)
		tt.check(t, err, tt.text)
	}

	// What a request was to send can't be written any more when it has failed, also if
	// the server asks for it again.
	for url, text := range map[string]string{
		"http://denied.example": "not on the allow-list",
		"http://" + early:       "status 307, which asks for the body again",
	} {
		up := pipe(t, s)
		_, err := open(t, c, s, map[string]any{"method": "PUT", "url": url, "body": up}, "")
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v", err)
		}
		if err := s.Write(t.Context(), up, []byte("x")); err == nil {
			t.Error("the guest still writes")
		}
	}
	wantFree(t, c)
}

// TestStreamsEnd: however a stream ends, its place is free again, and the guest is
// told why.
func TestStreamsEnd(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begun")
		http.NewResponseController(w).Flush()
		switch r.URL.Path {
		case "/silent":
			<-r.Context().Done()
		case "/drips": // a byte now and then: it never stands still for long
			for r.Context().Err() == nil {
				io.WriteString(w, ".")
				http.NewResponseController(w).Flush()
				time.Sleep(time.Millisecond)
			}
		case "/endless":
			for r.Context().Err() == nil {
				w.Write(make([]byte, 1<<14))
			}
		case "/breaks":
			panic(http.ErrAbortHandler)
		}
	})
	bomb := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for r.Context().Err() == nil {
			if _, err := z.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	kind := func(err error) abi.Status {
		var kinded interface{ Kind() abi.Status }
		switch {
		case errors.As(err, &kinded):
			return kinded.Kind()
		case errors.Is(err, context.DeadlineExceeded):
			return abi.Timeout
		}
		return abi.Failed
	}
	for _, tt := range []struct {
		url  string
		set  func(*Client)
		kind abi.Status
		text string
	}{
		{addr + "/silent", func(c *Client) { c.StreamIdle = 20 * time.Millisecond }, abi.Timeout, "nothing moved for 20ms"},
		{addr + "/silent", func(c *Client) { c.StreamTimeout = 50 * time.Millisecond }, abi.Timeout, "not done in 50ms"},
		{addr + "/drips", func(c *Client) { c.StreamTimeout = 100 * time.Millisecond }, abi.Timeout, "not done in 100ms"},
		{addr + "/endless", func(c *Client) { c.MaxStreamBytes = 1 << 20 }, abi.Failed, "more than 1048576 bytes"},
		{bomb, func(c *Client) { c.MaxStreamBytes = 8 << 20 }, abi.Failed, "more than 8388608 bytes"},
		{addr + "/breaks", func(*Client) {}, abi.Failed, "unexpected EOF"},
	} {
		c := newClient(t, nil, addr, bomb)
		tt.set(c)
		o, err := open(t, c, newStreams(t), map[string]any{"url": "http://" + tt.url}, "")
		if err == nil {
			_, err = o.readAll(t)
		}
		if err == nil || kind(err) != tt.kind || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v", tt.url, err)
			continue
		}
		if _, again := o.read(t, 1); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: read again: %v", tt.url, again)
		}
		wantFree(t, c)
	}
}

// TestStreamsLeftOpen: a guest that does nothing with its streams holds no place for
// longer than StreamIdle, and none after its call.
func TestStreamsLeftOpen(t *testing.T) {
	addr := rawServer(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
	c := newClient(t, nil, addr)
	c.StreamIdle = 20 * time.Millisecond
	s := newStreams(t)
	if _, err := open(t, c, s, map[string]any{"url": "http://" + addr}, ""); err != nil {
		t.Fatal(err)
	}
	wantFree(t, c)

	c = newClient(t, nil, addr)
	s = newStreams(t)
	up := pipe(t, s)
	var reads []chan error
	for _, head := range []map[string]any{
		{"url": "http://" + addr}, {"method": "PUT", "url": "http://" + addr, "body": up},
	} {
		o, err := open(t, c, s, head, "")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		reads = append(reads, done)
		go func() {
			_, err := o.read(t, 1)
			done <- err
		}()
	}
	endCall(s)
	wantFree(t, c)
	for _, done := range reads {
		if err := <-done; err == nil {
			t.Error("a read ended well")
		}
	}
}

// TestUploadTooBig: a guest can't send without end either.
func TestUploadTooBig(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	c := newClient(t, nil, addr)
	c.MaxStreamBytes = 1 << 20
	s := newStreams(t)
	up := pipe(t, s)
	wrote := make(chan error)
	go func() {
		for {
			if err := s.Write(context.Background(), up, make([]byte, 1<<16)); err != nil {
				wrote <- err
				return
			}
		}
	}()
	_, err := open(t, c, s, map[string]any{"method": "PUT", "url": "http://" + addr, "body": up}, "")
	wantBadRequest(t, err, "its body has more than 1048576 bytes")
	<-wrote
	wantFree(t, c)
}

// TestOpenCancelled: an op that is cancelled before there is a response leaves nothing.
func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("had enough")
	addr := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(cause)
		<-r.Context().Done()
	})
	c := newClient(t, nil, addr)
	s := newStreams(t)
	_, err := c.open(ctx, "", &capability.Use{
		Op: abi.CapOpen, Arg: []byte(`{"url":"http://` + addr + `"}`), Streams: s,
	})
	if !errors.Is(err, cause) || s.Shut() != nil {
		t.Errorf("got %v, or a stream was left", err)
	}
	wantFree(t, c)

	none := capability.NewStreams(0, nil)
	_, err = open(t, newClient(t, nil, addr), none, map[string]any{"url": "http://" + redirector(t)}, "")
	if err == nil {
		t.Error("opened without a stream to spare")
	}
}
