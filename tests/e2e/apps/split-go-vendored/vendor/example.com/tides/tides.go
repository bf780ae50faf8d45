// Package tides tells when the water is high.
package tides

// High returns the hours of high water on a day of the month.
func High(day int) []int {
	first := (day*50/60 + 3) % 12
	return []int{first, first + 12}
}
