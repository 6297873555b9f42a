package http

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	firstBackoff   = 100 * time.Millisecond
	longestPause   = 30 * time.Second // that a server may ask for
	longestBackoff = 10 * time.Second
	mostDiscarded  = 64 << 10 // bytes of a response that is not wanted, to keep its connection
)

// Methods that have the same effect when a request is sent twice.
var idempotent = []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete}

// Statuses that say that the same request may succeed later.
var transient = []int{
	http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// pause says whether to try again, after so many retries, and how long to wait before.
func (x *exchange) pause(retries int, res *http.Response, err error) (time.Duration, bool) {
	r := x.request
	if retries >= x.client.Retries || r.body != nil || !slices.Contains(idempotent, r.Method) || x.ctx.Err() != nil {
		return 0, false
	}
	wait := backoff(retries)
	switch {
	case err != nil && !brokeOff(err), err == nil && !slices.Contains(transient, res.StatusCode):
		return 0, false
	case err == nil:
		asked := retryAfter(res.Header.Get("Retry-After"), time.Now())
		if asked > longestPause {
			return 0, false
		}
		wait = max(wait, asked)
	}
	deadline, ok := x.ctx.Deadline()
	return wait, !ok || time.Until(deadline) > wait
}

// brokeOff reports whether the connection is at fault.
func brokeOff(err error) bool {
	if _, ok := errors.AsType[*DeniedError](err); ok {
		return false
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return !lookup.IsNotFound
	}
	_, inNet := errors.AsType[*net.OpError](err)
	return inNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// backoff doubles with each retry. Half of it is random, so that those who failed
// together do not come back together.
func backoff(retries int) time.Duration {
	whole := min(firstBackoff<<min(retries, 10), longestBackoff)
	return whole/2 + rand.N(whole/2)
}

// retryAfter reads a header of RFC 9110: seconds, or a date. It returns 0 for others.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
