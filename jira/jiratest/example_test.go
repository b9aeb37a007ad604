package jiratest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/webhook"
)

func Example() {
	srv := jiratest.NewServer()
	defer srv.Close()

	srv.AddProject("SUPPORT", "Customer support")
	iss := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire", "priority": "High"})
	iss.Comment("Did you try turning it off?")
	iss.Transition("In Progress")

	req, err := http.NewRequest(http.MethodGet, srv.URL+"/rest/api/3/issue/"+iss.Key(), nil)
	if err != nil {
		log.Fatal(err)
	}
	req.SetBasicAuth(srv.Main.Email, srv.Main.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		Key    string
		Fields struct {
			Summary string
			Status  struct{ Name string }
			Comment struct{ Total int }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Key, got.Fields.Summary, got.Fields.Status.Name, got.Fields.Comment.Total)
	fmt.Println("problems:", srv.Problems())
	// Output:
	// SUPPORT-1 Printer on fire In Progress 1
	// problems: []
}

// Webhooks are signed and delivered when the test says so.
func ExampleServer_Flush() {
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")

	secret := "It's a Secret to Everybody"
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := webhook.Verify(body, r.Header.Get(webhook.SignatureHeader), []byte(secret)); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	srv.SetWebhook(jiratest.Webhook{Handler: http.HandlerFunc(receive), Secret: secret})

	iss := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
	iss.Comment("Did you try turning it off?")
	for _, d := range srv.Flush(context.Background()) {
		fmt.Println(d.Event, d.IssueKey, d.Status)
	}
	// Output:
	// jira:issue_created SUPPORT-1 200
	// comment_created SUPPORT-1 200
}

// Fail makes requests go wrong, here once.
func ExampleServer_Fail() {
	srv := jiratest.NewServer()
	defer srv.Close()

	srv.Fail(jiratest.BurstLimited("GET /rest/api/3/serverInfo", 1, 5))
	for range 2 {
		resp, err := srv.Client().Get(srv.URL + "/rest/api/3/serverInfo")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %q\n", resp.StatusCode, resp.Header.Get("Retry-After"))
		_ = resp.Body.Close()
	}
	// Output:
	// 429 "5"
	// 200 ""
}
