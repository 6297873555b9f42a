package http

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain offers a proxy, which must not be used, and fails the run if goroutines are
// left when all tests have closed their clients and servers.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		os.Setenv(name, "http://127.0.0.1:9") // net/http looks once in a process
	}
	code := m.Run()
	left := strays()
	for end := time.Now().Add(10 * time.Second); len(left) > 0 && time.Now().Before(end); left = strays() {
		time.Sleep(5 * time.Millisecond)
	}
	if code == 0 && len(left) > 0 {
		os.Stderr.WriteString("goroutines are left:\n" + strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// strays returns the stacks of the goroutines that run code of this package or of
// net/http, except the one of TestMain.
func strays() []string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return slices.DeleteFunc(strings.Split(string(stacks), "\n\n"), func(stack string) bool {
		ours := strings.Contains(stack, "capability/http.") || strings.Contains(stack, "net/http")
		return !ours || strings.Contains(stack, "http.TestMain")
	})
}

// serve starts a server on 127.0.0.1 and returns its host:port.
func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// onPort returns host with the port of addr.
func onPort(host, addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	return net.JoinHostPort(host, port)
}

// hasIPv6 reports whether this machine has IPv6 sockets.
func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// newClient returns a client that looks names up in dns alone.
func newClient(t testing.TB, dns map[string][]string, allow ...string) *Client {
	t.Helper()
	names := map[string][]string{"localhost": {"127.0.0.1"}}
	maps.Copy(names, dns)
	c := &Client{Allow: allow, resolver: fakeDNS(names)}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// trust makes c accept the certificate of s.
func trust(c *Client, s *httptest.Server) {
	c.roots = x509.NewCertPool()
	c.roots.AddCert(s.Certificate())
}

// get fetches a URL and returns head and body.
func get(t testing.TB, c *Client, url string) (head, body string, err error) {
	t.Helper()
	b, err := c.Fetch(t.Context(), []byte(`{"url":"`+url+`"}`))
	head, body, _ = strings.Cut(string(b), "\n")
	return head, body, err
}

func wantDenied(t testing.TB, err error, text string) {
	t.Helper()
	var denied *DeniedError
	if !errors.As(err, &denied) || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want a DeniedError with %q", err, text)
	}
}

func wantBadRequest(t testing.TB, err error, text string) {
	t.Helper()
	var bad *RequestError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want a RequestError with %q", err, text)
	}
}

// fakeDNS answers from a table, through the resolver of package net, over a
// pipe. No packet leaves the process.
func fakeDNS(names map[string][]string) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer ours.Close()
				var size uint16
				if binary.Read(ours, binary.BigEndian, &size) != nil {
					return
				}
				query := make([]byte, size)
				if _, err := io.ReadFull(ours, query); err != nil {
					return
				}
				answer := answerDNS(query, names)
				ours.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}()
			return theirs, nil
		},
	}
}

// answerDNS makes the answer to a query with one question, after RFC 1035.
func answerDNS(query []byte, names map[string][]string) []byte {
	const header, typeA, typeAAAA = 12, 1, 28
	var labels []string
	at := header
	for query[at] != 0 {
		n := int(query[at])
		labels = append(labels, string(query[at+1:at+1+n]))
		at += 1 + n
	}
	question := query[header : at+1+4]
	kind := binary.BigEndian.Uint16(query[at+1:])

	addrs, known := names[strings.Join(labels, ".")]
	var records []byte
	count := uint16(0)
	for _, a := range addrs {
		addr := netip.MustParseAddr(a)
		if addr.Is4() != (kind == typeA) || addr.Is6() != (kind == typeAAAA) {
			continue
		}
		count++
		records = append(records, 0xc0, header) // the name, as a pointer to the question
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 0) // class IN, time to live 0
		records = binary.BigEndian.AppendUint16(records, uint16(addr.BitLen()/8))
		records = append(records, addr.AsSlice()...)
	}
	flags := uint16(0x8180) // a response, recursion available
	if !known {
		flags |= 3 // no such name
	}
	answer := append([]byte{}, query[:2]...) // the id
	for _, n := range []uint16{flags, 1, count, 0, 0} {
		answer = binary.BigEndian.AppendUint16(answer, n)
	}
	answer = append(answer, question...)
	return append(answer, records...)
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
