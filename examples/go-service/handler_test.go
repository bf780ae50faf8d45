package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	handler, err := newHandler(teas)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []struct {
		path   string
		status int
		holds  string
	}{
		{"/healthz", http.StatusOK, "ok"},
		{"/", http.StatusOK, "Sencha"},
		{"/teas/sencha", http.StatusOK, "75 °C"},
		{"/teas/coffee", http.StatusNotFound, "not found"},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, page.path, nil))
		if answer.Code != page.status || !strings.Contains(answer.Body.String(), page.holds) {
			t.Errorf("GET %s: got %d %q", page.path, answer.Code, answer.Body.String())
		}
	}
}
