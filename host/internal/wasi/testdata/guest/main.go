// Command guest is run inside a mount by tests, which compare what it prints. Its
// argument says what to try.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	tasks := map[string]func(){
		"write": write, "read": read, "escape": escape, "race": race, "none": func() {},
	}
	tasks[os.Args[1]]()
}

// say prints one result. Of an error it prints the last part, since paths and
// the names of calls are Go's affair.
func say(what string, err error) {
	result := "ok"
	if err != nil {
		parts := strings.Split(err.Error(), ": ")
		result = parts[len(parts)-1]
	}
	fmt.Println(what+":", result)
}

// write uses what the os package has, as a friendly program would.
func write() {
	say("mkdir", os.Mkdir("/data/sub", 0o755))
	say("write", os.WriteFile("/data/sub/one", []byte("first"), 0o644))
	say("append", appendTo("/data/sub/one", " second"))
	say("rename", os.Rename("/data/sub/one", "/data/sub/two"))
	say("symlink", os.Symlink("sub/two", "/data/link"))
	say("hard link", os.Link("/data/sub/two", "/data/hard"))
	text, err := os.ReadFile("/data/link")
	say("read "+string(text), err)
	target, err := os.Readlink("/data/link")
	say("readlink "+target, err)
	say("truncate", os.Truncate("/data/hard", 5))
	say("chtimes", os.Chtimes("/data/hard", time.Unix(1, 0), time.Unix(2, 0)))
	info, err := os.Stat("/data/sub/two")
	say(fmt.Sprint("stat ", info.Size(), " ", info.ModTime().UTC().Format(time.TimeOnly)), err)
	say("replace dir", replaceDir())
	list("/data")
	list("/data/sub")
	say("remove link", os.Remove("/data/link"))
	say("remove full dir", os.Remove("/data/sub"))
	say("remove all", os.RemoveAll("/data/sub"))
	list("/data")
}

func appendTo(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.WriteString(file, text)
	return err
}

func replaceDir() error {
	if err := os.Mkdir("/data/a", 0o755); err != nil {
		return err
	}
	if err := os.Mkdir("/data/b", 0o755); err != nil {
		return err
	}
	return syscall.Rename("/data/a", "/data/b") // os.Rename refuses before it asks
}

func list(dir string) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Type().String()[:1]+entry.Name())
	}
	say("list "+strings.Join(names, " "), err)
}

// read is for a mount that can only be read.
func read() {
	text, err := os.ReadFile("/data/file")
	say("read "+string(text), err)
	list("/data")
	say("write", os.WriteFile("/data/file", nil, 0o644))
	say("mkdir", os.Mkdir("/data/sub", 0o755))
	say("remove", os.Remove("/data/file"))
	say("symlink", os.Symlink("file", "/data/link"))
	say("chtimes", os.Chtimes("/data/file", time.Unix(1, 0), time.Unix(2, 0)))
}

// escape goes out by every way, and prints only what succeeds, or is read.
func escape() {
	const preopen, follow = 3, 1
	for _, path := range []string{
		"../outside/file", "/etc/passwd", "dir/../../outside/file", "up/file", "up-file", "dir/up/file",
		"abs-file", "abs/file", "chain/file", "turn/file", "slash/etc/passwd",
	} {
		if fd, errno := open(preopen, follow, path); errno == 0 {
			fmt.Println(path, "opens as", fd)
		}
		if text, err := os.ReadFile("/data/" + path); err == nil {
			fmt.Println(path, "reads", string(text))
		}
		for _, target := range []string{path, "/" + path, "../" + path} {
			_ = os.Symlink(target, "/data/dir/trap")
			if text, err := os.ReadFile("/data/dir/trap"); err == nil {
				fmt.Println("link to", target, "reads", string(text))
			}
			_ = os.Remove("/data/dir/trap")
		}
	}
	// A descriptor of the mount itself leads no farther.
	self, errno := open(preopen, follow, ".")
	fmt.Println("self", errno)
	for _, path := range []string{"etc/passwd", "../outside/file", "file"} {
		if _, errno := open(self, follow, path); errno == 0 {
			fmt.Println(path, "opens beneath self")
		}
	}
}

// race makes and reads files by names that may lead out at any moment.
func race() {
	for range 50 {
		if text, err := os.ReadFile("/data/dir/file"); err == nil && string(text) != "inside" {
			fmt.Println("read", string(text))
		}
		_ = os.WriteFile("/data/dir/new", []byte("mine"), 0o644)
		_ = os.Mkdir("/data/dir/sub", 0o755)
		_ = os.Symlink("../file", "/data/dir/link")
		_ = os.Rename("/data/dir/new", "/data/dir/newer")
		_ = os.Chtimes("/data/dir/file", time.Unix(1, 0), time.Unix(1, 0))
		_ = os.Link("/data/file", "/data/dir/hard")
		for _, name := range []string{"new", "newer", "sub", "link", "hard"} {
			_ = os.Remove("/data/dir/" + name)
		}
		if entries, err := os.ReadDir("/data/dir"); err == nil {
			for _, e := range entries {
				_, _ = os.Stat("/data/dir/" + e.Name())
			}
		}
	}
}

func open(dir int32, lookup int32, path string) (fd int32, errno int32) {
	const mayRead, mayOpen = 1 << 1, 1 << 13
	const rights = mayRead | mayOpen
	errno = pathOpen(dir, lookup, unsafe.StringData(path), int32(len(path)), 0, rights, rights, 0, &fd)
	return fd, errno
}

//go:wasmimport wasi_snapshot_preview1 path_open
func pathOpen(dir, lookup int32, path *byte, n, oflags int32, base, inherit int64, flags int32, fd *int32) int32
