package jiratest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // accounts have time zones, also on machines without a zone database
)

// Account is what a client needs to sign in: the e-mail address and an API
// token. The zero Account signs nobody in.
type Account struct {
	Email string
	Token string
}

// AccountOptions describe an account to AddAccount. The zero value is an
// ordinary account in the time zone UTC.
type AccountOptions struct {
	// Name is the display name. Empty means a name made of the e-mail address.
	Name string

	// Agent gives the account a Jira Service Management licence, without
	// which SLA values are not shown.
	Agent bool

	// Admin makes the account a Jira administrator, who may manage webhooks.
	Admin bool

	// Scoped makes the token a scoped one, which only the gateway accepts.
	// Source: support.atlassian.com, "401 Unauthorized error when service
	// account accesses Jira".
	Scoped bool

	// TimeZone is the zone of the profile: dates in answers are written in it
	// and dates in JQL read in it. Empty means UTC.
	TimeZone string

	// Language is that of texts for people. Empty means English; "ko" is the
	// other one that there is.
	Language string
}

// account is the server's side of an Account.
type account struct {
	user  *user
	email string
	token string
	agent bool
	admin bool

	language string
	scoped   bool
	expired  bool
	expires  time.Time         // when the token ends by itself; zero: never
	denied   map[*project]bool // projects the account may not browse
}

// AddAccount makes a user with an API token.
func (s *Server) AddAccount(email string, o AccountOptions) Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.site.addAccount(s, email, o)
}

func (t *site) addAccount(s *Server, email string, o AccountOptions) Account {
	name := o.Name
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	u := t.addUser(name, email, "atlassian")
	u.zone = s.location(o.TimeZone)
	a := &account{user: u, email: email, agent: o.Agent, admin: o.Admin, scoped: o.Scoped, language: o.Language, denied: map[*project]bool{}}
	a.token = t.newToken(o.Scoped)
	t.accounts[strings.ToLower(email)] = a
	return Account{Email: email, Token: a.token}
}

// newToken makes a token of the length class Atlassian's have.
func (t *site) newToken(scoped bool) string {
	prefix := "ATATT3xFfGF0"
	if scoped {
		prefix = "ATSTT3xFfGF0"
	}
	return prefix + strings.ReplaceAll(newUUID(t.random)+newUUID(t.random), "-", "") + "=5E1A7C0D"
}

// location returns the named zone, or UTC and a problem.
func (s *Server) location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		s.problemf("unknown time zone %q", name)
		return time.UTC
	}
	return zone
}

// SetTimeZone changes the time zone of an account's profile.
func (s *Server) SetTimeZone(a Account, zone string) {
	s.withAccount(a, func(acct *account) { acct.user.zone = s.location(zone) })
}

// ExpireToken ends the account's token, as its date of expiry or its owner
// would. Nothing announces it; what follows is described at authenticate.
func (s *Server) ExpireToken(a Account) {
	s.withAccount(a, func(acct *account) { acct.expired = true })
}

// ExpireTokenAt ends the account's token at a time of the site's clock.
func (s *Server) ExpireTokenAt(a Account, at time.Time) {
	s.withAccount(a, func(acct *account) { acct.expires = at })
}

// RenewToken gives the account a new token and ends the former one. Main and
// Agent keep the old value: they belong to the test.
func (s *Server) RenewToken(a Account) Account {
	s.withAccount(a, func(acct *account) {
		acct.token, acct.expired, acct.expires = s.site.newToken(acct.scoped), false, time.Time{}
		a.Token = acct.token
	})
	return a
}

// Deny takes the permission to browse a project from an account; its issues
// then look deleted to it. Allow gives it back.
func (s *Server) Deny(a Account, project string) { s.permit("Deny", a, project, false) }

// Allow undoes Deny.
func (s *Server) Allow(a Account, project string) { s.permit("Allow", a, project, true) }

func (s *Server) permit(verb string, a Account, key string, allowed bool) {
	s.withAccount(a, func(acct *account) {
		p := s.site.project(key)
		if p == nil {
			s.problemf("%s: no project %s", verb, key)
			return
		}
		acct.denied[p] = !allowed
	})
}

func (s *Server) withAccount(a Account, do func(*account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if acct := s.site.accounts[strings.ToLower(a.Email)]; acct != nil {
		do(acct)
		s.rendered.clear()
		return
	}
	s.problemf("no account of that e-mail address")
}

// identity is the outcome of authentication.
type identity struct {
	account *account  // nil: anonymous
	failed  bool      // credentials were sent and are bad
	refused *response // answered at once
	open    bool      // but not by endpoints that are open to everyone
}

// authenticate finds out who calls.
//
// Bad Basic credentials on the site host do not give 401: the caller becomes
// anonymous, with X-Seraph-LoginReason on every answer. Scoped tokens work at the
// gateway only. A bearer on the site host is 403.
//
// Sources: developer.atlassian.com, "Basic auth for REST APIs"; behaviour of
// bad credentials as measured in public on 2026-09-04.
//
// guessed: expired, revoked and mistyped tokens look the same; unscoped tokens
// work at the gateway too; bad credentials at the gateway are 401.
func (s *Server) authenticate(r *http.Request, gateway bool) identity {
	header := r.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		return identity{}
	case strings.EqualFold(scheme, "Basic"):
		acct := s.basicAccount(value)
		if acct != nil && (gateway || !acct.scoped) {
			return identity{account: acct}
		}
		if gateway {
			return identity{failed: true, refused: gatewayUnauthorized()}
		}
		if acct != nil {
			return identity{failed: true, refused: unauthenticated(), open: true}
		}
		return identity{failed: true}
	case !gateway:
		return identity{failed: true, refused: jsonResponse(http.StatusForbidden,
			object{"error": "Failed to parse Connect Session Auth Token"})}
	default:
		return identity{failed: true, refused: gatewayUnauthorized()}
	}
}

func (s *Server) basicAccount(value string) *account {
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	email, token, _ := strings.Cut(string(raw), ":")
	acct := s.site.accounts[strings.ToLower(email)]
	if acct == nil || acct.expired || acct.token != token || !acct.expires.IsZero() && !s.now().Before(acct.expires) {
		return nil
	}
	return acct
}

// unauthenticated is the answer to a caller who must sign in.
func unauthenticated() *response {
	r := &response{
		status:      http.StatusUnauthorized,
		contentType: "text/plain;charset=UTF-8",
		body:        []byte("Client must be authenticated to access this resource."),
		header:      http.Header{},
	}
	r.header.Set("WWW-Authenticate", `OAuth realm="https%3A%2F%2Fyour-site.atlassian.net"`)
	return r
}

func gatewayUnauthorized() *response {
	return jsonResponse(http.StatusUnauthorized, object{"code": 401, "message": "Unauthorized"})
}
