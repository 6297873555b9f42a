package http_test

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability/http"
)

func Example() {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header()["Date"] = nil
		fmt.Fprintln(w, "hello, guest")
	}))
	defer server.Close()

	c := &http.Client{Allow: []string{server.Listener.Addr().String()}}
	if err := c.Check(); err != nil {
		panic(err)
	}
	defer c.Close()

	answer, err := c.Fetch(context.Background(), []byte(`{"url":"`+server.URL+`"}`))
	if err != nil {
		panic(err)
	}
	head, body := abi.SplitMessage(answer)
	fmt.Printf("%s\n%s", head, body)

	_, err = c.Fetch(context.Background(), []byte(`{"url":"https://example.com"}`))
	var denied *http.DeniedError
	fmt.Println(errors.As(err, &denied))
	fmt.Println(err)
	// Output:
	// {"status":200,"headers":{"content-length":"13","content-type":"text/plain; charset=utf-8"}}
	// hello, guest
	// true
	// http.fetch: example.com:443 is not on the allow-list: add "example.com" to http.Client.Allow
}
