package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// An exchange is a request with its redirects and retries, and the response. It holds
// a place until its end.
type exchange struct {
	client  *Client
	tenant  string
	request *request
	ctx     context.Context
	cancel  context.CancelFunc
	secrets []*sealed // that the next hop may carry
}

// begin waits until the tenant may send a request. The time that the exchange may
// take begins after that.
func (c *Client) begin(ctx context.Context, tenant string, r *request, timeout time.Duration) (*exchange, error) {
	err := c.rates.wait(ctx, tenant)
	if err == nil {
		err = c.places.take(ctx, tenant)
	}
	if err != nil {
		return nil, fmt.Errorf("http: %s: waiting for a place: %w", r.to.endpoint, err)
	}
	x := &exchange{client: c, tenant: tenant, request: r, ctx: ctx, cancel: func() {}}
	// A call's own time is up before most timeouts, and a context is much of the
	// garbage of a request.
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > timeout {
		x.ctx, x.cancel = context.WithTimeoutCause(ctx, timeout, late(timeout))
	}
	return x, nil
}

// late is the error of an exchange that took longer than that.
type late time.Duration

func (l late) Error() string { return fmt.Sprintf("not done in %v: %v", time.Duration(l), l.Unwrap()) }
func (late) Unwrap() error   { return context.DeadlineExceeded }

// end ends the exchange. It must be called once.
func (x *exchange) end() {
	x.cancel()
	x.client.places.give(x.tenant)
}

// exchangeKey is for the context of a request, so that what net/http calls back knows
// what it is for.
type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// send sends the request, as often as it may, and returns the response.
func (x *exchange) send() (*http.Response, error) {
	req := x.request.WithContext(context.WithValue(x.ctx, exchangeKey{}, x))
	for retries := 0; ; retries++ {
		x.secrets = slices.Clone(x.request.secrets)
		res, err := x.client.http.Do(req)
		wait, again := x.pause(retries, res, err)
		if again {
			discard(res)
			if err = x.sleep(wait); err == nil {
				req.Body, err = req.GetBody()
			}
			if err == nil {
				continue
			}
		}
		if err == nil {
			err = x.refused(res)
		}
		if err == nil {
			return res, nil
		}
		if res != nil {
			res.Body.Close()
		}
		return nil, x.failure(err)
	}
}

// refused says why a response is not for the guest.
func (x *exchange) refused(res *http.Response) error {
	switch {
	// After an upgrade net/http hands over the bare connection, and no longer
	// closes it when the context ends: a read could then last for ever.
	case res.StatusCode == http.StatusSwitchingProtocols:
		return errors.New("the server switched to another protocol")
	case x.request.body != nil && slices.Contains(resent, res.StatusCode) && res.Header.Get("Location") != "":
		return fmt.Errorf("the server redirected with status %d, which asks for the body again, but that was a stream",
			res.StatusCode)
	}
	return nil
}

// resent are the redirects that take the body along.
var resent = []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

// discard reads a little of a response, so that its connection can be used again.
func discard(res *http.Response) {
	if res != nil {
		io.CopyN(io.Discard, res.Body, mostDiscarded)
		res.Body.Close()
	}
}

// sleep waits before a retry.
func (x *exchange) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return x.client.rates.wait(x.ctx, x.tenant)
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	}
}

// failure is what the guest is told. What net/http says of a context that has ended
// depends on where it was; the cause does not.
func (x *exchange) failure(err error) error {
	if x.ctx.Err() != nil {
		err = context.Cause(x.ctx)
	}
	return failure(x.request.URL.Host, err)
}

// filler fills in the secrets of each request on its way, so that nothing before it
// has them.
type filler struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (f filler) RoundTrip(req *http.Request) (*http.Response, error) {
	filled, err := exchangeOf(req.Context()).fill(req)
	if err != nil {
		return nil, err
	}
	return f.Transport.RoundTrip(filled)
}
