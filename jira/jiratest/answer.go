package jiratest

import "net/http"

// response is an answer before it is written; faults may still spoil it.
type response struct {
	status      int
	contentType string
	header      http.Header
	body        []byte
}

const (
	typeJSON    = "application/json;charset=UTF-8"
	typeProblem = "application/problem+json;charset=UTF-8"
)

func jsonResponse(status int, v any) *response {
	return &response{status: status, contentType: typeJSON, body: encode(v)}
}

func ok(v any) *response { return jsonResponse(http.StatusOK, v) }

// failure is Jira's own error shape.
func failure(status int, messages ...string) *response {
	return jsonResponse(status, object{"errorMessages": messages, "errors": object{}})
}

// problem is the error shape of Jira's web framework (RFC 9457).
func problem(status int, detail, instance string) *response {
	return &response{status: status, contentType: typeProblem, body: encode(object{
		"type":     "about:blank",
		"title":    http.StatusText(status),
		"status":   status,
		"detail":   detail,
		"instance": instance,
	})}
}

// issueNotFound is the answer for issues that do not exist and for issues the
// caller may not see: the two cannot be told apart.
func issueNotFound() *response {
	return failure(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}

func (r *response) set(name, value string) *response {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
	return r
}
