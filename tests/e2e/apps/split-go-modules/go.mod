module example.com/lighthouse

go 1.18

require (
	github.com/go-chi/chi/v5 v5.0.12
	gopkg.in/yaml.v3 v3.0.1
)
