package jiratest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// getMyself is "Get current user", the check of credentials.
func (c *call) getMyself() *response {
	if c.account == nil {
		return unauthenticated()
	}
	return ok(c.fullUser(c.account.user))
}

// fullUser is a user as the user endpoints show it.
func (c *call) fullUser(u *user) object {
	o := c.person(u)
	o["locale"] = "en_US"
	return o
}

// getUser is "Get user".
func (c *call) getUser() *response {
	u := c.s.site.users[c.query.Get("accountId")]
	if u == nil || c.account == nil {
		return failure(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return ok(c.fullUser(u))
}

// bulkUsers is "Bulk get users": ten unless asked for more.
func (c *call) bulkUsers() *response {
	start, size, bad := c.page(10, 200)
	if bad != nil {
		return bad
	}
	var found []any
	for _, id := range c.query["accountId"] {
		if u := c.s.site.users[id]; u != nil && c.account != nil {
			found = append(found, c.user(u))
		}
	}
	if len(c.query["accountId"]) == 0 {
		return failure(http.StatusBadRequest, "Query parameter 'accountId' is required")
	}
	return ok(c.pageBean(c.rest("/user/bulk"), start, size, len(found), append([]any{}, window(found, start, size)...)))
}

// getFields is "Get fields": a plain array.
func (c *call) getFields() *response {
	list := []any{}
	for _, f := range c.s.site.fields {
		o := object{
			"id": f.id, "key": f.id, "name": f.name, "custom": f.custom, "orderable": f.orderable,
			"navigable": f.navigable, "searchable": f.search, "clauseNames": f.clauses, "schema": f.schema,
		}
		if f.custom {
			o["untranslatedName"] = f.name
		}
		list = append(list, o)
	}
	list = append(list, object{
		"id": "issuekey", "key": "issuekey", "name": "Key", "custom": false, "orderable": false,
		"navigable": true, "searchable": false, "clauseNames": []string{"id", "issue", "issuekey", "key"},
	})
	return ok(list)
}

// searchFields is "Get fields paginated": 50 at most. Only custom fields of
// classic projects and fewer details than "Get fields"; the filters it knows are
// type, id and query.
func (c *call) searchFields() *response {
	start, size, bad := c.page(50, 50)
	if bad != nil {
		return bad
	}
	types, ids, query := c.listParam("type"), c.listParam("id"), strings.ToLower(c.query.Get("query"))
	var found []any
	for _, f := range c.s.site.fields {
		kind := "system"
		if f.custom {
			kind = "custom"
		}
		if (len(types) == 0 || slices.Contains(types, kind)) && (len(ids) == 0 || slices.Contains(ids, f.id)) &&
			strings.Contains(strings.ToLower(f.name), query) {
			found = append(found, object{"id": f.id, "name": f.name, "schema": f.schema, "description": ""})
		}
	}
	return ok(c.pageBean(c.rest("/field/search"), start, size, len(found), append([]any{}, window(found, start, size)...)))
}

// getServerInfo is "Get Jira instance info"; it proves nothing about the token.
func (c *call) getServerInfo() *response {
	return ok(object{
		"baseUrl": c.s.URL, "displayUrl": c.s.URL, "displayUrlServicedeskHelpCenter": c.s.URL, "displayUrlConfluence": c.s.URL,
		"version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0}, "deploymentType": "Cloud",
		"buildNumber": 100290, "buildDate": "2026-11-01T09:30:00.000+0000", "serverTime": c.time(c.now),
		"scmInfo": "1f51473f5c7b75c1a69a0090f4832cdc5053702a", "serverTitle": "Jira",
		"defaultLocale": object{"locale": "en_US"}, "serverTimeZone": c.s.site.actor.zone.String(),
	})
}

// getTenantInfo tells the cloud id of a site to everyone.
func (c *call) getTenantInfo() *response { return ok(object{"cloudId": c.s.CloudID}) }

// knownPermissions are the permissions of which the simulator has an opinion.
var knownPermissions = []string{"BROWSE_PROJECTS", "ADMINISTER", "SERVICEDESK_AGENT", "VIEW_DEV_TOOLS", "ADMINISTER_PROJECTS", "VIEW_VOTERS_AND_WATCHERS"}

// getMyPermissions is "Get my permissions".
func (c *call) getMyPermissions() *response {
	asked := c.listParam("permissions")
	if len(asked) == 0 {
		return failure(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	var p *project
	if key := c.query.Get("projectKey"); key != "" {
		if p = c.s.site.project(key); p == nil || c.account == nil || c.account.denied[p] || p.trashed {
			return failure(http.StatusNotFound, "No project could be found with key '"+key+"'.")
		}
	}
	out := object{}
	for _, key := range asked {
		if !slices.Contains(knownPermissions, key) {
			return failure(http.StatusBadRequest, "Unrecognized permission: "+key)
		}
		out[key] = object{
			"id": "10", "key": key, "name": strings.ReplaceAll(strings.ToLower(key), "_", " "),
			"type": "PROJECT", "description": "", "havePermission": c.permission(key, p),
		}
	}
	return ok(object{"permissions": out})
}

func (c *call) permission(key string, p *project) bool {
	switch {
	case c.account == nil:
		return false
	case key == "BROWSE_PROJECTS":
		return p != nil || slices.ContainsFunc(c.s.site.projects, func(p *project) bool { return !p.trashed && !c.account.denied[p] })
	case key == "SERVICEDESK_AGENT":
		return c.account.agent
	case key == "ADMINISTER":
		return c.account.admin
	}
	return false
}

// searchProjects is "Get projects paginated": 100 at most, more becomes 100.
func (c *call) searchProjects() *response {
	start, size, bad := c.page(50, 100)
	if bad != nil {
		return bad
	}
	status := c.listParam("status")
	if len(status) == 0 {
		status = []string{"live"}
	}
	keys := c.query["keys"]
	var found []*project
	for _, p := range c.s.site.projects {
		state := "live"
		if p.trashed {
			state = "deleted"
		}
		if c.account != nil && !c.account.denied[p] && slices.Contains(status, state) &&
			(len(keys) == 0 || slices.Contains(keys, p.key)) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *project) int { return strings.Compare(a.key, b.key) })
	list := []any{}
	for _, p := range window(found, start, size) {
		list = append(list, c.fullProject(p, c.listParam("expand")))
	}
	return ok(c.pageBean(c.rest("/project/search"), start, size, len(found), list))
}

// getProject is "Get project"; former keys resolve.
func (c *call) getProject() *response {
	name := c.vars["projectIdOrKey"]
	for _, p := range c.s.site.projects {
		if strconv.FormatInt(p.id, 10) == name || c.s.site.project(name) == p {
			if c.account != nil && !p.trashed && !c.account.denied[p] {
				return ok(c.fullProject(p, append(c.listParam("expand"), "lead", "description")))
			}
		}
	}
	return failure(http.StatusNotFound, "No project could be found with key '"+name+"'.")
}

func (c *call) fullProject(p *project, expand []string) object {
	o := c.projectObject(p)
	o["style"], o["isPrivate"], o["properties"] = "classic", false, object{}
	o["expand"] = "description,lead,issueTypes,url,projectKeys,permissions,insight"
	for _, name := range expand {
		switch name {
		case "description":
			o["description"] = ""
		case "lead":
			o["lead"] = c.user(p.lead)
		case "projectKeys":
			o["projectKeys"] = append([]string{p.key}, p.formerly...)
		case "url", "issueTypes", "insight", "permissions":
		default:
			c.s.problemf("%s %s: unknown expand %q", c.r.Method, c.path, name)
		}
	}
	return o
}

func (c *call) getStatuses() *response    { return c.namedList(c.s.site.statuses, renderStatus) }
func (c *call) getPriorities() *response  { return c.namedList(c.s.site.priorities, renderPriority) }
func (c *call) getResolutions() *response { return c.namedList(c.s.site.resolutions, renderResolution) }
func (c *call) getIssueTypes() *response  { return c.namedList(c.s.site.types, renderType) }

func (c *call) namedList(list []*named, render func(*view, any) any) *response {
	out := []any{}
	for _, n := range list {
		out = append(out, render(&c.view, n))
	}
	return ok(out)
}

// getLinkTypes is "Get issue link types".
func (c *call) getLinkTypes() *response {
	out := []any{}
	for _, t := range c.s.site.linkTypes {
		out = append(out, object{"id": t.id, "name": t.name, "inward": t.inward, "outward": t.outward, "self": c.rest("/issueLinkType/" + t.id)})
	}
	return ok(object{"issueLinkTypes": out})
}
