package jira_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

func Example() {
	srv := jiratest.NewServer() // your site, here a simulated one
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	ticket := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
	for range 131 { // Jira shows the newest 100 in the issue
		ticket.Comment("It still burns.")
	}

	client, err := jira.New(jira.Config{
		BaseURL: srv.URL, // https://acme.atlassian.net
		Email:   srv.Main.Email,
		Token:   jira.NewSecret(srv.Main.Token),
	})
	if err != nil {
		log.Fatal(err)
	}
	issue, err := client.Issue(context.Background(), "SUPPORT-1")
	switch {
	case errors.Is(err, jira.ErrNotFound):
		fmt.Println("deleted, or not for our eyes")
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(issue.Key, "missing:", issue.Missing, "remote links:", string(issue.RemoteLinks))
	// Output: SUPPORT-1 missing: [] remote links: []
}

func ExampleClient_Search() {
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	for range 3 {
		srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
	}
	client, err := jira.New(jira.Config{BaseURL: srv.URL, Email: srv.Main.Email, Token: jira.NewSecret(srv.Main.Token)})
	if err != nil {
		log.Fatal(err)
	}
	for hit, err := range client.Search(context.Background(), "project = SUPPORT ORDER BY key ASC", jira.SearchOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(hit.Key)
	}
	// Output:
	// SUPPORT-1
	// SUPPORT-2
	// SUPPORT-3
}

func ExampleSecret() {
	config := jira.Config{Email: "bot@acme.example", Token: jira.NewSecret("ATATT3xFfGF0")}
	fmt.Printf("%v %+v\n", config.Token, struct{ token jira.Secret }{config.Token}.token)
	// Output: *** ***
}
