package abi

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// A script module is a module of custom sections only: a description, the files
// of the script, and the manifest. The code is in another module, the engine,
// which interprets the files. See SPEC.md, section 8.
const (
	// ScriptSection is the custom section that makes a module a script. It holds
	// a Script in JSON.
	ScriptSection = "wexec.script"
	// FilesSection is the custom section with the files of a script, as a zip
	// archive whose entries are stored or deflated. The script can't change them.
	FilesSection = "wexec.files"
)

// Script says how to run a script module.
type Script struct {
	// Language is the language of the script: "javascript" or "python".
	Language string `json:"language"`
	// Engine is the SHA-256 of the engine, a module, in lower-case hexadecimal.
	Engine string `json:"engine"`
	// Main is the file that is run, by its path in the archive.
	Main string `json:"main"`
}

// maxScript is the most bytes of the section.
const maxScript = 64 << 10

// ParseScript reads the content of a ScriptSection.
func ParseScript(b []byte) (*Script, error) {
	if len(b) > maxScript {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are allowed", ScriptSection, len(b), maxScript)
	}
	s := &Script{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %v", ScriptSection, err)
	}
	digest, err := hex.DecodeString(s.Engine)
	switch {
	case s.Language == "":
		return nil, fmt.Errorf("%s: language: want the name of a language", ScriptSection)
	case err != nil || len(digest) != 32 || hex.EncodeToString(digest) != s.Engine:
		return nil, fmt.Errorf("%s: engine: want a SHA-256 in 64 hexadecimal digits, not %.70q", ScriptSection, s.Engine)
	case s.Main == "":
		return nil, fmt.Errorf("%s: main: want the path of a file in %s", ScriptSection, FilesSection)
	}
	return s, nil
}

// Module returns a script module with these files, which are a zip archive, and
// with the manifest unless it is nil. Without one, a host asks the script.
func (s *Script) Module(files, manifest []byte) []byte {
	text, _ := json.Marshal(s) // it is all strings
	module := []byte("\x00asm\x01\x00\x00\x00")
	module = appendCustom(module, ScriptSection, text)
	module = appendCustom(module, FilesSection, files)
	if manifest != nil {
		module = appendCustom(module, ManifestSection, manifest)
	}
	return module
}

// appendCustom appends a custom section to a module.
func appendCustom(module []byte, name string, content []byte) []byte {
	body := slices.Concat(binary.AppendUvarint(nil, uint64(len(name))), []byte(name), content) // LEB128
	return append(binary.AppendUvarint(append(module, 0), uint64(len(body))), body...)
}
