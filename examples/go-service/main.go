// Command teahouse serves a small menu of teas over HTTP.
package main

import (
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	handler, err := newHandler(teas)
	if err != nil {
		log.Fatalf("reading the templates: %v", err)
	}
	server := &http.Server{
		Addr:              ":" + port(),
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("listening on %s", server.Addr)
	log.Fatal(server.ListenAndServe())
}

func port() string {
	if port := os.Getenv("PORT"); port != "" {
		return port
	}
	return "8080"
}
