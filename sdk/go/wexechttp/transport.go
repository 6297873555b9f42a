// Package wexechttp lets a guest make requests with net/http. The host makes
// them, through http.open:
//
//	client := &http.Client{Transport: wexechttp.Transport{}}
//	request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
//	…
//	response, err := client.Do(request)
//
// It is a separate package because net/http makes a guest about 7 MB larger.
// wexec.Fetch does not need it.
package wexechttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	wexec "github.com/wexec/wexec/sdk/go"
)

// wholeBytes is the longest body of a known length that goes with the request, which
// then has a Content-Length. Others are streamed.
const wholeBytes = 1 << 20

// Transport is an http.RoundTripper that asks the host to make the requests. The
// context of a request must be that of a task, or derived from it. Bodies are streamed
// both ways. The host follows redirects, except those that ask for a streamed body
// again.
type Transport struct {
	// Secrets has the names of secrets by headers. The host fills in their values.
	Secrets map[string]string
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	request := wexec.Request{Method: r.Method, URL: r.URL.String(), Header: headerOf(r), Secrets: t.Secrets}
	if err := setBody(ctx, cancel, &request, r); err != nil {
		cancel(err)
		return nil, err
	}
	response, err := wexec.Open(ctx, request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(err)
		return nil, err
	}
	return toHTTP(response, body{response.Stream, cancel}, r), nil
}

func headerOf(r *http.Request) map[string]string {
	header := map[string]string{}
	for name, values := range r.Header {
		header[name] = strings.Join(values, ", ")
	}
	if r.Host != "" && r.Host != r.URL.Host {
		header["Host"] = r.Host
	}
	return header
}

// setBody gives a request its body: all at once, or a stream that a goroutine fills. If
// the body can't be read, cancel ends the request, since the server must not take what
// it has got for the whole.
func setBody(ctx context.Context, cancel context.CancelCauseFunc, request *wexec.Request, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if 0 < r.ContentLength && r.ContentLength <= wholeBytes {
		defer r.Body.Close()
		whole, err := io.ReadAll(io.LimitReader(r.Body, wholeBytes+1))
		if err == nil && int64(len(whole)) != r.ContentLength {
			err = fmt.Errorf("wexechttp: a body of %d bytes, and ContentLength %d", len(whole), r.ContentLength)
		}
		request.Body = whole
		return err
	}
	pipe, err := wexec.Pipe(ctx)
	if err != nil {
		r.Body.Close()
		return err
	}
	request.Stream = pipe
	go func() {
		defer r.Body.Close()
		from := source{Reader: r.Body}
		if io.Copy(pipe, &from); from.err != nil {
			cancel(from.err)
			return
		}
		pipe.Close() // also if the server wants no more of it: it may have answered
	}()
	return nil
}

// source remembers why it could not be read.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != io.EOF {
		s.err = err
	}
	return n, err
}

// body is the body of a response.
type body struct {
	*wexec.Stream
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b body) Close() error {
	defer b.cancel(http.ErrBodyReadAfterClose)
	return b.Stream.Close()
}

func toHTTP(response *wexec.Response, body io.ReadCloser, r *http.Request) *http.Response {
	header := http.Header{}
	for name, value := range response.Header {
		header.Set(name, value)
	}
	for _, cookie := range response.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status:        strconv.Itoa(response.Status) + " " + http.StatusText(response.Status),
		StatusCode:    response.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          body,
		ContentLength: length,
		Request:       r,
	}
}
