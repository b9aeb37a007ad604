package jiratest

import (
	"net/http"
	"strconv"
)

// deskPage is the envelope of paging in the service desk API.
//
// Source: developer.atlassian.com, Jira Service Management, "Pagination".
func (c *call) deskPage(values []any) *response {
	start, bad := c.intParam("start", 0)
	if bad != nil {
		return bad
	}
	limit, bad := c.intParam("limit", 50)
	if bad != nil {
		return bad
	}
	limit = min(limit, 100) // guessed: the cap
	shown := append([]any{}, window(values, start, limit)...)
	self := c.base + c.path
	links := object{"self": self, "base": c.base, "context": ""}
	last := start+len(shown) >= len(values)
	if !last {
		links["next"] = self + "?start=" + strconv.Itoa(start+len(shown)) + "&limit=" + strconv.Itoa(limit)
	}
	return ok(object{
		"_expands": []any{}, "size": len(shown), "start": start, "limit": limit,
		"isLastPage": last, "_links": links, "values": shown,
	})
}

func deskFailure(status int, message string) *response {
	return jsonResponse(status, object{"errorMessage": message, "i18nErrorMessage": object{"i18nKey": "sd.error", "parameters": []any{}}})
}

// getOrganizations is "Get organizations"; only agents see all.
func (c *call) getOrganizations() *response {
	list := []any{}
	for _, o := range c.s.site.orgs {
		if c.account != nil && c.account.agent {
			list = append(list, c.organization(o))
		}
	}
	return c.deskPage(list)
}

// getOrganization is "Get organization".
func (c *call) getOrganization() *response {
	for _, o := range c.s.site.orgs {
		if strconv.FormatInt(o.id, 10) == c.vars["organizationId"] && c.account != nil {
			return ok(c.organization(o))
		}
	}
	return deskFailure(http.StatusNotFound, "The organization does not exist.")
}

// getSLAs is "Get SLA information": agents only, else 403.
func (c *call) getSLAs() *response {
	i := c.issueVar()
	switch {
	case i == nil:
		return deskFailure(http.StatusNotFound, "The request does not exist or you do not have permission to view it.")
	case !c.account.agent:
		return deskFailure(http.StatusForbidden, "You must be an agent of the service project to view its SLAs.")
	}
	list := []any{}
	for _, f := range c.s.site.fields {
		if m, isSLA := c.s.site.slaOf(i, f, c.now).(*SLA); isSLA {
			self := c.base + "/rest/servicedeskapi/request/" + strconv.FormatInt(i.id, 10) + "/sla/" + stableID("sla "+m.Name)
			list = append(list, c.sla(m, self))
		}
	}
	return c.deskPage(list)
}

// getFeedback is "Get feedback".
func (c *call) getFeedback() *response {
	i := c.s.site.find(c.vars["requestIdOrKey"])
	if !c.visible(i) {
		return deskFailure(http.StatusNotFound, "The request does not exist or you do not have permission to view it.")
	}
	for _, f := range c.s.site.fields {
		if rating, isRating := i.values[f.id].(int); isRating && f.kind.typ == "sd-feedback" {
			return ok(object{"type": "csat", "rating": rating, "comment": object{"body": ""}})
		}
	}
	return ok(object{"type": "csat"})
}
