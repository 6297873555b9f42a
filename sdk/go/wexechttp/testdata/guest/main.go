// The guest of the tests of wexechttp.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/wexechttp"
)

var client = &http.Client{Transport: wexechttp.Transport{Secrets: map[string]string{"authorization": "token"}}}

func init() {
	wexec.Task("download", wexec.IO, download)
	wexec.Task("upload", wexec.IO, upload)
	wexec.Task("breaks", wexec.IO, breaks)
}

// download says how long the body of a page is.
func download(ctx context.Context, url []byte) ([]byte, error) {
	return send(ctx, "GET", string(url), nil)
}

// upload sends a body whose length nobody knows before: 1,000 lines.
func upload(ctx context.Context, url []byte) ([]byte, error) {
	r, w := io.Pipe()
	go func() {
		for range 1000 {
			io.WriteString(w, strings.Repeat("x", 1023)+"\n")
		}
		w.Close()
	}()
	return send(ctx, "POST", string(url), r)
}

// breaks sends half a body.
func breaks(ctx context.Context, url []byte) ([]byte, error) {
	r, w := io.Pipe()
	go func() {
		io.WriteString(w, "half")
		w.CloseWithError(errors.New("the disk is gone"))
	}()
	return send(ctx, "POST", string(url), r)
}

func send(ctx context.Context, method, url string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{response.Body}, make([]byte, 64<<10))
	return fmt.Appendf(nil, "%s, %d cookies, %d bytes", response.Status, len(response.Cookies()), n), err
}

func main() {}
