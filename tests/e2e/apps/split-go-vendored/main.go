package main

import (
	"html/template"
	"log"
	"net/http"
	"strconv"

	"example.com/tides"
)

func main() {
	page := template.Must(template.ParseFiles("templates/day.html"))
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	http.HandleFunc("/days/", func(w http.ResponseWriter, r *http.Request) {
		day, err := strconv.Atoi(r.URL.Path[len("/days/"):])
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if err := page.Execute(w, map[string]any{"Day": day, "Hours": tides.High(day)}); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
