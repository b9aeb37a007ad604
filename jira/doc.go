// Package jira reads issues from Jira Cloud, whole or with a list of what is
// missing.
//
//	site, token ─► Client ─► Issue        one issue: comments, worklogs, changelog
//	                  │                   and remote links completed by paging
//	                  ├────► Issues       many issues, a hundred with one request
//	                  ├────► IDs, Search  ids or fields of all issues that match
//	                  ├────► Download     an attachment's bytes, to a writer
//	                  ├────► Fields, Myself, CheckLogin, ServerInfo, ApproximateCount
//	                  └────► Stats        what requests wait for
//
//	client, err := jira.New(jira.Config{
//		BaseURL: "https://acme.atlassian.net",
//		Email:   "bot@acme.example",
//		Token:   jira.NewSecret(token),
//	})
//	issue, err := client.Issue(ctx, "SUPPORT-1")
//
// It answers raw JSON: the bytes of every field are Jira's own. GET issue cuts
// long parts (the newest 100 comments, 20 worklogs, 100 histories); [Client.Issue]
// fetches the rest and puts it in their place. What cannot be read whole is
// named in [Issue.Missing], because unknown is not empty.
//
// Every request passes one [Limiter], which spreads requests, honours
// Retry-After for all goroutines at once, lets a single probe go ahead after a
// pause and goes slower for a while. When Jira refuses the login, further calls
// fail without being sent, and once a minute one asks whether that is still
// so. Faults that pass (5xx, broken connections, cut answers, web pages
// in place of JSON) are retried a bounded number of times with growing random
// waits. A failed call is an [*Error] that matches one sentinel, such as
// [ErrNotFound], and holds no secret and no content.
//
// Credentials go to the configured scheme, host and port and nowhere else.
// REST calls follow no redirect. Attachments, which Jira serves by a redirect
// to a second host, are fetched hop by hop without them.
//
// The package does not write to Jira, does not store anything, does not decide
// that an issue was deleted, and starts no goroutine that outlives a call.
// go-jira builds the requests and adds the authentication; its decoded types are
// not used, since they drop what they do not know. To test without Jira see the
// package jiratest. Until v1 names can change; the guarantees above will not.
package jira
