package jiratest_test

import (
	"testing"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func BenchmarkFill(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		srv.AddProject("SUPPORT", "Customer support")
		srv.Fill("SUPPORT", 100, 1)
		srv.Close()
	}
}

func BenchmarkSearchPage(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(map[int]string{100: "site=100", 1000: "site=1000"}[n], func(b *testing.B) {
			srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
			defer srv.Close()
			srv.AddProject("SUPPORT", "Customer support")
			srv.Fill("SUPPORT", n, 1)
			main := &caller{base: srv.URL, account: srv.Main, client: srv.Client()}
			b.ReportAllocs()
			for b.Loop() {
				got := main.raw(b, "/rest/api/3/search/jql?jql=project=SUPPORT&maxResults=100&fields=*all")
				b.SetBytes(int64(len(got)))
			}
		})
	}
}
