package jira_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestFrugal(t *testing.T) {
	n := 20000
	srv := simulated(t, jiratest.Options{})
	at := time.Now()
	srv.Fill("A", n, 1)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	fmt.Println("fill", time.Since(at), m.HeapAlloc>>20, "MB live")
	at = time.Now()
	client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.RateLimit = -1 })
	var ids []string
	for hit, err := range client.IDs(t.Context(), "project = A ORDER BY created") {
		require.NoError(t, err)
		ids = append(ids, hit.ID)
	}
	fmt.Println("ids", time.Since(at))
	at = time.Now()
	bytes := 0
	for f := range client.Issues(t.Context(), ids, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksHinted}) {
		require.NoError(t, f.Err)
		require.Empty(t, f.Issue.Missing)
		bytes += len(f.Issue.JSON)
	}
	fmt.Println("issues", time.Since(at), bytes>>20, "MB")
	for k, v := range srv.Requests() {
		fmt.Println(v, k)
	}
}
