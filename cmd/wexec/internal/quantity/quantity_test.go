package quantity

import (
	"math"
	"testing"
)

func TestValue(t *testing.T) {
	const wrong = "wrong"
	for _, c := range []struct {
		units      Units
		text, want string // as it is written again
	}{
		{Fuel, "0", "0"},
		{Fuel, "1", "1"},
		{Fuel, "1001", "1001"},
		{Fuel, "0500", "500"},
		{Fuel, "1000", "1k"},
		{Fuel, "2K", "2k"},
		{Fuel, "500M", "500M"},
		{Fuel, "1500M", "1500M"},
		{Fuel, "3000m", "3G"},
		{Fuel, "1000G", "1T"},
		{Fuel, "0T", "0"},
		{Fuel, "18446744T", "18446744T"},
		{Fuel, "18446744073709551615", "18446744073709551615"},
		{Fuel, "18446744073709551616", wrong},
		{Fuel, "18446745T", wrong},
		{Fuel, "1e9", wrong},
		{Fuel, "1.5G", wrong},
		{Fuel, "5KiB", wrong},
		{Fuel, "5 M", wrong},

		{Memory, "0", "0"},
		{Memory, "65536", "64KiB"},
		{Memory, "65537", "65537"},
		{Memory, "65536b", "64KiB"},
		{Memory, "512k", "512KiB"},
		{Memory, "512kb", "512KiB"},
		{Memory, "64m", "64MiB"},
		{Memory, "64MB", "64MiB"},
		{Memory, "64MiB", "64MiB"},
		{Memory, "1024mib", "1GiB"},
		{Memory, "1G", "1GiB"},
		{Memory, "1536MiB", "1536MiB"},
		{Memory, "17179869183GiB", "17179869183GiB"},
		{Memory, "17179869184GiB", wrong},
		{Memory, "", wrong},
		{Memory, "MiB", wrong},
		{Memory, "-1", wrong},
		{Memory, "+1", wrong},
		{Memory, "1_000", wrong},
		{Memory, "0x10", wrong},
		{Memory, "64 MiB", wrong},
		{Memory, "64Mi", wrong},
		{Memory, "64TiB", wrong},
		{Memory, "٣", wrong},
	} {
		q := Value{Units: c.units}
		got := wrong
		if err := q.Set(c.text); err == nil {
			got = q.String()
		}
		if got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{
		0:             "0 bytes",
		1023:          "1023 bytes",
		1024:          "1 KiB",
		131072:        "128 KiB",
		1500 << 10:    "1.465 MiB",
		math.MaxInt64: "8.59e+09 GiB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
