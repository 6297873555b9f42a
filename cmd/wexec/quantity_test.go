package main

import "testing"

func TestQuantity(t *testing.T) {
	const wrong = "wrong"
	for _, c := range []struct {
		units      units
		text, want string // as it is written again
	}{
		{fuelUnits, "0", "0"},
		{fuelUnits, "1", "1"},
		{fuelUnits, "1001", "1001"},
		{fuelUnits, "0500", "500"},
		{fuelUnits, "1000", "1k"},
		{fuelUnits, "2K", "2k"},
		{fuelUnits, "500M", "500M"},
		{fuelUnits, "1500M", "1500M"},
		{fuelUnits, "3000m", "3G"},
		{fuelUnits, "1000G", "1T"},
		{fuelUnits, "0T", "0"},
		{fuelUnits, "18446744T", "18446744T"},
		{fuelUnits, "18446744073709551615", "18446744073709551615"},
		{fuelUnits, "18446744073709551616", wrong},
		{fuelUnits, "18446745T", wrong},
		{fuelUnits, "1e9", wrong},
		{fuelUnits, "1.5G", wrong},
		{fuelUnits, "5KiB", wrong},
		{fuelUnits, "5 M", wrong},

		{memoryUnits, "0", "0"},
		{memoryUnits, "65536", "64KiB"},
		{memoryUnits, "65537", "65537"},
		{memoryUnits, "65536b", "64KiB"},
		{memoryUnits, "512k", "512KiB"},
		{memoryUnits, "512kb", "512KiB"},
		{memoryUnits, "64m", "64MiB"},
		{memoryUnits, "64MB", "64MiB"},
		{memoryUnits, "64MiB", "64MiB"},
		{memoryUnits, "1024mib", "1GiB"},
		{memoryUnits, "1G", "1GiB"},
		{memoryUnits, "1536MiB", "1536MiB"},
		{memoryUnits, "17179869183GiB", "17179869183GiB"},
		{memoryUnits, "17179869184GiB", wrong},
		{memoryUnits, "", wrong},
		{memoryUnits, "MiB", wrong},
		{memoryUnits, "-1", wrong},
		{memoryUnits, "+1", wrong},
		{memoryUnits, "1_000", wrong},
		{memoryUnits, "0x10", wrong},
		{memoryUnits, "64 MiB", wrong},
		{memoryUnits, "64Mi", wrong},
		{memoryUnits, "64TiB", wrong},
		{memoryUnits, "٣", wrong},
	} {
		q := quantity{units: c.units}
		got := wrong
		if err := q.Set(c.text); err == nil {
			got = q.String()
		}
		if got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
}
