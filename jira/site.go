package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// Field is a system or custom field of the site.
type Field struct {
	ID     string `json:"id"`   // such as "summary" or "customfield_10020"
	Name   string `json:"name"` // not unique; may be translated
	Custom bool   `json:"custom"`
	// UntranslatedName is the name as it was made; empty if Jira does not say.
	UntranslatedName string `json:"untranslatedName"`
	// ClauseNames are its names in JQL, "cf[10020]" among them.
	ClauseNames []string `json:"clauseNames"`
	// Schema says what the values are. It is zero for a few fields without one.
	Schema FieldSchema `json:"schema"`
	// Scope is the project of a team-managed project's own field.
	Scope FieldScope `json:"scope"`

	JSON json.RawMessage `json:"-"` // Jira's bytes
}

// UnmarshalJSON reads a field as Jira describes it.
func (f *Field) UnmarshalJSON(data []byte) error {
	type plain Field
	if err := json.Unmarshal(data, (*plain)(f)); err != nil {
		return err
	}
	f.JSON = bytes.Clone(data)
	return nil
}

// FieldSchema is the type of a field.
type FieldSchema struct {
	Type   string `json:"type"`   // "string", "array", "user", …
	Items  string `json:"items"`  // of an array
	System string `json:"system"` // of a system field
	Custom string `json:"custom"` // the kind of custom field, such as "com.atlassian.servicedesk:sd-sla-field"
}

// FieldScope limits a field to a project; zero means none.
type FieldScope struct {
	Type    string `json:"type"` // "PROJECT"
	Project struct {
		ID string `json:"id"`
	} `json:"project"`
}

// Fields returns the fields that the account can see, in Jira's order.
//
// Source: REST v3 getFields; not paged.
func (c *Client) Fields(ctx context.Context) ([]Field, error) {
	return fetch(c, ctx, get("field", "/rest/api/3/field", nil, nil), func(fields []Field) bool {
		for _, f := range fields {
			if f.ID == "" {
				return false
			}
		}
		return fields != nil
	})
}

// User is the account of the client.
type User struct {
	AccountID    string `json:"accountId"`
	AccountType  string `json:"accountType"` // "atlassian", "app" or "customer"
	DisplayName  string `json:"displayName"`
	EmailAddress string `json:"emailAddress"` // empty if hidden
	Active       bool   `json:"active"`
	TimeZone     string `json:"timeZone"` // in which Jira reads the dates of this account's JQL
}

// Myself returns the account of the client. It is the check of a login: other
// reads answer as to an anonymous visitor when it is wrong. An answer that names
// no account is ErrUnauthorized too, whatever its status.
//
// Source: REST v3 getCurrentUser.
func (c *Client) Myself(ctx context.Context) (User, error) {
	r := get("myself", "/rest/api/3/myself", nil, nil)
	var user User
	r.decode = func(body []byte) (err error) {
		user, err = parseUser(body)
		return err
	}
	if err := c.do(ctx, r); err != nil {
		return User{}, err
	}
	return user, nil
}

// errNobody is an answer to the question who we are that names nobody.
var errNobody = errors.New("no account")

func parseUser(body []byte) (user User, err error) {
	o, err := rawjson.Parse(body)
	if err != nil {
		return User{}, err
	}
	if err := json.Unmarshal(body, &user); err != nil {
		return User{}, err
	}
	if user.AccountID == "" && o.Len() > 0 {
		return User{}, errNobody
	}
	if user.AccountID == "" {
		return User{}, errShape
	}
	return user, nil
}

// ServerInfo is what a site says of itself.
type ServerInfo struct {
	BaseURL        string    // of the site, also when asked through the gateway
	Version        string    // such as "1001.0.0-SNAPSHOT"
	DeploymentType string    // "Cloud"
	ServerTitle    string    // the site's name
	ServerTime     time.Time // zero if the site does not say
}

// ServerInfo returns the site's own description. Jira answers it to anyone: it
// proves nothing about the login.
//
// Source: REST v3 getServerInfo.
func (c *Client) ServerInfo(ctx context.Context) (ServerInfo, error) {
	type answer struct {
		BaseURL        string `json:"baseUrl"`
		Version        string `json:"version"`
		DeploymentType string `json:"deploymentType"`
		ServerTitle    string `json:"serverTitle"`
		ServerTime     string `json:"serverTime"`
	}
	a, err := fetch(c, ctx, get("serverinfo", "/rest/api/3/serverInfo", nil, nil), func(a answer) bool { return a.BaseURL != "" })
	if err != nil {
		return ServerInfo{}, err
	}
	info := ServerInfo{BaseURL: a.BaseURL, Version: a.Version, DeploymentType: a.DeploymentType, ServerTitle: a.ServerTitle}
	info.ServerTime, _ = parseTime(a.ServerTime)
	return info, nil
}

// ApproximateCount estimates how many issues match jql, which must contain a
// restriction.
//
// Source: REST v3 countIssues.
func (c *Client) ApproximateCount(ctx context.Context, jql string) (int, error) {
	type answer struct {
		Count *int `json:"count"`
	}
	r := post("count", "/rest/api/3/search/approximate-count", map[string]string{"jql": jql}, nil)
	a, err := fetch(c, ctx, r, func(a answer) bool { return a.Count != nil && *a.Count >= 0 })
	if err != nil {
		return 0, err
	}
	return *a.Count, nil
}

var errShape = errors.New("not the expected object")

// fetch sends a call and decodes its answer into a T, which ok must accept.
func fetch[T any](c *Client, ctx context.Context, r *call, ok func(T) bool) (T, error) {
	var value T
	r.decode = func(body []byte) error {
		var fresh T // nothing of an attempt before
		if err := json.Unmarshal(body, &fresh); err != nil {
			return err
		}
		if !ok(fresh) {
			return errShape
		}
		value = fresh
		return nil
	}
	err := c.do(ctx, r)
	return value, err
}
