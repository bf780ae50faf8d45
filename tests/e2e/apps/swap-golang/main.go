// Tells what the time is elsewhere when it is noon in UTC, by the time zones of the system.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"
)

var noon = time.Date(2024, time.July, 1, 12, 0, 0, 0, time.UTC)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		zone, err := time.LoadLocation(r.URL.Query().Get("zone"))
		if err != nil {
			http.Error(w, "no such zone", http.StatusNotFound)
			return
		}
		fmt.Fprintln(w, noon.In(zone).Format("15:04 MST"))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
