// Command ferry shows when the ferries leave, as pages and as JSON.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/mux"

	"example.com/ferry/timetable"
)

func main() {
	check := flag.Bool("check", false, "ask the running server whether it is well")
	flag.Parse()
	address := os.Getenv("ADDRESS")
	if address == "" {
		address = ":8080"
	}
	if *check {
		os.Exit(health(address))
	}
	pages := template.Must(template.ParseGlob("web/templates/*.html"))
	server := &http.Server{Addr: address, Handler: routes(pages), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("the ferries leave at %s", address)
	log.Fatal(server.ListenAndServe())
}

func routes(pages *template.Template) http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		show(w, pages, "index.html", timetable.Lines)
	})
	router.HandleFunc("/lines/{name}", func(w http.ResponseWriter, r *http.Request) {
		line, found := timetable.Find(mux.Vars(r)["name"])
		if !found {
			http.NotFound(w, r)
			return
		}
		show(w, pages, "line.html", line)
	})
	router.HandleFunc("/api/lines", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(timetable.Lines); err != nil {
			log.Printf("sending: %v", err)
		}
	})
	router.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	router.PathPrefix("/static/").Handler(http.StripPrefix("/static/", http.FileServer(http.Dir("web/static"))))
	return router
}

func show(w http.ResponseWriter, pages *template.Template, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		log.Printf("rendering %s: %v", name, err)
	}
}

// health is the exit code for a HEALTHCHECK, so that the image needs no client for it.
func health(address string) int {
	connection, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		log.Print(err)
		return 1
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("GET /healthz HTTP/1.0\r\n\r\n")); err != nil {
		log.Print(err)
		return 1
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		log.Printf("the server is not well: %v", err)
		return 1
	}
	return 0
}
