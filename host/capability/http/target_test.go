package http

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// recorder is a server that keeps the heads of requests as they came, byte for
// byte. It answers with answer, once, and then with an empty response.
func recorder(t *testing.T, answer string) (addr string, heads func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []string
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			var head []byte
			for b := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, b[0]) {
				if _, err := io.ReadFull(conn, b); err != nil {
					break
				}
			}
			mu.Lock()
			seen = append(seen, string(head))
			mu.Unlock()
			if answer == "" {
				answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
			}
			io.WriteString(conn, answer)
			answer = ""
			conn.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return l.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// targets are what may follow the host in a URL, and the target of the request as
// the server reads it.
var targets = map[string]string{
	"":                        "/",
	"/":                       "/",
	"/a b":                    "/a%20b",
	"/a%20b c":                "/a%20b%20c",
	"/a%2Fb c":                "/a%2Fb%20c",
	"/a%2fb":                  "/a%2fb",
	"/a HTTP/1.0":             "/a%20HTTP/1.0",
	"/ä/日本":                   "/%C3%A4/%E6%97%A5%E6%9C%AC",
	`/a"<>\^{|}` + "`":        "/a%22%3C%3E%5C%5E%7B%7C%7D%60",
	"/-._~!$&'()*+,;=:@[]":    "/-._~!$&'()*+,;=:@[]",
	"/a%0d%0aHost:%20b":       "/a%0d%0aHost:%20b",
	"//b/../c":                "//b/../c",
	"/*":                      "/*",
	"?q=1 HTTP/1.0":           "/?q=1%20HTTP/1.0",
	"/?q=1 HTTP/1.0":          "/?q=1%20HTTP/1.0",
	"/?q=ä&日本=\u2028":         "/?q=%C3%A4&%E6%97%A5%E6%9C%AC=%E2%80%A8",
	"/?q=%20%c3%a4+1 2":       "/?q=%20%c3%a4+1%202",
	`/?"<>\^{|}` + "`":        "/?%22%3C%3E%5C%5E%7B%7C%7D%60",
	"/?-._~!$&'()*+,;=:@[]/?": "/?-._~!$&'()*+,;=:@[]/?",
	"/?":                      "/?",
	"/?a%0D%0Ab":              "/?a%0D%0Ab",
	"/a#f g":                  "/a",
	"/a?b#ä?c":                "/a?b",
}

// TestTargetOnTheWire: a request line has three words of printable ASCII, whatever
// the URL.
func TestTargetOnTheWire(t *testing.T) {
	for after, want := range targets {
		addr, heads := recorder(t, "")
		arg, _ := json.Marshal(map[string]string{"url": "http://" + addr + after})
		if _, err := newClient(t, nil, addr).Fetch(t.Context(), arg); err != nil {
			t.Errorf("%q: %v", after, err)
			continue
		}
		start := "GET " + want + " HTTP/1.1\r\nHost: " + addr + "\r\n"
		if len(heads()) != 1 || !strings.HasPrefix(heads()[0], start) {
			t.Errorf("%q: the server read %q, want %q", after, heads(), start)
		}
	}
}

// TestRedirectOnTheWire: what a server writes into Location goes out as what a
// guest writes, and what the first URL had after # is not shown to the second
// server.
func TestRedirectOnTheWire(t *testing.T) {
	for after, want := range map[string]string{
		"/a b?q=1 HTTP/1.0#f g": "/a%20b?q=1%20HTTP/1.0",
		"/ä?ö":                  "/%C3%A4?%C3%B6",
		"/\xe4?\xf6":            "/%E4?%F6", // Latin-1
		"?x y":                  "/?x%20y",
		`/?"<>`:                 "/?%22%3C%3E",
		"/ HTTP/1.0%0d%0aX: y":  "/%20HTTP/1.0%0D%0AX:%20y",
	} {
		to, heads := recorder(t, "")
		from, _ := recorder(t, "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n"+
			"Location: http://"+to+after+"\r\n\r\n")
		if _, _, err := get(t, newClient(t, nil, from, to), "http://"+from+"/p q?r s#secret t"); err != nil {
			t.Errorf("%q: %v", after, err)
			continue
		}
		head := strings.Join(heads(), "")
		if start := "GET " + want + " HTTP/1.1\r\nHost: " + to + "\r\n"; !strings.HasPrefix(head, start) {
			t.Errorf("%q: the server read %q, want %q", after, head, start)
		}
		if referer := "\r\nReferer: http://" + from + "/p%20q?r%20s\r\n"; !strings.Contains(head, referer) {
			t.Errorf("%q: the server read %q, want %q", after, head, referer)
		}
	}
}

// TestInjection: what would end a line, or is no valid escape, is refused in every
// part of a request, and nothing is sent.
func TestInjection(t *testing.T) {
	addr, heads := recorder(t, "")
	c := newClient(t, nil, addr)
	for _, bad := range []string{"\r\nX: y", "\n", "\r", "\x00", "\x1b", "\x7f"} {
		for _, request := range []map[string]any{
			{"url": "http://" + addr + "/a" + bad},
			{"url": "http://" + addr + "/?a" + bad},
			{"url": "http://" + addr + "/#a" + bad},
			{"url": "http://" + addr + bad + "/"},
			{"url": "http://a" + bad + "@" + addr},
			{"url": "http" + bad + "://" + addr},
			{"url": bad + "http://" + addr},
			{"url": "http://" + addr, "method": "GET" + bad},
			{"url": "http://" + addr, "headers": map[string]string{"a" + bad: "b"}},
			{"url": "http://" + addr, "headers": map[string]string{"a": "b" + bad}},
			{"url": "http://" + addr, "headers": map[string][]string{"a": {"b", bad + "c"}}},
		} {
			arg, _ := json.Marshal(request)
			_, err := c.Fetch(t.Context(), arg)
			wantBadRequest(t, err, "")
		}
	}
	for url, text := range map[string]string{
		"/a%":         "invalid URL escape",
		"/a%zz":       "invalid URL escape",
		"/?a%":        `its query: invalid URL escape "%"`,
		"/?a=%zz&b":   `its query: invalid URL escape "%zz"`,
		"/#a%zz":      "invalid URL escape",
		" HTTP/1.0":   "invalid port",
		"@b HTTP/1.0": "invalid",
	} {
		_, _, err := get(t, c, "http://"+addr+url)
		wantBadRequest(t, err, text)
	}
	for method, text := range map[string]string{
		"GET / HTTP/1.0": "is not one", "po\u017ft": "is not one", "l\u0131st": "is not one", "G\u00cbT": "is not one",
	} {
		arg, _ := json.Marshal(map[string]string{"url": "http://" + addr, "method": method})
		_, err := c.Fetch(t.Context(), arg)
		wantBadRequest(t, err, text)
	}
	if len(heads()) > 0 {
		t.Errorf("the server read %q", heads())
	}
}

// checkWire fails if a request would not go out as one head whose lines are ours.
func checkWire(t *testing.T, req *http.Request) {
	t.Helper()
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(wire.String(), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	notPrinted := func(r rune) bool { return r < ' ' || r > '~' }
	if words := strings.Split(lines[0], " "); len(words) != 3 || strings.ContainsFunc(lines[0], notPrinted) {
		t.Fatalf("the request line is %q", lines[0])
	}
	for _, line := range lines[1:] {
		name, _, ok := strings.Cut(line, ": ")
		if !ok || strings.ContainsFunc(name, notInToken) || strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a header line is %q", line)
		}
	}
}
