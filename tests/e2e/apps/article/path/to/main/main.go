// Command main is the article's program: the article does not show it, so it only answers.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/google/uuid"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s is %s\n", r.URL.Path, uuid.NewSHA1(uuid.NameSpaceURL, []byte(r.URL.Path)))
	})
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
