package main

// Tea is one entry of the menu.
type Tea struct {
	Slug    string
	Name    string
	Celsius int
	Minutes int
}

var teas = []Tea{
	{Slug: "assam", Name: "Assam", Celsius: 95, Minutes: 4},
	{Slug: "sencha", Name: "Sencha", Celsius: 75, Minutes: 2},
	{Slug: "rooibos", Name: "Rooibos", Celsius: 100, Minutes: 7},
}

func find(menu []Tea, slug string) (Tea, bool) {
	for _, tea := range menu {
		if tea.Slug == slug {
			return tea, true
		}
	}
	return Tea{}, false
}
