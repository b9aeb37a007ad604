package partition

import "time"

// Monthly returns the month, as "2006-01", of the partition that holds an
// issue created at that time and all its child rows. The instant counts, in
// UTC, not the offset it was written with: 2026-01-01T00:30+01:00 belongs to
// 2025-12.
func Monthly(created time.Time) string {
	return created.UTC().Format("2006-01")
}

// validMonth reports whether month is four digits, a hyphen and 01 to 12.
func validMonth(month string) bool {
	if len(month) != len("2006-01") || month[4] != '-' {
		return false
	}
	for _, i := range []int{0, 1, 2, 3, 5, 6} {
		if month[i] < '0' || month[i] > '9' {
			return false
		}
	}
	return "01" <= month[5:] && month[5:] <= "12"
}
