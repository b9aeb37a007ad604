package jiratest

import (
	"net/http"
	"strings"
)

// endpoints lists the operations served. Parameters are those of the OpenAPI
// document of the platform (July 2026); names of endpoints are its paths.
func (s *Server) endpoints() []*endpoint {
	const api = "/rest/api/3"
	get := func(path, params string, handle func(*call) *response) *endpoint {
		return &endpoint{method: http.MethodGet, path: path, params: strings.Fields(params), handle: handle}
	}
	post := func(path, params string, handle func(*call) *response) *endpoint {
		return &endpoint{method: http.MethodPost, path: path, params: strings.Fields(params), handle: handle}
	}
	other := func(method, path string, handle func(*call) *response) *endpoint {
		return &endpoint{method: method, path: path, handle: handle}
	}
	public := func(e *endpoint) *endpoint { e.public = true; return e }
	const search = "jql nextPageToken maxResults fields expand properties fieldsByKeys failFast reconcileIssues"
	return []*endpoint{
		post(api+"/issue/bulkfetch", "", (*call).bulkFetch),
		post(api+"/changelog/bulkfetch", "", (*call).bulkChangelogs),
		get(api+"/issue/{issueIdOrKey}", "fields fieldsByKeys expand properties updateHistory failFast", (*call).getIssue),
		get(api+"/issue/{issueIdOrKey}/comment", "startAt maxResults orderBy expand", (*call).getComments),
		get(api+"/issue/{issueIdOrKey}/comment/{id}", "expand", (*call).getComment),
		get(api+"/issue/{issueIdOrKey}/changelog", "startAt maxResults", (*call).getChangelog),
		get(api+"/issue/{issueIdOrKey}/worklog", "startAt maxResults startedAfter startedBefore expand", (*call).getWorklogs),
		get(api+"/issue/{issueIdOrKey}/remotelink", "globalId", (*call).getRemoteLinks),
		get(api+"/issue/{issueIdOrKey}/watchers", "", (*call).getWatchers),
		get(api+"/issue/{issueIdOrKey}/votes", "", (*call).getVotes),
		get(api+"/issueLink/{linkId}", "", (*call).getIssueLink),
		post(api+"/comment/list", "expand", (*call).listComments),
		get(api+"/worklog/updated", "since expand", (*call).updatedWorklogs),
		get(api+"/worklog/deleted", "since", (*call).deletedWorklogs),
		post(api+"/worklog/list", "expand", (*call).listWorklogs),

		get(api+"/search/jql", search, (*call).searchGet),
		post(api+"/search/jql", "", (*call).searchPost),
		post(api+"/search/approximate-count", "", (*call).approximateCount),
		public(get(api+"/search", "jql startAt maxResults fields expand validateQuery properties fieldsByKeys failFast", (*call).searchRemoved)),
		public(post(api+"/search", "", (*call).searchRemoved)),

		get(api+"/field", "", (*call).getFields),
		get(api+"/field/search", "startAt maxResults type id query orderBy expand projectIds", (*call).searchFields),
		get(api+"/myself", "expand", (*call).getMyself),
		get(api+"/mypermissions", "projectKey projectId issueKey issueId permissions projectUuid projectConfigurationUuid commentId", (*call).getMyPermissions),
		public(get(api+"/serverInfo", "", (*call).getServerInfo)),
		get(api+"/project/search", "startAt maxResults orderBy id keys query typeKey categoryId action expand status properties propertyQuery", (*call).searchProjects),
		get(api+"/project/{projectIdOrKey}", "expand properties", (*call).getProject),
		get(api+"/user", "accountId username key expand", (*call).getUser),
		get(api+"/user/bulk", "startAt maxResults username key accountId", (*call).bulkUsers),
		get(api+"/status", "", (*call).getStatuses),
		get(api+"/priority", "", (*call).getPriorities),
		get(api+"/resolution", "", (*call).getResolutions),
		get(api+"/issuetype", "", (*call).getIssueTypes),
		get(api+"/issueLinkType", "", (*call).getLinkTypes),
		public(get("/_edge/tenant_info", "", (*call).getTenantInfo)),

		get(api+"/attachment/meta", "", (*call).getAttachmentMeta),
		get(api+"/attachment/{id}", "", (*call).getAttachment),
		get(api+"/attachment/content/{id}", "redirect", (*call).getContent),
		get(api+"/attachment/thumbnail/{id}", "redirect fallbackToDefault width height", (*call).getThumbnail),

		get(webhookPath, "", (*call).listWebhooks),
		post(webhookPath, "", (*call).createWebhook),
		get(webhookPath+"/{id}", "", (*call).getWebhook),
		other(http.MethodDelete, webhookPath+"/{id}", (*call).deleteWebhook),
		get(api+"/webhook", "startAt maxResults", (*call).appsOnly),
		post(api+"/webhook", "", (*call).appsOnly),
		get(api+"/webhook/failed", "maxResults after", (*call).appsOnly),

		get("/rest/servicedeskapi/organization", "start limit accountId", (*call).getOrganizations),
		get("/rest/servicedeskapi/organization/{organizationId}", "", (*call).getOrganization),
		get("/rest/servicedeskapi/request/{issueIdOrKey}/sla", "start limit", (*call).getSLAs),
		get("/rest/servicedeskapi/request/{requestIdOrKey}/feedback", "", (*call).getFeedback),
	}
}
