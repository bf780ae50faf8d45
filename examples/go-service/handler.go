package main

import (
	"bytes"
	"fmt"
	"html/template"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// newHandler reads the page templates from the working directory and routes the service's requests.
func newHandler(menu []Tea) (http.Handler, error) {
	index, err := template.ParseFiles("templates/layout.html", "templates/index.html")
	if err != nil {
		return nil, err
	}
	detail, err := template.ParseFiles("templates/layout.html", "templates/tea.html")
	if err != nil {
		return nil, err
	}

	router := chi.NewRouter()
	router.Use(middleware.Recoverer)
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	router.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		render(w, index, menu)
	})
	router.Get("/teas/{slug}", func(w http.ResponseWriter, r *http.Request) {
		tea, found := find(menu, chi.URLParam(r, "slug"))
		if !found {
			http.NotFound(w, r)
			return
		}
		render(w, detail, tea)
	})
	return router, nil
}

// render fills the page before it sends any of it, so that a failure is still a clean 500.
func render(w http.ResponseWriter, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.ExecuteTemplate(&body, "layout.html", data); err != nil {
		log.Printf("rendering: %v", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := body.WriteTo(w); err != nil {
		log.Printf("sending: %v", err)
	}
}
