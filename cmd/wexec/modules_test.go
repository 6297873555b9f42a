package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// These are the small modules that the scripts run. Here they are easier to read
// than as binary files. Most are wrong in one way.

// writeFiles writes the modules, and the other files that a script can't write
// itself.
func writeFiles(dir, guests string) error {
	conformance, err := os.ReadFile(filepath.Join(guests, "conformance.wasm"))
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(guests, "../../README.md"))
	if err != nil {
		return err
	}
	_, policy, _ := strings.Cut(string(readme), "```toml\n")
	policy, _, _ = strings.Cut(policy, "```")
	calls, err := os.ReadFile(filepath.Join(guests, "../wat/calls.wasm"))
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"readme.toml":    []byte(policy),
		"empty.wasm":     nil,
		"truncated.wasm": conformance[:len(conformance)/2],
		"component.wasm": []byte("\x00asm\x0d\x00\x01\x00"),
		"elf.wasm":       []byte("\x7fELF\x02\x01\x01"),
		"text.wasm":      []byte("(module)\n"),
		"notjson.wasm":   module(manifest(`tasks`)),
		"badmode.wasm":   module(manifest(`{"tasks": [{"name": "a"}, {"name": "b", "mode": "fast"}]}`)),
		"twins.wasm":     module(manifest(`{"tasks": [{"name": "a"}, {"name": "a"}]}`)),
		"noexport.wasm":  module(manifest(`{"tasks": [{"name": "a"}]}`)),
		"needs.wasm":     needy,
		"add.wasm":       add,
		"minus.wasm":     minus,
		"grow.wasm":      growing(1),
		"large.wasm":     growing(512 << 20 / 65536),
		"catches.wasm":   risky("", tag, caught),
		"shares.wasm":    risky(sharedMemory, "", ""),
		"both.wasm":      risky(sharedMemory, tag, caught),
		"endless.wasm":   endless(`{"tasks": [{"name": "loop", "fuel": 5000000, "memory_bytes": 65536}]}`),
		"red":            []byte("\x1b[31mred\x1b[0m"),
		"steers":         []byte("\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\a\n"),
		"steers.json":    []byte("\"\u009b2J\""),
		"fakes.wasm": program("\x1b]0;title\awexec: \x1b[31mprinted\x1b[0m\n",
			"\x1b[0;7mwexec:\x1b[0m error: fake\x1b[1A\n", exit3),
		"exits.wasm":      program("printed", "diag", exit3),
		"traps.wasm":      program("printed", "diag", trap),
		"loops.wasm":      program("printed", "diag", loop),
		"splits.wasm":     program("half", "\nwexec: error: fake\n", exit3),
		"hungry.wasm":     program("", "", growByOne+exit3),
		"starved.wasm":    program("", "", growByOne+trap),
		"modest.wasm":     program("", "", growByOne),
		"half.wasm":       half,
		"calls.wasm":      append(calls, manifest(`{"tasks": [{"name": "call"}]}`)...),
		"z=b.wasm":        add,
		"says.wasm":       says(`{"tasks": [{"name": "say", "input": {"type": "string"}}]}`),
		"uses.wasm":       says(`{"tasks": [{"name": "say", "uses": ["config.get", "clock.now", "geo.lookup"]}]}`),
		"asked.wasm":      asked(`{"tasks": [{"name": "only", "doc": "Says \u001b[31mhi."}]}`, ""),
		"says_traps.wasm": asked(`{"tasks": [{"name": "only"}]}`, trap),
		"says_loops.wasm": asked(`{"tasks": [{"name": "only"}]}`, loop),
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			return err
		}
	}
	large := filepath.Join(dir, "large") // sparse: it takes no room on most disks
	if err := os.WriteFile(large, nil, 0o666); err != nil {
		return err
	}
	return os.Truncate(large, 64<<20+1) // a byte more than an input may have
}

// Sections of a module, by their numbers.
const (
	customSection   = 0
	typeSection     = 1
	importSection   = 2
	functionSection = 3
	memorySection   = 5
	tagSection      = 13 // after memories
	exportSection   = 7
	codeSection     = 10
	dataSection     = 11
)

// Types and kinds.
const (
	i32, i64          = "\x7f", "\x7e"
	f32, f64          = "\x7d", "\x7c"
	function, memory_ = "\x00", "\x02"
)

func module(sections ...string) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range sections {
		b = append(b, s...)
	}
	return b
}

func manifest(json string) string { return section(customSection, name("wexec.v1")+json) }

func section(id byte, content string) string { return string(id) + size(len(content)) + content }

// items returns a vector.
func items(items ...string) string {
	b := size(len(items))
	for _, item := range items {
		b += item
	}
	return b
}

func name(s string) string { return size(len(s)) + s }

func body(code string) string { return name("\x00" + code + "\x0b") } // no locals

func signature(params, results []string) string {
	return "\x60" + items(params...) + items(results...)
}

// size writes a number as LEB128.
func size(n int) string {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return string(append(b, byte(n)))
}

// signed writes a number as signed LEB128.
func signed(n int64) string {
	var b []byte
	for ; n < -64 || n >= 64; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return string(append(b, byte(n)&0x7f))
}

// add has one bare function, add.
var add = module(
	section(typeSection, items(signature([]string{i32, i32}, []string{i32}))),
	section(functionSection, items("\x00")),
	section(exportSection, items(name("add")+function+"\x00")),
	section(codeSection, items(body("\x20\x00\x20\x01\x6a"))),
)

// half has one bare function, half.
var half = module(
	section(typeSection, items(signature([]string{f64}, []string{f64}))),
	section(functionSection, items("\x00")),
	section(exportSection, items(name("half")+function+"\x00")),
	section(codeSection, items(body("\x20\x00\x44\x00\x00\x00\x00\x00\x00\xe0\x3f\xa2"))), // times 0.5
)

// minus has one bare function, which returns -1 in three types.
var minus = module(
	section(typeSection, items(signature(nil, []string{i32, i64, f32}))),
	section(functionSection, items("\x00")),
	section(exportSection, items(name("minus")+function+"\x00")),
	section(codeSection, items(body("\x41\x7f\x42\x7f\x43\x00\x00\x80\xbf"))),
)

// growing has a memory of some pages, and one bare function that adds more.
func growing(pages int) []byte {
	return module(
		section(typeSection, items(signature([]string{i32}, []string{i32}))),
		section(functionSection, items("\x00")),
		section(memorySection, items("\x00"+size(pages))),
		section(exportSection, items(name("grow")+function+"\x00")),
		section(codeSection, items(body("\x20\x00\x40\x00"))),
	)
}

// What only trusted modules may have.
var (
	sharedMemory = section(memorySection, items("\x03\x01\x01"))
	tag          = section(tagSection, items("\x00\x00"))
)

// caught throws an exception and catches it.
const caught = "\x02\x40\x1f\x40\x01\x02\x00\x08\x00\x0b\x0b"

// risky has one bare function that runs the code and returns 7.
func risky(memory, tag, code string) []byte {
	return module(
		section(typeSection, items(signature(nil, nil), signature(nil, []string{i32}))),
		section(functionSection, items("\x01")),
		memory,
		tag,
		section(exportSection, items(name("seven")+function+"\x00")),
		section(codeSection, items(body(code+"\x41\x07"))),
	)
}

// endless has tasks that loop for ever.
func endless(json string) []byte {
	return module(
		manifest(json),
		section(typeSection, items(signature([]string{i32, i32}, nil))),
		section(functionSection, items("\x00")),
		section(memorySection, items("\x00\x01")),
		section(exportSection, items(name("memory")+memory_+"\x00", name("wexec_call")+function+"\x00")),
		section(codeSection, items(body("\x03\x40\x0c\x00\x0b"))),
	)
}

// How a program may end. proc_exit is its second import.
const (
	exit3     = "\x41\x03\x10\x01"
	trap      = "\x00"
	loop      = "\x03\x40\x0c\x00\x0b"
	growByOne = "\x41\x01\x40\x00\x1a" // a page; a refusal is ignored
)

// program is a WASI command that writes to its standard output and error, and
// then runs the code.
func program(out, err, code string) []byte {
	const texts = 20 // after two iovecs, and how much was written
	word := func(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	data := word(texts) + word(len(out)) + word(texts+len(out)) + word(len(err)) + word(0) + out + err
	write := func(fd, iovec string) string { // fd_write(fd, iovec, 1, 16)
		return "\x41" + fd + "\x41" + iovec + "\x41\x01\x41\x10\x10\x00\x1a"
	}
	return module(
		section(typeSection, items(
			signature([]string{i32, i32, i32, i32}, []string{i32}),
			signature([]string{i32}, nil),
			signature(nil, nil),
		)),
		section(importSection, items(
			name("wasi_snapshot_preview1")+name("fd_write")+function+"\x00",
			name("wasi_snapshot_preview1")+name("proc_exit")+function+"\x01",
		)),
		section(functionSection, items("\x02")),
		section(memorySection, items("\x00\x01")),
		section(exportSection, items(name("memory")+memory_+"\x00", name("_start")+function+"\x02")),
		section(codeSection, items(body(write("\x01", "\x00")+write("\x02", "\x08")+code))),
		section(dataSection, items("\x00\x41\x00\x0b"+name(data))),
	)
}

// needy imports functions that lead out of the sandbox.
var needy = module(
	section(typeSection, items(
		signature(nil, nil),
		signature([]string{i32, i32}, []string{i32}),
		signature([]string{i32, i32, i32}, []string{i32}),
		signature([]string{i32, i32, i32, i32, i32, i64, i64, i32, i32}, []string{i32}),
	)),
	section(importSection, items(
		name("wasi_snapshot_preview1")+name("environ_get")+function+"\x01",
		name("wasi_snapshot_preview1")+name("path_open")+function+"\x03",
		name("wasi_snapshot_preview1")+name("path_unlink_file")+function+"\x02",
		name("wasi_snapshot_preview1")+name("sock_shutdown")+function+"\x01",
	)),
	section(functionSection, items("\x00")),
	section(exportSection, items(name("_start")+function+"\x04")),
	section(codeSection, items(body(""))),
)

// asked has its manifest in an export, and a task that outputs "hi" and then runs
// the code.
func asked(manifest, code string) []byte {
	const at = 16
	place := int64(at)<<32 | int64(len(manifest))
	data := slices.Concat([]byte("hi"), make([]byte, at-2), []byte(manifest))
	return module(
		section(typeSection, items(
			signature([]string{i32, i32, i32}, nil),
			signature([]string{i32, i32}, nil),
			signature(nil, []string{i64}),
		)),
		section(importSection, items(name("wexec/v1")+name("output")+function+"\x00")),
		section(functionSection, items("\x01", "\x02")),
		section(memorySection, items("\x00\x01")),
		section(exportSection, items(
			name("memory")+memory_+"\x00",
			name("wexec_call")+function+"\x01",
			name("wexec_manifest")+function+"\x02",
		)),
		section(codeSection, items(
			body("\x20\x01\x41\x00\x41\x02\x10\x00"+code), // output(call, 0, 2)
			body("\x42"+signed(place)),
		)),
		section(dataSection, items("\x00\x41\x00\x0b"+name(string(data)))),
	)
}

// says has tasks that output their input.
func says(json string) []byte {
	const at, room = "\x41\x00", "\x41\x80\x80\x04" // 64 KiB from 0
	return module(
		manifest(json),
		section(typeSection, items(
			signature([]string{i32, i32, i32, i32}, []string{i32}),
			signature([]string{i32, i32, i32}, nil),
			signature([]string{i32, i32}, nil),
		)),
		section(importSection, items(
			name("wexec/v1")+name("input")+function+"\x00",
			name("wexec/v1")+name("output")+function+"\x01",
		)),
		section(functionSection, items("\x02")),
		section(memorySection, items("\x00\x01")),
		section(exportSection, items(name("memory")+memory_+"\x00", name("wexec_call")+function+"\x02")),
		// output(call, 0, input(call, 0, 65536, 0))
		section(codeSection, items(body("\x20\x01"+at+"\x20\x01"+at+room+at+"\x10\x00\x10\x01"))),
	)
}
