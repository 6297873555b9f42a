// Package wexechttp lets a guest make requests with net/http. The host makes
// them, through http.fetch:
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
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	wexec "github.com/wexec/wexec/sdk/go"
)

// Transport is an http.RoundTripper that asks the host to make the requests. The
// context of a request must be that of a task, or derived from it. Request and
// response bodies are held in memory.
type Transport struct{}

// RoundTrip implements http.RoundTripper.
func (Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	request, err := fromHTTP(r)
	if err != nil {
		return nil, err
	}
	response, err := wexec.Fetch(r.Context(), request)
	if err != nil {
		return nil, err
	}
	return toHTTP(response, r), nil
}

func fromHTTP(r *http.Request) (wexec.Request, error) {
	request := wexec.Request{Method: r.Method, URL: r.URL.String(), Header: map[string]string{}}
	for name, values := range r.Header {
		request.Header[name] = strings.Join(values, ", ")
	}
	if r.Host != "" && r.Host != r.URL.Host {
		request.Header["Host"] = r.Host
	}
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if request.Body, err = io.ReadAll(r.Body); err != nil {
			return request, err
		}
	}
	return request, nil
}

func toHTTP(response *wexec.Response, r *http.Request) *http.Response {
	header := http.Header{}
	for name, value := range response.Header {
		header.Set(name, value)
	}
	return &http.Response{
		Status:        strconv.Itoa(response.Status) + " " + http.StatusText(response.Status),
		StatusCode:    response.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(response.Body)),
		ContentLength: int64(len(response.Body)),
		Request:       r,
	}
}
