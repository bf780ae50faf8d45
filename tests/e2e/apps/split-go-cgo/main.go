package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	db, err := sql.Open("sqlite3", "/var/lib/logbook/logbook.db")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS entries (vessel TEXT)"); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/enter", func(w http.ResponseWriter, r *http.Request) {
		if _, err := db.Exec("INSERT INTO entries VALUES (?)", r.FormValue("vessel")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var count int
		if err := db.QueryRow("SELECT count(*) FROM entries WHERE vessel = ?", r.FormValue("vessel")).Scan(&count); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s: %v\n", r.FormValue("vessel"), count > 0)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
