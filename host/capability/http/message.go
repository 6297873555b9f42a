package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wexec/wexec/abi"
)

// A request is what the argument of an op asks for.
type request struct {
	*http.Request
	to      target
	named   map[string]string // secrets by headers, as the guest wrote them
	secrets []*sealed
	body    *uint32 // the handle of the stream that is its body, if that is not nil
}

// A requestHead is the head of a request as the guest wrote it.
type requestHead struct {
	method, url string
	headers     map[string]values
	secrets     map[string]string // names of secrets by headers
	body        *uint32           // of http.open
}

// values are the values of a header: in JSON, one string or an array of them.
type values []string

func (v *values) UnmarshalJSON(b []byte) error {
	if !bytes.HasPrefix(b, []byte("[")) {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	var items []*string
	err := json.Unmarshal(b, &items)
	if err != nil || slices.Contains(items, nil) {
		return errors.New("a value is neither a string nor an array of strings")
	}
	for _, item := range items {
		*v = append(*v, *item)
	}
	return nil
}

// parseRequest makes a request of the argument of an op. Whether it may go where it
// leads is not asked here.
func parseRequest(op string, arg []byte) (*request, error) {
	line, body := abi.SplitMessage(arg)
	if len(line) > maxHeaderBytes {
		return nil, badRequest("the head has %d bytes, the limit is %d", len(line), maxHeaderBytes)
	}
	head, err := parseHead(op, line)
	if err != nil {
		return nil, err
	}
	method, err := parseMethod(head.method)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(head.url, func(r rune) bool { return r == '\t' || isControl(r) }) {
		return nil, badRequest("url: it has a control character") // url.Parse lets some stand after #
	}
	if head.body != nil && len(body) > 0 {
		return nil, badRequest("its body is both a stream and in the message")
	}
	// A server may answer before it has read the whole body, and net/http then
	// reads on for a while. arg may be another task's memory by that time.
	req, err := http.NewRequest(method, head.url, bytes.NewReader(bytes.Clone(body)))
	if err != nil {
		if inURL, ok := errors.AsType[*url.Error](err); ok {
			err = inURL.Err
		}
		return nil, badRequest("url: %v", err)
	}
	to, err := urlEndpoint(req.URL)
	if err != nil {
		return nil, badRequest("url: %v", err)
	}
	req.Host = "" // the header Host is that of the URL, and stays so on redirects
	req.Header, err = parseHeaders(head.headers)
	return &request{Request: req, to: targetOf(method, req.URL, to), named: head.secrets, body: head.body}, err
}

// parseHead goes field by field, because encoding/json would take "URL" for
// "url".
func parseHead(op string, line []byte) (head requestHead, err error) {
	if quick := (scanner{rest: string(line)}); quick.head(&head) && head.url != "" {
		return head, nil
	}
	head = requestHead{}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return head, badRequest("the head is not a JSON object: %v", err)
	}
	into := map[string]any{"method": &head.method, "url": &head.url, "headers": &head.headers, "secrets": &head.secrets}
	if op == abi.CapOpen {
		into["body"] = &head.body
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field, ok := into[name]
		if !ok {
			return head, badRequest("%q: there is no such field, only %s", clip(name),
				strings.Join(slices.Sorted(maps.Keys(into)), ", "))
		}
		err := json.Unmarshal(fields[name], field)
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			err = errors.New("it can't be a JSON " + wrong.Value)
		}
		if err != nil {
			return head, badRequest("%q: %v", name, err)
		}
	}
	if head.url == "" {
		return head, badRequest("url is missing")
	}
	return head, nil
}

// A scanner reads a head as SDKs write it, with plain strings and without spaces. It
// leaves every other one to encoding/json, which is several times as slow.
type scanner struct{ rest string }

// head reads a whole head.
func (s *scanner) head(head *requestHead) bool {
	return s.object(func(name string) (ok bool) {
		switch {
		case name == "method" && head.method == "":
			head.method, ok = s.text()
		case name == "url" && head.url == "":
			head.url, ok = s.text()
		case name == "headers" && head.headers == nil:
			head.headers = map[string]values{}
			ok = s.object(func(name string) bool {
				value, ok := s.text()
				_, twice := head.headers[name]
				head.headers[name] = values{value}
				return ok && !twice
			})
		}
		return ok
	}) && s.rest == ""
}

// object reads an object, and calls member for each value.
func (s *scanner) object(member func(name string) bool) bool {
	if !s.skip("{") {
		return false
	}
	for {
		name, ok := s.text()
		if !ok || !s.skip(":") || !member(name) {
			return false
		}
		if !s.skip(",") {
			return s.skip("}")
		}
	}
}

func (s *scanner) text() (string, bool) {
	if !s.skip(`"`) {
		return "", false
	}
	text, rest, ok := strings.Cut(s.rest, `"`)
	s.rest = rest
	return text, ok && isPlain(text)
}

func (s *scanner) skip(what string) (ok bool) {
	s.rest, ok = strings.CutPrefix(s.rest, what)
	return ok
}

func parseMethod(s string) (string, error) {
	// Asked before the letters are folded: the upper case of some that are not
	// ASCII is.
	if strings.ContainsFunc(s, notInToken) {
		return "", badRequest("method %q is not one", clip(s))
	}
	switch method := strings.ToUpper(s); method {
	case "":
		return http.MethodGet, nil
	case http.MethodConnect, http.MethodTrace:
		return "", badRequest("method %s is not allowed", method)
	default:
		return method, nil
	}
}

// hostsOwn are the headers which are for this side to set: those that frame
// the message, choose the server, or are between us and the next hop. A guest
// that sets one is told so. Were they dropped, it would go on thinking that
// they had been sent.
var hostsOwn = map[string]bool{
	"Connection":        true,
	"Content-Length":    true,
	"Expect":            true,
	"Host":              true,
	"Http2-Settings":    true,
	"Keep-Alive":        true,
	"Te":                true,
	"Trailer":           true,
	"Transfer-Encoding": true,
	"Upgrade":           true,
}

func parseHeaders(given map[string]values) (http.Header, error) {
	header := make(http.Header, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if err := checkHeaderName(name); err != nil {
			return nil, badRequest("%v", err)
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		for _, value := range given[name] {
			switch {
			case strings.ContainsFunc(value, isControl):
				return nil, badRequest("header %s has a control character", name)
			case canonical == "Authorization" && logsInConnection(value):
				return nil, badRequest("header %s: %v", name, errLogsInConnection)
			}
			header.Add(canonical, value)
		}
	}
	return header, nil
}

func checkHeaderName(name string) error {
	if name == "" || strings.ContainsFunc(name, notInToken) {
		return fmt.Errorf("header name %q is not one", clip(name))
	}
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	if hostsOwn[canonical] || strings.HasPrefix(canonical, "Proxy-") {
		return fmt.Errorf("header %s is not the guest's to set", clip(name))
	}
	return nil
}

// notInToken is about the tokens of RFC 9110, which methods and names are.
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' || r == 0x7f
}

// appendHead appends the head of a response. A header is one string, its values joined
// as RFC 9110 says; Set-Cookie alone can't be joined, and is always an array. The
// handle of a stream is there if it is not 0.
func appendHead(b []byte, res *http.Response, stream uint32) []byte {
	b = strconv.AppendInt(append(b, `{"status":`...), int64(res.StatusCode), 10)
	b = append(b, `,"headers":{`...)
	var most [16]string // on the stack
	names := slices.AppendSeq(most[:0], maps.Keys(res.Header))
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, strings.ToLower(name)), ':')
		if values := res.Header[name]; name == "Set-Cookie" {
			cookies, _ := json.Marshal(values) // strings never fail
			b = append(b, cookies...)
		} else {
			b = appendJSON(b, strings.Join(values, ", "))
		}
	}
	b = append(b, '}')
	if stream != 0 {
		b = strconv.AppendUint(append(b, `,"stream":`...), uint64(stream), 10)
	}
	return append(b, '}')
}

// appendJSON appends a string as JSON. Most are plain, and json.Marshal is slow.
func appendJSON(b []byte, s string) []byte {
	if isPlain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, _ := json.Marshal(s)
	return append(b, quoted...)
}

// isPlain reports whether a string in JSON is itself in quotes.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
