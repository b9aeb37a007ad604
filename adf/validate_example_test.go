package adf_test

import (
	"encoding/json"
	"errors"
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

// A document may use what Atlassian has on trial.
func ExampleValidateOptions_Validate() {
	doc := []byte(`{"type":"doc","version":1,"content":[
		{"type":"bodiedRule","attrs":{"localId":"1"},"content":[{"type":"paragraph","content":[]}]}]}`)
	for _, stage0 := range []bool{false, true} {
		problems, err := adf.ValidateOptions{Stage0: stage0}.Validate(doc)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(problems))
	}
	// Output:
	// 1
	// 0
}

// problem is the only one of a document that lacks what it must have.
func problem(doc string) adf.Problem {
	problems, err := adf.Validate([]byte(doc))
	if err != nil || len(problems) != 1 {
		panic(fmt.Sprint(problems, err))
	}
	return problems[0]
}

// The path of what is missing is that of the object which lacks it.
func ExampleProblem_Path() {
	p := problem(`{"type":"doc","version":1,"content":[{"type":"heading","attrs":{}}]}`)
	fmt.Println(p.Path(), p.Code, p.Name)
	// Output: /content/0/attrs missing-attr level
}

func ExampleProblem_String() {
	fmt.Println(problem(`{"type":"doc","version":1,"content":[{"type":"heading","attrs":{}}]}`))
	fmt.Println(problem(`{"type":"doc","version":2,"content":[]}`))
	// Output:
	// /content/0/attrs: missing-attr "level", want a number from 1 to 6
	// /version: bad-version "version", want 1
}

func ExampleProblem_MarshalJSON() {
	data, err := json.Marshal(problem(`{"type":"doc","version":1,"content":[{"type":"rule","color":"red"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output: {"path":"/content/0/color","code":"extra-key","name":"color","want":""}
}

// What is not JSON is the one thing that no function reads.
func ExampleSyntaxError() {
	_, err := adf.PlainText([]byte(`{"type": "doc", "content": [}`))
	var syntax *adf.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Println("stops at byte", syntax.Offset)
	}
	// Output: stops at byte 28
}

// The message holds nothing of the document.
func ExampleSyntaxError_Error() {
	_, err := adf.Parse([]byte(`{} {}`))
	fmt.Println(err)
	// Output: adf: more than one value at byte 3
}
