module github.com/jirasync/jirasync/internal/bench

go 1.26.6

require (
	github.com/ankitpokhrel/jira-cli v1.7.0
	github.com/jirasync/jirasync v0.0.0-00010101000000-000000000000
	github.com/rgonek/jira-adf-converter v1.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/stretchr/testify v1.12.1
	github.com/yuin/goldmark v1.8.7
)

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/text v0.23.0 // indirect
)

replace github.com/jirasync/jirasync => ../..
