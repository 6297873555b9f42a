//go:build !linux

package stdio

import "os"

// On these systems files are not polled, but read and written like any stream.

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
