package jiratest

import (
	"cmp"
	"net/http"
	"strings"
)

// registration is an admin webhook as its REST resource shows it. The secret
// never comes back; isSigned tells that there is one.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks", registering a
// webhook using the Jira REST API.
type registration struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	URL         string            `json:"url"`
	Events      []string          `json:"events"`
	Filters     map[string]string `json:"filters"`
	ExcludeBody bool              `json:"excludeBody"`
	Enabled     *bool             `json:"enabled,omitempty"`
	Secret      string            `json:"secret,omitempty"`
}

const webhookPath = "/rest/webhooks/1.0/webhook"

func (c *call) webhookObject(w *Webhook) object {
	return object{
		"self": c.s.URL + webhookPath + "/1", "name": cmp.Or(w.name, "jiratest"), "url": w.URL,
		"events": append([]string{}, w.Events...), "filters": object{"issue-related-events-section": ""},
		"excludeBody": false, "enabled": true, "isSigned": w.Secret != "", "lastUpdated": c.now.UnixMilli(),
	}
}

// webhookAdmin refuses callers who are no Jira administrators.
func (c *call) webhookAdmin() *response {
	if c.account == nil {
		return unauthenticated()
	}
	if !c.account.admin {
		return failure(http.StatusForbidden, "You do not have permission to manage webhooks.")
	}
	return nil
}

func (c *call) currentWebhook() *Webhook {
	c.s.hooks.mu.Lock()
	defer c.s.hooks.mu.Unlock()
	return c.s.hooks.hook
}

// listWebhooks lists the admin webhooks. The simulator holds at most one.
func (c *call) listWebhooks() *response {
	if bad := c.webhookAdmin(); bad != nil {
		return bad
	}
	list := []any{}
	if w := c.currentWebhook(); w != nil {
		list = append(list, c.webhookObject(w))
	}
	return ok(list)
}

// getWebhook shows the one webhook.
func (c *call) getWebhook() *response {
	bad, w := c.webhookAdmin(), c.currentWebhook()
	switch {
	case bad != nil:
		return bad
	case w == nil || c.vars["id"] != "1":
		return failure(http.StatusNotFound, "The webhook does not exist.")
	}
	return ok(c.webhookObject(w))
}

// createWebhook registers a webhook in place of the former one, as SetWebhook
// does.
func (c *call) createWebhook() *response {
	if bad := c.webhookAdmin(); bad != nil {
		return bad
	}
	var in registration
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	if in.Name == "" || !strings.HasPrefix(in.URL, "http") {
		return failure(http.StatusBadRequest, "The name and an absolute url are required.")
	}
	w := Webhook{URL: in.URL, Secret: in.Secret, Events: in.Events, name: in.Name}
	c.s.SetWebhook(w)
	return jsonResponse(http.StatusCreated, c.webhookObject(&w))
}

// deleteWebhook removes the webhook.
func (c *call) deleteWebhook() *response {
	bad, w := c.webhookAdmin(), c.currentWebhook()
	switch {
	case bad != nil:
		return bad
	case w == nil || c.vars["id"] != "1":
		return failure(http.StatusNotFound, "The webhook does not exist.")
	}
	c.s.SetWebhook(Webhook{})
	return &response{status: http.StatusNoContent}
}

// appsOnly is the answer of dynamic webhooks to API tokens.
//
// Source: developer.atlassian.com, REST v3, "Register dynamic webhooks": only
// Connect and OAuth 2.0 apps.
func (c *call) appsOnly() *response {
	return failure(http.StatusForbidden, "The caller is not a Connect or OAuth 2.0 app.")
}
