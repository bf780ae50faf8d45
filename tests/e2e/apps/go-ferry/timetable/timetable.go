// Package timetable knows the lines and when they leave.
package timetable

// Line is one connection.
type Line struct {
	Name   string   `json:"name"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Leaves []string `json:"leaves"`
}

// Lines are all connections of the day.
var Lines = []Line{
	{Name: "north", From: "Harbour", To: "Lighthouse", Leaves: []string{"07:10", "12:40", "18:05"}},
	{Name: "island", From: "Harbour", To: "Gull Island", Leaves: []string{"09:00", "15:30"}},
}

// Find looks a line up by its name.
func Find(name string) (Line, bool) {
	for _, line := range Lines {
		if line.Name == name {
			return line, true
		}
	}
	return Line{}, false
}
