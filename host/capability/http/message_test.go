package http

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
)

func TestRequestRefused(t *testing.T) {
	c := &Client{MaxRequestBytes: 1 << 20}
	for _, tt := range []struct{ arg, err string }{
		{"", "not a JSON object"},
		{"\n{}", "not a JSON object"},
		{"null", "url is missing"},
		{"[]", "not a JSON object"},
		{`{"url":"http://a"} {}`, "not a JSON object"},
		{`{"url":"http://a"`, "not a JSON object"},
		{`{}`, "url is missing"},
		{`{"url":7}`, `"url": it can't be a JSON number`},
		{`{"url":"http://a","URL":"http://b"}`, `"URL": there is no such field`},
		{`{"url":"http://a","body":"x"}`, `"body": there is no such field`},
		{`{"url":"http://a","method":1}`, `"method"`},
		{`{"url":"http://a","method":"CONNECT"}`, "CONNECT"},
		{`{"url":"http://a","method":"trace"}`, "TRACE"},
		{`{"url":"http://a","method":"GET / HTTP/1.1"}`, "method"},
		{`{"url":"http://a","method":"G\r\nET"}`, "method"},
		{`{"url":"http://a","headers":[]}`, `"headers": it can't be a JSON array`},
		{`{"url":"http://a","headers":{"a":1}}`, "neither a string nor"},
		{`{"url":"http://a","headers":{"a":null}}`, "neither a string nor"},
		{`{"url":"http://a","headers":{"a":["x",null]}}`, "neither a string nor"},
		{`{"url":"http://a","headers":{"a":[["x"]]}}`, "neither a string nor"},
		{`{"url":"http://a","headers":{"":"x"}}`, "header name"},
		{`{"url":"http://a","headers":{"a b":"x"}}`, "header name"},
		{`{"url":"http://a","headers":{":authority":"x"}}`, "header name"},
		{`{"url":"http://a","headers":{"host ":"x"}}`, "header name"},
		{`{"url":"http://a","headers":{"a":"x\r\nhost: b"}}`, "control character"},
		{`{"url":"http://a","headers":{"a":["x","\u0000"]}}`, "control character"},
		{`{"url":"http://a","headers":{"a":"` + strings.Repeat("x", maxHeaderBytes) + `"}}`, "the head has"},
		{`{"url":"http://a"}` + "\n" + strings.Repeat("x", 1<<20), "the limit is 1048576"},
	} {
		_, err := c.Fetch(t.Context(), []byte(tt.arg))
		wantBadRequest(t, err, tt.err)
	}
	for _, name := range []string{
		"Host", "host", "CONTENT-LENGTH", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer",
		"expect", "http2-settings", "proxy-authorization", "Proxy-Connection", "proxy-anything",
	} {
		_, err := c.Fetch(t.Context(), []byte(`{"url":"http://a","headers":{"`+name+`":"x"}}`))
		wantBadRequest(t, err, "header "+name+" is not the guest's")
	}
}

func TestParseRequest(t *testing.T) {
	arg := `{"method":"patch","url":"http://Example.COM.:80/a%20b?q=1#f",` +
		`"headers":{"accept":"a","X":["1","2"],"x":"3","none":[]}}` + "\nbody\nmore"
	req, err := parseRequest(abi.CapFetch, []byte(arg))
	if err != nil {
		t.Fatal(err)
	}
	if req.Method != "PATCH" || req.URL.Host != "example.com" || req.URL.RequestURI() != "/a%20b?q=1" ||
		req.to.String() != "example.com:80" {
		t.Errorf("%s %s to %s", req.Method, req.URL, req.to)
	}
	if req.ContentLength != int64(len("body\nmore")) {
		t.Errorf("body of %d bytes", req.ContentLength)
	}
	want := http.Header{"Accept": {"a"}, "X": {"1", "2", "3"}}
	if !maps.EqualFunc(req.Header, want, slices.Equal) {
		t.Errorf("got headers %v, want %v", req.Header, want)
	}
}

// A server may answer before it has read the body. Then net/http still sends it after
// Fetch has returned, when arg belongs to the caller again.
func TestArgIsNotKept(t *testing.T) {
	arg := []byte(`{"method":"POST","url":"http://a"}` + "\nbody")
	req, err := parseRequest(abi.CapFetch, arg)
	if err != nil {
		t.Fatal(err)
	}
	clear(arg)
	if body, _ := io.ReadAll(req.Body); string(body) != "body" {
		t.Errorf("got %q", body)
	}
}

// TestQuickHeads: the scanner reads what SDKs write, and nothing that encoding/json
// would read differently.
func TestQuickHeads(t *testing.T) {
	for line, want := range map[string]bool{
		`{"url":"http://a"}`: true,
		`{"method":"GET","url":"http://a?b&c","headers":{"a":"b","c":""}}`: true,
		`{"url":"http://a","headers":{"a":["b"]}}`:                         false,
		`{"url":"http://a","headers":{"a":"b","a":"c"}}`:                   false,
		`{"url":"http://a","url":"http://b"}`:                              false,
		`{"url": "http://a"}`:                                              false,
		`{"url":"http://\u0061"}`:                                          false,
		`{"url":"http://ä"}`:                                               false,
		`{"url":"http://a"}}`:                                              false,
		`{"url":"http://a",}`:                                              false,
		`{"url":"http://a"`:                                                false,
		`{"URL":"http://a"}`:                                               false,
		`{"url":"http://a","secrets":{"a":"b"}}`:                           false,
		`{}`:                                                               false,
		``:                                                                 false,
	} {
		var head requestHead
		if got := (&scanner{line}).head(&head); got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

// A client that allows nothing refuses any request with one of two errors. A request
// that is well formed is sent in the form that was checked.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"url":"http://example.com"}`,
		`{"method":"POST","url":"https://[::1]:8443/a?b","headers":{"a":"b","c":["d","e"]}}` + "\nbody",
		`{"url":"http://user@0x7f.1/"}`,
		`{"url":"http:\\\\a@b","headers":{"host":"c"}}`,
		`{"url":"http://a","headers":{"Proxy-Foo":null}}`,
		`{"method":"li\u017ft","url":"http://a/b c?d HTTP/1.0 \u00e4#e f"}`,
		`null`, `{"url":1}`, "\n\n", "{\"url\":\"http://\u212a\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, arg []byte) {
		var c Client
		line, _ := abi.SplitMessage(arg)
		var head requestHead
		if (&scanner{string(line)}).head(&head) {
			var plain struct {
				Method, URL string
				Headers     map[string]values
			}
			if err := json.Unmarshal(line, &plain); err != nil || plain.Method != head.method || plain.URL != head.url ||
				!maps.EqualFunc(plain.Headers, head.headers, slices.Equal) {
				t.Fatalf("the scanner read %+v, encoding/json %+v, %v", head, plain, err)
			}
		}
		_, err := c.Fetch(t.Context(), arg)
		var bad *RequestError
		var denied *DeniedError
		if !errors.As(err, &bad) && !errors.As(err, &denied) {
			t.Fatalf("got error %v", err)
		}
		req, err := parseRequest(abi.CapFetch, arg)
		if err != nil {
			return
		}
		again, err := urlEndpoint(req.URL)
		if err != nil || again != req.to.endpoint || req.Host != "" || req.URL.User != nil {
			t.Fatalf("%s, host %q, leads to %s and then to %s: %v", req.URL, req.Host, req.to, again, err)
		}
		for name := range req.Header {
			if hostsOwn[name] || strings.HasPrefix(strings.ToLower(name), "proxy-") {
				t.Fatalf("header %s got through", name)
			}
		}
		checkWire(t, req.Request)
	})
}
