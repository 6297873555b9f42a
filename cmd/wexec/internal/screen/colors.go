package screen

import (
	"strconv"
	"strings"
)

// Colors are how many colours a terminal shows. Only those that it knows pass: it
// might take parts of the others for backgrounds.
type Colors int

// The numbers of colours.
const (
	NoColors   Colors = iota // nor bold text and the like
	Colors16                 // of the terminal's theme
	Colors256                // of a fixed palette
	TrueColors               // red, green and blue

	never // no terminal gets it
)

// appendStyles adds the styles that may pass, of those that the parameters of a
// sequence ask for. Each has a sequence of its own, since a terminal may ignore
// the end of a long one.
func (c Colors) appendStyles(out []byte, params string) []byte {
	codes := parse(params)
	for len(codes) > 0 {
		size, needs := style(codes)
		if size > len(codes) {
			break
		}
		if needs <= c {
			out = append(out, "\x1b["...)
			for i, code := range codes[:size] {
				if i > 0 {
					out = append(out, ';')
				}
				out = strconv.AppendUint(out, code, 10)
			}
			out = append(out, 'm')
		}
		codes = codes[size:]
	}
	return out
}

// parse returns the numbers of a sequence, or nil if it has anything else:
// terminals disagree about the rest.
func parse(params string) (codes []uint64) {
	for field := range strings.SplitSeq(params, ";") {
		if field == "" {
			field = "0"
		}
		code, err := strconv.ParseUint(field, 10, 8)
		if err != nil {
			return nil
		}
		codes = append(codes, code)
	}
	return codes
}

// style returns how many of the codes are the first style, and which terminals get
// it. Only styles of the text itself pass, not backgrounds, nor text that blinks,
// is hidden or is reversed.
func style(codes []uint64) (size int, needs Colors) {
	size, needs = 1, never
	switch code := codes[0]; {
	case code == 38, code == 48, code == 58: // the colour of the text, its background, its underline
		if len(codes) > 1 && codes[1] == 5 {
			size, needs = 3, Colors256
		}
		if len(codes) > 1 && codes[1] == 2 {
			size, needs = 5, TrueColors
		}
		if code != 38 {
			needs = never
		}
	case code <= 4, code == 9, // plain, bold, faint, italic, underlined; struck out
		code >= 22 && code <= 24, code == 29, // none of these
		code >= 30 && code <= 37, code >= 90 && code <= 97, // a colour of the theme
		code == 39: // none
		needs = Colors16
	}
	return size, needs
}
