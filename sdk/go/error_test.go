package wexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestFailure(t *testing.T) {
	denied := &Error{Status: StatusDenied, Message: "http.fetch is not granted"}
	child := &Error{Status: StatusFailed, Message: "told to fail"}
	for _, c := range []struct {
		err     error
		code    int32
		message string
	}{
		{io.EOF, 1, "EOF"},
		{Fail(7, "seven"), 7, "seven"},
		{fmt.Errorf("outer: %w", Fail(7, "seven")), 7, "outer: seven"},
		{denied, -6, "http.fetch is not granted"},
		{fmt.Errorf("downloading: %w", denied), -6, "downloading: http.fetch is not granted"},
		{&Error{Status: StatusFailed, Code: 7, Message: "told to fail"}, 7, "told to fail"},
		{child, -1, "told to fail"},
		{fmt.Errorf("child: %w", child), -1, "child: told to fail"},
		{errors.Join(io.EOF, denied), -6, "EOF\nhttp.fetch is not granted"},
		{&Error{Status: 99}, -99, "status(99)"},
		{&Error{}, 1, "ok"},
		{context.Canceled, -5, "context canceled"},
		{fmt.Errorf("slow: %w", context.DeadlineExceeded), -4, "slow: context deadline exceeded"},
	} {
		code, message := failure(c.err)
		if code != c.code || message != c.message {
			t.Errorf("%v: got %d %q, want %d %q", c.err, code, message, c.code, c.message)
		}
	}
}

func TestErrorIs(t *testing.T) {
	err := fmt.Errorf("outer: %w", &Error{Status: StatusTimeout, Message: "50ms"})
	for target, want := range map[error]bool{
		context.DeadlineExceeded:                        true,
		context.Canceled:                                false,
		&Error{Status: StatusTimeout}:                   true,
		&Error{Status: StatusDenied}:                    false,
		&Error{Status: StatusTimeout, Message: "other"}: false,
	} {
		if errors.Is(err, target) != want {
			t.Errorf("errors.Is(%v, %#v) is %v", err, target, !want)
		}
	}
	var e *Error
	if !errors.As(err, &e) || e.Message != "50ms" {
		t.Errorf("errors.As found %v", e)
	}
	if StatusOf(err) != StatusTimeout || StatusOf(nil) != StatusOK || StatusOf(io.EOF) != StatusFailed {
		t.Error("StatusOf is wrong")
	}
}

func TestFailNeedsAPositiveCode(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Fail accepted the code 0, which means success")
		}
	}()
	_ = Fail(0, "zero")
}
