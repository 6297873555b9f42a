//go:build !linux

package stdio

import "os"

// Here nothing tells whether a file is ready, so it is read like any reader.

func openFileInput(f *os.File, report Report) Input {
	kind := kindOf(f)
	if kind == RegularFile {
		return newRegular(f)
	}
	return newPlainInput(f, kind, report)
}

func openFileOutput(f *os.File, report Report) Output {
	kind := kindOf(f)
	if kind == RegularFile {
		return newRegular(f)
	}
	return newPlainOutput(f, kind, report)
}
