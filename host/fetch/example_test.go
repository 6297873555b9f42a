package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/fetch"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		fmt.Fprintln(w, "hello, guest")
	}))
	defer server.Close()

	c := &fetch.Client{Allow: []string{server.Listener.Addr().String()}}
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
	var denied *fetch.DeniedError
	fmt.Println(errors.As(err, &denied))
	fmt.Println(err)
	// Output:
	// {"status":200,"headers":{"content-length":"13","content-type":"text/plain; charset=utf-8"}}
	// hello, guest
	// true
	// http.fetch: example.com:443 is not on the allow-list (allow it with --allow-http example.com)
}
