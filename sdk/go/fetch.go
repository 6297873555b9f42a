package wexec

import (
	"context"
	"encoding/json"

	"github.com/wexec/wexec/abi"
)

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
		return nil, &Error{StatusFailed, "the host's answer to http.fetch: " + err.Error()}
	}
	return &Response{Status: h.Status, Header: h.Headers, Body: body}, nil
}
