package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"gopkg.in/yaml.v3"
)

type light struct {
	Name string `yaml:"name" json:"name"`
	Zone string `yaml:"zone" json:"zone"`
}

func lights() (map[string]light, error) {
	data, err := os.ReadFile("/etc/lighthouse/lights.yaml")
	if err != nil {
		return nil, err
	}
	var found map[string]light
	return found, yaml.Unmarshal(data, &found)
}

func main() {
	known, err := lights()
	if err != nil {
		log.Fatal(err)
	}
	router := chi.NewRouter()
	router.Get("/lights/{name}", func(w http.ResponseWriter, r *http.Request) {
		one, ok := known[chi.URLParam(r, "name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		zone, err := time.LoadLocation(one.Zone)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		noon := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC).In(zone)
		answer(w, map[string]any{"light": one, "noon": noon.Format(time.RFC3339)})
	})
	log.Fatal(http.ListenAndServe(":8080", router))
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}
