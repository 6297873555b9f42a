package http

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/wexec/wexec/abi"
)

// ErrResponseTooBig is in the error of a request whose response body was larger
// than MaxResponseBytes or MaxStreamBytes.
var ErrResponseTooBig = errors.New("the response is too big")

// tooBig is the error of a response that goes past a limit of Client.
func tooBig(limit int64, field string) error {
	return fmt.Errorf("%w: its body has more than %d bytes (%s)", ErrResponseTooBig, limit, field)
}

// A DeniedError says that the policy does not let a guest reach a host, and
// what one may do about it.
type DeniedError struct {
	Host   string // host and port, in the form in which they are compared
	Reason string // continues a sentence that begins with Host
}

func (e *DeniedError) Error() string { return "http: " + e.Host + " " + e.Reason }

// Kind returns what a guest gets as the status of its op.
func (e *DeniedError) Kind() abi.Status { return abi.Denied }

// A RequestError says what is wrong with the argument of a Fetch.
type RequestError struct {
	Reason string
}

func (e *RequestError) Error() string { return "http: bad request: " + e.Reason }

// Kind returns what a guest gets as the status of its op.
func (e *RequestError) Kind() abi.Status { return abi.InvalidInput }

func badRequest(format string, args ...any) error {
	return &RequestError{Reason: fmt.Sprintf(format, args...)}
}

// clip cuts a text that the guest made, so that it fits into an error.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// failure is what a guest is told when net/http returned err for a request to
// host. The errors of package net carry the addresses of this machine, of its
// resolver and of the peer; none of these is the guest's to know.
func failure(host string, err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		if u, bad := url.Parse(inURL.URL); bad == nil && u.Host != "" {
			host = u.Host // after a redirect it is no longer the first one
		}
		err = inURL.Err
	}
	var denied *DeniedError
	var bad *RequestError
	var lookup *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &denied):
		return denied
	case errors.As(err, &bad):
		return bad
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Errorf("http: %s: no such host", host)
	case errors.As(err, &lookup):
		return fmt.Errorf("http: %s: the name could not be looked up", host)
	case errors.As(err, &op):
		return fmt.Errorf("http: %s: %s: %w", host, op.Op, op.Err)
	}
	return fmt.Errorf("http: %s: %w", host, err)
}
