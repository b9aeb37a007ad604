package jiratest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// endpoint is one operation of the API.
type endpoint struct {
	method, path string   // as the OpenAPI document writes it, with {names}
	params       []string // known query parameters
	public       bool     // answered without credentials
	handle       func(*call) *response
}

func (e *endpoint) name() string { return e.method + " " + e.path }

// call is one request on its way through an endpoint. The site is locked for
// reading while it is handled.
type call struct {
	view
	r     *http.Request
	ep    *endpoint
	path  string            // without the gateway's prefix
	vars  map[string]string // by the names in the path template
	query url.Values
	body  []byte
}

// maxBody bounds request bodies.
const maxBody = 10 << 20

// serveSite is the handler of the site host.
func (s *Server) serveSite(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "site", s.URL, r.URL.EscapedPath())
}

// serveGateway is the handler of the API gateway. An unknown cloud id is a 404
// of the gateway's own shape.
//
// Source: an answer recorded in public on 2026-10-08.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	prefix := "/ex/jira/" + s.CloudID
	path, known := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if known && strings.HasPrefix(path, "/") {
		s.answer(w, r, "gateway", s.APIURL+prefix, path)
		return
	}
	s.problemf("%s %s: no such site at the gateway", r.Method, r.URL.Path)
	s.log.add(Request{Time: s.now(), Method: r.Method, Host: "gateway", Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Status: http.StatusNotFound})
	resp := jsonResponse(http.StatusNotFound, object{
		"timestamp": s.now().UTC().Format("2006-01-02T15:04:05.000000000Z"), "status": http.StatusNotFound,
		"error": "Not Found", "message": "No message available", "path": r.URL.Path,
	}).set("X-Failure-Category", "FAILURE_CLIENT_TCS")
	resp.contentType = "application/json"
	s.write(w, r, resp, nil)
}

// answer serves one request of the API, whichever host it came to.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, host, base, path string) {
	s.log.enter()
	defer s.log.leave()
	entry := Request{Time: s.now(), Method: r.Method, Host: host, Path: path, Query: r.URL.RawQuery}
	ep, vars, allowed := s.match(r.Method, path)
	if ep != nil {
		entry.Endpoint = ep.name()
	}
	fault := s.faults.take(entry)
	if fault != nil && fault.Do != nil {
		fault.Do()
	}
	var resp *response
	if fault == nil || fault.needsAnswer() {
		resp = s.respond(&entry, &call{
			view: view{s: s, base: base, version: versionOf(path), now: s.now()},
			r:    r, ep: ep, path: path, vars: vars,
		}, allowed, host == "gateway")
	}
	if resp = fault.apply(resp); resp != nil {
		entry.Status = resp.status
	}
	s.log.add(entry)
	s.write(w, r, resp, fault)
}

// respond authenticates, checks and handles a request.
func (s *Server) respond(entry *Request, c *call, allowed []string, gateway bool) *response {
	s.mu.RLock()
	defer s.mu.RUnlock()
	who := s.authenticate(c.r, gateway)
	if c.account = who.account; c.account != nil {
		entry.Account = c.account.email
		c.zone = c.account.user.zone
	} else {
		c.zone = s.site.actor.zone // guessed: anonymous callers get the site's zone
	}
	limit, left, resp := s.limits.take(*entry, c.now)
	if resp == nil && !(who.open && c.ep != nil && c.ep.public) {
		resp = who.refused
	}
	if resp == nil {
		resp = s.check(c, allowed)
	}
	if resp == nil {
		resp = c.ep.handle(c)
	}
	stamp(resp, limit, left)
	// The header depends on credentials being present, whatever the status.
	if who.failed && !gateway {
		resp.set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	} else if c.account != nil {
		resp.set("X-AACCOUNTID", url.QueryEscape(c.account.user.accountID))
	}
	return resp
}

// check refuses what Jira has no answer for.
func (s *Server) check(c *call, allowed []string) *response {
	what := c.r.Method + " " + c.path
	if c.ep == nil {
		s.problemf("%s: no such endpoint", what)
		if len(allowed) > 0 {
			return problem(http.StatusMethodNotAllowed, "Method '"+c.r.Method+"' is not supported.", c.path).
				set("Allow", strings.Join(allowed, ", "))
		}
		return problem(http.StatusNotFound, "No endpoint "+what+".", c.path)
	}
	if c.r.Header.Get("Authorization") == "" && !c.ep.public {
		// Real sites serve such callers as anonymous. A client under test that
		// forgets its credentials is better told.
		s.problemf("%s: no credentials", what)
		return unauthenticated()
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		s.problemf("%s: malformed query string", what)
		return problem(http.StatusBadRequest, "Malformed query string", c.path)
	}
	c.query = query
	for _, name := range sortedKeys(query) {
		if !slices.Contains(c.ep.params, name) {
			s.problemf("%s: unknown parameter %q", what, name)
			return problem(http.StatusBadRequest, "Unknown query parameter '"+name+"'", c.path)
		}
	}
	return s.readBody(c, what)
}

func (s *Server) readBody(c *call, what string) *response {
	var err error
	c.body, err = io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	switch {
	case err != nil:
		return problem(http.StatusBadRequest, "Failed to read request", c.path)
	case len(c.body) > maxBody:
		return problem(http.StatusRequestEntityTooLarge, "Request body too large", c.path)
	case len(c.body) > 0 && c.r.Method == http.MethodGet:
		s.problemf("%s: a body on a GET request", what)
	case len(c.body) > 0 && !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json"):
		s.problemf("%s: body of type %q", what, c.r.Header.Get("Content-Type"))
		return problem(http.StatusUnsupportedMediaType, "Content-Type '"+c.r.Header.Get("Content-Type")+"' is not supported.", c.path)
	}
	return nil
}

// match finds the endpoint of a path. Without one for the method it returns the
// methods the path has.
func (s *Server) match(method, path string) (ep *endpoint, vars map[string]string, allowed []string) {
	path = strings.Replace(path, "/rest/api/2/", "/rest/api/3/", 1)
	for _, e := range s.routes {
		if v, matches := matchPath(e.path, path); matches {
			if e.method == method {
				return e, v, nil
			}
			allowed = append(allowed, e.method)
		}
	}
	return nil, nil, allowed
}

func matchPath(template, path string) (map[string]string, bool) {
	vars := map[string]string{}
	for template != "" || path != "" {
		var want, have string
		want, template, _ = strings.Cut(strings.TrimPrefix(template, "/"), "/")
		have, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		value, err := url.PathUnescape(have)
		if err != nil {
			return nil, false
		}
		if strings.HasPrefix(want, "{") && value != "" {
			vars[strings.Trim(want, "{}")] = value
		} else if want != value {
			return nil, false
		}
	}
	return vars, true
}

// versionOf tells the version of the API by the path.
func versionOf(path string) string {
	if strings.HasPrefix(path, "/rest/api/2/") {
		return "2"
	}
	return "3"
}

// intParam reads an integer parameter. Values that are no number are a 400 of
// the framework.
func (c *call) intParam(name string, preset int) (int, *response) {
	text := c.query.Get(name)
	if text == "" {
		return preset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, problem(http.StatusBadRequest, "Failed to convert '"+name+"' with value: '"+text+"'", c.path)
	}
	return n, nil
}

// listParam reads a parameter that is repeated or comma-separated.
func (c *call) listParam(name string) []string {
	var list []string
	for _, value := range c.query[name] {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}

// boolParam reads a boolean parameter.
func (c *call) boolParam(name string, preset bool) bool {
	b, err := strconv.ParseBool(c.query.Get(name))
	if err != nil {
		return preset
	}
	return b
}
