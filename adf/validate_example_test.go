package adf_test

import (
	"fmt"

	"github.com/jirasync/jirasync/adf"
)

func ExampleValidate() {
	problems, err := adf.Validate([]byte(`{"type":"doc","version":1,"content":[
		{"type":"heading","attrs":{"level":7},"content":[{"type":"text","text":"Steps"}]},
		{"type":"paragraph","content":[
			{"type":"text","text":"go vet","marks":[{"type":"code"},{"type":"strong"}]},
			{"type":"poll","attrs":{"id":"5"}}
		]}
	]}`))
	if err != nil {
		fmt.Println(err) // not JSON
	}
	for _, p := range problems {
		fmt.Println(p.Path(), p.Code, p.Name)
	}
	fmt.Println(problems[0])
	// Output:
	// /content/0/attrs/level bad-attr level
	// /content/1/content/0/marks/0 bad-mark code
	// /content/1/content/1 unknown-node poll
	// /content/0/attrs/level: bad-attr "level", want a number from 1 to 6
}
