// This is the guest of files_test.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/files"
)

func init() {
	wexec.Task("all", wexec.IO, all)
	wexec.Task("errors", wexec.IO, kinds)
	wexec.Task("missing", wexec.IO, func(ctx context.Context, _ wexec.None) ([]byte, error) {
		return files.Read(ctx, "/data/none")
	})
}

func all(ctx context.Context, _ wexec.None) (string, error) {
	err := errors.Join(
		files.Mkdir(ctx, "/data/dir"),
		files.Write(ctx, "/data/dir/f", []byte("hello")),
		files.Rename(ctx, "/data/dir/f", "/data/dir/g"),
	)
	if err != nil {
		return "", err
	}
	f, err := files.Open(ctx, "/data/dir/g", files.ForReading|files.ForWriting, 4)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(f, "o world"); err != nil {
		return "", err
	}
	if rest, err := io.ReadAll(f); err != nil || len(rest) > 0 {
		return "", fmt.Errorf("after the end there is %q, %w", rest, err)
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	text, err := files.Read(ctx, "/data/dir/g")
	if err != nil {
		return "", err
	}
	info, err := files.Stat(ctx, "/data/dir/g")
	if err != nil {
		return "", err
	}
	var names []string
	for e, err := range files.List(ctx, "/data/dir") {
		if err != nil {
			return "", err
		}
		names = append(names, fmt.Sprint(e.Name, " ", e.Kind == files.Regular))
	}
	slices.Sort(names)
	err = errors.Join(files.Remove(ctx, "/data/dir/g"), files.Remove(ctx, "/data/dir"))
	recent := time.Since(info.Modified).Abs() < time.Hour
	return fmt.Sprintf("%s %d %v %s", text, info.Size, recent, strings.Join(names, ",")), err
}

func kinds(ctx context.Context, _ wexec.None) (string, error) {
	none, err := files.Stat(ctx, "/data/none")
	if err != nil || none.Kind != files.None {
		return "", fmt.Errorf("stat: %+v, %w", none, err)
	}
	_, missing := files.Read(ctx, "/data/none")
	denied := files.Write(ctx, "/data/../x", nil)
	exists := errors.Join(files.Mkdir(ctx, "/data/x"), files.Mkdir(ctx, "/data/x"))
	var list error
	for _, err := range files.List(ctx, "/data/none") {
		list = err
	}
	return fmt.Sprint(errors.Is(missing, fs.ErrNotExist), errors.Is(list, fs.ErrNotExist),
		errors.Is(exists, fs.ErrExist), errors.Is(denied, fs.ErrPermission), errors.Is(denied, fs.ErrExist)), nil
}

func main() {}
