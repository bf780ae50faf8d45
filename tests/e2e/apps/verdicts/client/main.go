// Client answers with the rates of a bank that it asks by HTTPS.
package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ask for /rates") })
	http.HandleFunc("/rates", func(w http.ResponseWriter, r *http.Request) {
		found, err := http.Get("https://bank.example/rates")
		if err != nil {
			http.Error(w, "no rates today", http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, found.Status)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
