package jira_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jirasync/jirasync/jira"
)

func TestNewChecksTheConfiguration(t *testing.T) {
	t.Parallel()
	valid := jira.Config{BaseURL: "https://acme.atlassian.net", Email: "bot@acme.example", Token: jira.NewSecret(marked)}
	for _, tc := range []struct {
		name string
		edit func(*jira.Config)
		want string // part of the error; "" = valid
	}{
		{"site", func(*jira.Config) {}, ""},
		{"slash at the end", func(c *jira.Config) { c.BaseURL += "/" }, ""},
		{"gateway", func(c *jira.Config) { c.BaseURL = "https://api.atlassian.com/ex/jira/7f3e-1" }, ""},
		{"loopback over http", func(c *jira.Config) { c.BaseURL = "http://127.0.0.1:8080" }, ""},
		{"IPv6 loopback over http", func(c *jira.Config) { c.BaseURL = "http://[::1]:8080" }, ""},
		{"localhost over http", func(c *jira.Config) { c.BaseURL = "http://localhost:8080" }, ""},
		{"http allowed", func(c *jira.Config) { c.BaseURL, c.AllowHTTP = "http://jira:8080", true }, ""},
		{"media host with port", func(c *jira.Config) { c.MediaHosts = []string{"127.0.0.1:4000", "media.example"} }, ""},
		{"no limit", func(c *jira.Config) { c.RateLimit, c.MaxAttempts = -1, -1 }, ""},

		{"no URL", func(c *jira.Config) { c.BaseURL = "" }, "BaseURL"},
		{"host alone", func(c *jira.Config) { c.BaseURL = "acme.atlassian.net" }, "BaseURL"},
		{"plain http", func(c *jira.Config) { c.BaseURL = "http://acme.atlassian.net" }, "plain http"},
		{"name that begins like loopback", func(c *jira.Config) { c.BaseURL = "http://127.0.0.1.evil.example" }, "plain http"},
		{"other scheme", func(c *jira.Config) { c.BaseURL = "ftp://acme.atlassian.net" }, "BaseURL"},
		{"user part", func(c *jira.Config) { c.BaseURL = "https://me:" + marked + "@acme.atlassian.net" }, "BaseURL"},
		{"query", func(c *jira.Config) { c.BaseURL += "?token=" + marked }, "BaseURL"},
		{"fragment", func(c *jira.Config) { c.BaseURL += "#" + marked }, "BaseURL"},
		{"dot-dot", func(c *jira.Config) { c.BaseURL += "/a/../b" }, "BaseURL"},
		{"space", func(c *jira.Config) { c.BaseURL = "https://acme .atlassian.net/" + marked }, "BaseURL"},
		{"no e-mail", func(c *jira.Config) { c.Email = "" }, "Email"},
		{"colon in the e-mail", func(c *jira.Config) { c.Email = "a:b" }, "Email"},
		{"newline in the e-mail", func(c *jira.Config) { c.Email = "a@b\r\nX: y" }, "Email"},
		{"no token", func(c *jira.Config) { c.Token = jira.Secret{} }, "Token"},
		{"newline after the token", func(c *jira.Config) { c.Token = jira.NewSecret(marked + "\n") }, "Token"},
		{"negative timeout", func(c *jira.Config) { c.RequestTimeout = -time.Second }, "RequestTimeout"},
		{"negative burst", func(c *jira.Config) { c.Burst = -1 }, "Burst"},
		{"wildcard media host", func(c *jira.Config) { c.MediaHosts = []string{"*.atlassian.com"} }, "MediaHosts"},
		{"URL as media host", func(c *jira.Config) { c.MediaHosts = []string{"https://media.example"} }, "MediaHosts"},
		{"empty media host", func(c *jira.Config) { c.MediaHosts = []string{""} }, "MediaHosts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := valid
			tc.edit(&c)
			_, err := jira.New(c)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("New = %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("New = %v, want a fault of %s", err, tc.want)
			case err != nil && strings.Contains(err.Error(), marked):
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
}

func TestNewReportsAllFaults(t *testing.T) {
	t.Parallel()
	_, err := jira.New(jira.Config{BaseURL: "acme", MaxBodyBytes: -1, MediaHosts: []string{"*"}})
	if err == nil {
		t.Fatal("New accepted an empty configuration")
	}
	for _, want := range []string{"BaseURL", "Email", "Token", "MaxBodyBytes", "MediaHosts"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
