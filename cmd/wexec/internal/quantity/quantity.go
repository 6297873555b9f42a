// Package quantity reads and writes amounts of fuel, of memory and of time.
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value is the value of a flag: a whole number, which may end in a unit.
type Value struct {
	N     uint64
	Units Units
}

// Set implements pflag.Value.
func (v *Value) Set(text string) (err error) {
	v.N, err = v.Units.parse(text)
	return err
}

// String implements pflag.Value.
func (v *Value) String() string { return v.Units.Format(v.N) }

// Type implements pflag.Value.
func (v *Value) Type() string { return "quantity" }

// NoLimit, as a limit of the host, is more than there is.
const NoLimit = math.MaxUint64

// Limit returns the value as a limit of the host. 0 is no limit.
func (v *Value) Limit() uint64 {
	if v.N == 0 {
		return NoLimit
	}
	return v.N
}

// Units are the units that a number may end in.
type Units struct {
	want string // what an error asks for
	list []unit // the largest first
}

type unit struct {
	size  uint64
	names []string // in any case; the first is the one that wexec writes
}

// Fuel is counted in decimal units.
var Fuel = Units{"a whole number, or one with k, M, G or T, like 500M", []unit{
	{1e12, []string{"T"}},
	{1e9, []string{"G"}},
	{1e6, []string{"M"}},
	{1e3, []string{"k"}},
	{1, []string{""}},
}}

// Memory is counted in powers of 1024, whichever way the unit is written, as in
// docker run --memory.
var Memory = Units{"a whole number of bytes, or one with KiB, MiB or GiB, like 64MiB", []unit{
	{1 << 30, []string{"GiB", "GB", "G"}},
	{1 << 20, []string{"MiB", "MB", "M"}},
	{1 << 10, []string{"KiB", "KB", "K"}},
	{1, []string{"", "B"}},
}}

func (u Units) parse(text string) (uint64, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseUint(text[:digits], 10, 64)
	size := u.size(text[digits:])
	if err != nil || size == 0 || n > math.MaxUint64/size {
		return 0, fmt.Errorf("want %s", u.want)
	}
	return n * size, nil
}

// size returns the size of the unit with a name, or 0 if there is none.
func (u Units) size(name string) uint64 {
	for _, unit := range u.list {
		for _, known := range unit.names {
			if strings.EqualFold(name, known) {
				return unit.size
			}
		}
	}
	return 0
}

// Format writes a number as a flag takes it, in the largest unit that divides
// it.
func (u Units) Format(n uint64) string {
	for _, unit := range u.list {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.FormatUint(n/unit.size, 10) + unit.names[0]
		}
	}
	return strconv.FormatUint(n, 10)
}

// Bytes writes a number of bytes for people, rounded to four digits.
func Bytes(n uint64) string {
	for _, unit := range Memory.list {
		if n >= unit.size && unit.size > 1 {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(unit.size), unit.names[0])
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
