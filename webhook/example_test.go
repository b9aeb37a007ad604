package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/jirasync/jirasync/webhook"
)

// A receiver is a Handler on a path. Here Receive only prints; a real one
// returns after it has written the body to disk.
func Example() {
	secret := []byte("It's a Secret to Everybody") // from the environment
	mux := http.NewServeMux()
	mux.Handle("/webhooks/jira", &webhook.Handler{
		Secrets: func() [][]byte { return [][]byte{secret} },
		Receive: func(_ context.Context, d webhook.Delivery) error {
			fmt.Println("received", d.Event.Type, d.Event.Issues)
			return nil
		},
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	// Jira's side of it.
	body := `{"timestamp":1790102915652,"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"SUP-15"}}`
	for _, key := range []string{string(secret), "a guess"} {
		req, _ := http.NewRequest(http.MethodPost, server.URL+"/webhooks/jira", strings.NewReader(body))
		req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), []byte(key)))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// received jira:issue_updated [SUP-15]
	// 200 OK
	// 401 Unauthorized
}

func ExampleVerify() {
	body := []byte("Hello World!")
	signature := "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
	current, previous := []byte("the new secret"), []byte("It's a Secret to Everybody")
	index, err := webhook.Verify(body, signature, current, previous)
	fmt.Println(index, err)
	// Output: 1 <nil>
}

func ExampleParseEvent() {
	event, err := webhook.ParseEvent([]byte(`{
		"timestamp": 1790102915652,
		"webhookEvent": "issuelink_created",
		"issueLink": {"id": 22768, "sourceIssueId": 20192, "destinationIssueId": 20734}
	}`))
	fmt.Println(event.Type, event.Time, event.Issues, err)
	// Output: issuelink_created 2026-09-22 18:48:35.652 +0000 UTC [20192 20734] <nil>
}
