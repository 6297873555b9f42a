package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/wexec/wexec/abi"
)

// A requestHead is the head of a request as the guest wrote it.
type requestHead struct {
	method, url string
	headers     map[string]values
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

// parseRequest makes a request of the argument of a Fetch, and says where it
// leads. Whether it may go there is not asked here.
func parseRequest(arg []byte) (*http.Request, endpoint, error) {
	line, body := abi.SplitMessage(arg)
	if len(line) > maxHeaderBytes {
		return nil, endpoint{}, badRequest("the head has %d bytes, the limit is %d", len(line), maxHeaderBytes)
	}
	head, err := parseHead(line)
	if err != nil {
		return nil, endpoint{}, err
	}
	method, err := parseMethod(head.method)
	if err != nil {
		return nil, endpoint{}, err
	}
	if strings.ContainsFunc(head.url, func(r rune) bool { return r == '\t' || isControl(r) }) {
		return nil, endpoint{}, badRequest("url: it has a control character") // url.Parse lets some stand after #
	}
	// A server may answer before it has read the whole body, and net/http then
	// reads on for a while. arg may be another task's memory by that time.
	body = bytes.Clone(body)
	req, err := http.NewRequest(method, head.url, bytes.NewReader(body))
	if err != nil {
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err
		}
		return nil, endpoint{}, badRequest("url: %v", err)
	}
	to, err := urlEndpoint(req.URL)
	if err != nil {
		return nil, endpoint{}, badRequest("url: %v", err)
	}
	req.Host = "" // the header Host is that of the URL, and stays so on redirects
	req.Header, err = parseHeaders(head.headers)
	return req, to, err
}

// parseHead goes field by field, because encoding/json would take "URL" for
// "url".
func parseHead(line []byte) (head requestHead, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return head, badRequest("the head is not a JSON object: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var err error
		switch name {
		case "method":
			err = json.Unmarshal(fields[name], &head.method)
		case "url":
			err = json.Unmarshal(fields[name], &head.url)
		case "headers":
			err = json.Unmarshal(fields[name], &head.headers)
		default:
			err = errors.New("there is no such field, only method, url and headers")
		}
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
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

func parseMethod(s string) (string, error) {
	// Asked before the letters are folded: the upper case of some that are not
	// ASCII is.
	if strings.ContainsFunc(s, notInToken) {
		return "", badRequest("method %q is not one", s)
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
		if name == "" || strings.ContainsFunc(name, notInToken) {
			return nil, badRequest("header name %q is not one", name)
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if hostsOwn[canonical] || strings.HasPrefix(canonical, "Proxy-") {
			return nil, badRequest("header %s is not the guest's to set", name)
		}
		for _, value := range given[name] {
			if strings.ContainsFunc(value, isControl) {
				return nil, badRequest("header %s has a control character", name)
			}
			header.Add(canonical, value)
		}
	}
	return header, nil
}

// notInToken is about the tokens of RFC 9110, which methods and names are.
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' || r == 0x7f
}

// responseMessage is the result of a Fetch.
func responseMessage(res *http.Response, body []byte) ([]byte, error) {
	headers := make(map[string]any, len(res.Header))
	for name, vs := range res.Header {
		name = strings.ToLower(name)
		if len(vs) == 1 {
			headers[name] = vs[0]
		} else {
			headers[name] = vs
		}
	}
	head, err := json.Marshal(struct {
		Status  int            `json:"status"`
		Headers map[string]any `json:"headers"`
	}{res.StatusCode, headers})
	if err != nil {
		return nil, err
	}
	return abi.JoinMessage(head, body), nil
}
