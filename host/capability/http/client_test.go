package http

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["Date"] = nil
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Add("Vary", "accept")
		w.Header().Add("Vary", "origin, cookie")
		w.Header().Set("X-Saw", strings.Join([]string{
			r.Method, r.Host, r.URL.Path, r.Header.Get("X-One"), strings.Join(r.Header["X-Two"], "+"),
			cmp.Or(r.Header.Get("Cookie"), "no cookie"),
		}, " "))
		w.WriteHeader(http.StatusTeapot)
		w.Write(append([]byte("you said:\n"), body...))
	})
	c := newClient(t, nil, addr)
	arg := `{"method":"post","url":"http://` + addr + `/p","headers":{"x-one":"1","X-Two":["2","3"]}}` + "\nhello\n\x00"
	for range 2 { // a cookie that was kept would show the second time
		got, err := c.Fetch(t.Context(), []byte(arg))
		if err != nil {
			t.Fatal(err)
		}
		want := `{"status":418,"headers":{"content-length":"17","content-type":"text/plain",` +
			`"set-cookie":["a=1","b=2"],"vary":"accept, origin, cookie","x-saw":"POST ` + addr + ` /p 1 2+3 no cookie"}}` +
			"\nyou said:\nhello\n\x00"
		if string(got) != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestZeroClientRefusesAll(t *testing.T) {
	addr := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	var c Client
	defer c.Close()
	_, _, err := get(t, &c, "http://"+addr)
	wantDenied(t, err, "not on the allow-list")

	c2 := Client{Allow: []string{addr, "not a host"}}
	if _, _, err := get(t, &c2, "http://"+addr); err == nil || err.Error() != c2.Check().Error() {
		t.Errorf("with a bad list: %v", err)
	}
}

// TestMain has set HTTP_PROXY. The host is not loopback, since net/http never uses a
// proxy for that.
func TestNoProxy(t *testing.T) {
	c := newClient(t, map[string][]string{"inside.example": {"10.0.0.1"}}, "inside.example")
	for _, scheme := range []string{"http", "https"} {
		_, _, err := get(t, c, scheme+"://inside.example")
		wantDenied(t, err, "not public (private)")
	}
}

// A name must not lead to an address that is not public, even if the address is on the
// list.
func TestNameToPrivateAddress(t *testing.T) {
	addr := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	v6 := hasIPv6()
	for _, answers := range [][]string{
		{"127.0.0.1"},
		{"::1"},
		{"127.0.0.1", "::1"},
		{"10.1.2.3", "127.0.0.1"},
		{"169.254.169.254"},
		{"::ffff:127.0.0.1"},
		{"64:ff9b::7f00:1"},
		{"2002:7f00:1::"},
		{"0.0.0.0"},
		{"::"},
		{"fe80::1"},
		{"224.0.0.1"},
	} {
		if !v6 && strings.Contains(answers[0], ":") {
			continue
		}
		dns := map[string][]string{"a.example": answers, "b.example": answers}
		c := newClient(t, dns, onPort("a.example", addr), onPort("*.example", addr), addr)
		for _, host := range []string{"a.example", "b.example"} {
			_, _, err := get(t, c, "http://"+onPort(host, addr))
			wantDenied(t, err, "not public")
			if err != nil && strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("the guest is told the address: %v", err)
			}
		}
	}
}

// Whoever owns a name may change its addresses from one look-up to the next.
func TestDNSAnswersChange(t *testing.T) {
	addr := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	dns := map[string][]string{}
	c := newClient(t, nil, "a.example:*", addr)
	c.resolver = fakeDNS(dns)
	c.Retries = 1
	for _, answers := range [][]string{{}, {"127.0.0.1"}, {"169.254.169.254"}, {}, {"::1", "127.0.0.1"}} {
		dns["a.example"] = answers
		_, _, err := get(t, c, "http://"+onPort("a.example", addr))
		if err == nil || len(answers) > 0 && !strings.Contains(err.Error(), "not public") {
			t.Errorf("%s: got %v", answers, err)
		}
	}
}

// No other name than localhost stands for this machine.
func TestNameUnderLocalhost(t *testing.T) {
	c := newClient(t, map[string][]string{"app.localhost": {"127.0.0.1"}}, "*.localhost", "localhost")
	_, _, err := get(t, c, "http://app.localhost")
	wantDenied(t, err, "not public (loopback)")
}

func TestLoopbackAllowed(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST."} {
		allowed := onPort(host, addr)
		c := newClient(t, nil, allowed)
		_, body, err := get(t, c, "http://"+allowed)
		if want := onPort(strings.ToLower(strings.TrimSuffix(host, ".")), addr); err != nil || body != want {
			t.Errorf("%s: %q, %v", allowed, body, err)
		}
	}
}

func TestLoopbackAllowedIPv6(t *testing.T) {
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host)
	}))
	s.Listener.Close()
	var err error
	if s.Listener, err = net.Listen("tcp", "[::1]:0"); err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Close()
	addr := s.Listener.Addr().String()
	c := newClient(t, nil, addr)
	if _, body, err := get(t, c, "http://"+addr); err != nil || body != addr {
		t.Errorf("%q, %v", body, err)
	}
	_, _, err = get(t, c, "http://"+onPort("127.0.0.1", addr))
	wantDenied(t, err, "not on the allow-list")
}

// A connection that was opened for an address is not used for a name.
func TestPoolIsNotShared(t *testing.T) {
	var hosts sync.Map
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts.Store(r.Host, true)
		io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	addr := s.Listener.Addr().String()

	// The certificate is good for example.com too.
	name := onPort("example.com", addr)
	c := newClient(t, map[string][]string{"example.com": {"127.0.0.1"}}, addr, name)
	trust(c, s)
	for range 2 {
		if _, proto, err := get(t, c, "https://"+addr); err != nil || proto != "HTTP/2.0" {
			t.Fatalf("%q, %v", proto, err)
		}
		_, _, err := get(t, c, "https://"+name)
		wantDenied(t, err, "not public")
	}
	if _, ok := hosts.Load(name); ok {
		t.Error("the name reached the server")
	}
}

func TestCertificateIsChecked(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	addr := s.Listener.Addr().String()
	var unknown x509.UnknownAuthorityError
	if _, _, err := get(t, newClient(t, nil, addr), "https://"+addr); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

// redirector answers /?to=URL with a redirect there, and /?status= with that one.
func redirector(t *testing.T) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		if err != nil {
			status = http.StatusFound
		}
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(status)
	})
}

func TestRedirect(t *testing.T) {
	var secret atomic.Value
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		secret.Store(r.Header.Get("Authorization") + r.Header.Get("Cookie"))
		io.WriteString(w, "arrived by "+r.Method)
	})
	start := redirector(t)
	c := newClient(t, nil, start, onPort("localhost", target))
	for query, want := range map[string]string{
		"to=http://" + onPort("LOCALHOST.", target):           "arrived by GET",
		"status=307&to=http://" + onPort("localhost", target): "arrived by POST",
	} {
		arg := `{"method":"POST","url":"http://` + start + `/?` + query +
			`","headers":{"authorization":"secret","cookie":"secret"}}`
		got, err := c.Fetch(t.Context(), []byte(arg+"\nbody"))
		if err != nil || !strings.HasSuffix(string(got), want) {
			t.Errorf("%s: %q, %v", query, got, err)
		}
		if secret.Load() != "" {
			t.Errorf("%s: another host was shown %q", query, secret.Load())
		}
	}
}

func TestRedirectRefused(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	start := redirector(t)
	c := newClient(t, nil, start, onPort("localhost", other))
	for to, text := range map[string]string{
		"http://" + other: other + ` is not on the allow-list: add "` + other + `" to http.Client.Allow; ` +
			start + " redirected there",
		"ftp://" + start: start + " redirects to a URL that is refused: the scheme must be http or https",

		"//" + other:                              other + " is not on the allow-list",
		"http://localhost":                        "localhost:80 is not on the allow-list",
		"http://169.254.169.254/latest":           "169.254.169.254:80 is not on the allow-list",
		"file:///etc/passwd":                      "the scheme must be http or https",
		"http://user@" + start:                    "no user or password",
		"http://[::ffff:127.0.0.1]":               "write the address as IPv4",
		"http://2130706433":                       "four decimal numbers",
		"http://" + start + "/?to=ftp://" + start: "the scheme must be http or https",
	} {
		_, _, err := get(t, c, "http://"+start+"/?to="+to)
		wantDenied(t, err, text)
	}
	if _, _, err := get(t, c, "http://"+start+"/?to=http://%25%25"); err == nil {
		t.Error("followed a location that is no URL")
	}
}

func TestTooManyRedirects(t *testing.T) {
	var hits atomic.Int32
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})
	_, _, err := get(t, newClient(t, nil, addr), "http://"+addr+"/")
	if err == nil || !strings.Contains(err.Error(), "more than 10 redirects") || hits.Load() != 11 {
		t.Errorf("%v after %d requests", err, hits.Load())
	}
}

func TestResponseTooBig(t *testing.T) {
	const limit = 1 << 16
	body := bytes.Repeat([]byte{'x'}, limit)
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fits":
			w.Write(body)
		case "/length":
			w.Write(append(body, 'x'))
		case "/stream":
			for r.Context().Err() == nil {
				w.Write(body)
			}
		case "/bomb", "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(body)
			if r.URL.Path == "/bomb" {
				z.Write(make([]byte, 2<<20))
			}
			z.Close()
		}
	})
	c := newClient(t, nil, addr)
	c.MaxResponseBytes = limit
	for _, path := range []string{"/fits", "/packed"} {
		if _, got, err := get(t, c, "http://"+addr+path); err != nil || got != string(body) {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	for _, path := range []string{"/length", "/stream", "/bomb"} {
		if _, got, err := get(t, c, "http://"+addr+path); !errors.Is(err, ErrResponseTooBig) || got != "" {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	// Packed, it fits: a guest that asks for gzip gets gzip.
	_, err := c.Fetch(t.Context(), []byte(`{"url":"http://`+addr+`/bomb","headers":{"accept-encoding":"gzip"}}`))
	if err != nil {
		t.Error(err)
	}
}

func TestHeaderTooBig(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeaderBytes))
	})
	if _, _, err := get(t, newClient(t, nil, addr), "http://"+addr); err == nil {
		t.Error("a header beyond the limit passed")
	}
}

func TestShortBody(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "not so many")
	})
	if _, _, err := get(t, newClient(t, nil, addr), "http://"+addr); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestMaxConcurrent(t *testing.T) {
	const places, waiting = 2, 4
	arrived, release := make(chan bool, places+waiting), make(chan bool)
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush() // a place is held until the body has come
		arrived <- true
		<-release
	})
	c := newClient(t, nil, addr)
	c.MaxConcurrent = places
	var inside, outside sync.WaitGroup
	for range places {
		inside.Go(func() {
			if _, _, err := get(t, c, "http://"+addr); err != nil {
				t.Error(err)
			}
		})
		<-arrived
	}
	if c.places.free != 0 {
		t.Errorf("%d places are free", c.places.free)
	}

	cause := errors.New("waited enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	for range waiting {
		outside.Go(func() {
			_, err := c.Fetch(ctx, []byte(`{"url":"http://`+addr+`"}`))
			if !errors.Is(err, cause) || !strings.Contains(err.Error(), "waiting for a place") {
				t.Errorf("got %v", err)
			}
		})
	}
	cancel(cause)
	outside.Wait()
	if len(arrived) != 0 {
		t.Errorf("%d requests too many", len(arrived))
	}

	close(release)
	inside.Wait()
	for range places + 1 { // the places have been given back
		if _, _, err := get(t, c, "http://"+addr); err != nil {
			t.Error(err)
		}
	}
}

func TestCancelMidBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		started, gone := make(chan bool), make(chan bool)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.Proto)
			http.NewResponseController(w).Flush()
			close(started)
			<-r.Context().Done()
			close(gone)
		}))
		s.EnableHTTP2 = http2
		s.StartTLS()
		c := newClient(t, nil, s.Listener.Addr().String())
		trust(c, s)
		cause := errors.New("had enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-started
			cancel(cause)
		}()
		got, err := c.Fetch(ctx, []byte(`{"url":"`+s.URL+`"}`))
		if !errors.Is(err, cause) || got != nil {
			t.Errorf("HTTP/2 %v: %q, %v", http2, got, err)
		}
		<-gone // the server sees that the client is gone
		s.Close()
	}
}

// A server may say nothing, or a byte now and then.
func TestTimeout(t *testing.T) {
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.URL.Path == "/drips" && r.Context().Err() == nil {
			io.WriteString(w, ".")
			http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
		<-r.Context().Done()
	})
	for _, path := range []string{"/", "/drips"} {
		c := newClient(t, nil, addr)
		c.Timeout = 20 * time.Millisecond
		_, _, err := get(t, c, "http://"+addr+path)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not done in 20ms") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// A server may hold a handshake open. The handshake ends with its request, and is not
// kept for a later one.
func TestCancelEndsTheHandshake(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := newClient(t, nil, l.Addr().String())
	ctx, cancel := context.WithCancel(t.Context())
	closed := make(chan error)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			closed <- err
			return
		}
		defer conn.Close()
		io.ReadFull(conn, make([]byte, 1)) // the handshake has begun
		cancel()
		conn.SetReadDeadline(time.Now().Add(connectTimeout / 3))
		_, err = io.Copy(io.Discard, conn)
		closed <- err
	}()
	if _, err := c.Fetch(ctx, []byte(`{"url":"https://`+l.Addr().String()+`"}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var late net.Error
	if err := <-closed; errors.As(err, &late) && late.Timeout() {
		t.Error("the connection was kept")
	}
}

func TestClose(t *testing.T) {
	closed := make(chan bool)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, nil, s.Listener.Addr().String())
	for range 2 { // on one connection; with two, closed would be closed twice
		if _, _, err := get(t, c, s.URL); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	<-closed
}

// rawServer answers every connection with text, and keeps it open until the
// test ends.
func rawServer(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				conn.Read(make([]byte, 1<<10))
				io.WriteString(conn, text)
				<-done
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(done)
		conns.Wait()
	})
	return l.Addr().String()
}

// The body of such a response would be the connection itself, and would not end.
func TestUpgradeIsRefused(t *testing.T) {
	addr := rawServer(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	_, _, err := get(t, newClient(t, nil, addr), "http://"+addr)
	if err == nil || !strings.Contains(err.Error(), "another protocol") {
		t.Errorf("got %v", err)
	}
}

// Errors go to the guest, so they must not describe the network that it can't reach.
func TestErrorsHideAddresses(t *testing.T) {
	start := redirector(t)
	reset := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := onPort("localhost", l.Addr().String())
	l.Close()
	resets := onPort("localhost", reset)
	c := newClient(t, nil, refusing, resets, "nowhere.example", start)
	for url, want := range map[string]string{
		"http://" + refusing:     refusing + ": dial: connect: connection refused",
		"http://nowhere.example": "nowhere.example: no such host",
		"http://" + resets:       resets + ": EOF",
		"https://" + resets:      resets + ": http: server gave HTTP response to HTTPS client",

		// After a redirect, the host is the one that it led to.
		"http://" + start + "/?to=http://nowhere.example": "nowhere.example: no such host",
	} {
		_, _, err := get(t, c, url)
		if err == nil || err.Error() != "http: "+want {
			t.Errorf("%s: got  %v\nwant http: %s", url, err, want)
		}
	}
}
