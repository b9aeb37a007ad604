package partition_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func TestMonthlyCountsTheInstantInUTC(t *testing.T) {
	for created, want := range map[string]string{
		"2026-01-01T00:30:00.000+0100": "2025-12",
		"2025-12-31T23:30:00.000-0100": "2026-01",
		"2024-02-29T23:59:59.999+0000": "2024-02",
		"2024-03-01T00:00:00.000+0000": "2024-03",
		"2026-06-30T19:00:00.000-0500": "2026-07",
		"1969-12-31T23:59:59.999+0000": "1969-12",
		"9999-12-31T23:59:59.999+0000": "9999-12",
	} {
		at, err := time.Parse("2006-01-02T15:04:05.000-0700", created)
		require.NoError(t, err)
		if got := partition.Monthly(at); got != want {
			t.Errorf("Monthly(%s): got %s, want %s", created, got, want)
		}
	}
}

// Around each month end of three years an instant has one month, whatever
// the offset it is written with.
func TestMonthlyIsStableUnderOffsets(t *testing.T) {
	for month := range 36 {
		end := time.Date(2024, time.Month(1+month), 1, 0, 0, 0, 0, time.UTC)
		for _, around := range []time.Duration{-time.Hour, -time.Microsecond, 0, time.Hour} {
			want := end.Add(around).Format("2006-01")
			for quarter := -12 * 4; quarter <= 14*4; quarter++ {
				zone := time.FixedZone("", quarter*15*60)
				if got := partition.Monthly(end.Add(around).In(zone)); got != want {
					t.Fatalf("Monthly(%v): got %s, want %s", end.Add(around).In(zone), got, want)
				}
			}
		}
	}
}

func TestMonthNames(t *testing.T) {
	d := openDir(t)
	for _, month := range []string{"", "2026-1", "2026-00", "2026-13", "26-01", "2026_01", "2026-01 ", "../2026-01", "2026-0a", "20２6-1", "Data", "2026-01\x00"} {
		_, err := d.Read(issues, month)
		require.Error(t, err, "Read(%q)", month)
		_, err = d.Replace(month)
		require.Error(t, err, "Replace(%q)", month)
		_, err = d.LockMonth(t.Context(), month)
		require.Error(t, err, "LockMonth(%q)", month)
		require.Error(t, d.Publish(t.Context(), d, partition.File{Table: "issues", Month: month}), "Publish(%q)", month)
	}
}
