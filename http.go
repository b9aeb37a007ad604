package jirasync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/webhook"
)

// errNotRunning answers deliveries that arrive before Run or after its end.
var errNotRunning = errors.New("jirasync: the worker does not run")

// Handler returns the public routes:
//
//	POST /webhooks/jira         a signed delivery; 200 once it is durable
//	GET  /webhooks/jira/health  whether deliveries can be taken
//	POST /webhooks/jira/test    Config.Debug only: fetch one issue, body {"issue_key": "..."}, signed like a delivery
//
// Deliveries are answered with 503, which Jira tries again, while [Syncer.Run]
// does not run.
func (s *Syncer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhooks/jira", &webhook.Handler{Secrets: s.secrets, Receive: s.receive, Logger: s.log})
	mux.HandleFunc("GET /webhooks/jira/health", s.health)
	if s.cfg.Debug {
		mux.HandleFunc("POST /webhooks/jira/test", s.testFetch)
	}
	return mux
}

// AdminHandler returns the routes that belong on a loopback listener:
// GET /status as JSON and GET /metrics in the Prometheus text format.
func (s *Syncer) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, http.StatusOK, s.Status()) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if err := s.Status().writeMetrics(w); err != nil {
			s.log.Debug("metrics could not be sent", "error", err)
		}
	})
	return mux
}

func (s *Syncer) secrets() [][]byte {
	secrets := make([][]byte, len(s.cfg.WebhookSecrets))
	for i, secret := range s.cfg.WebhookSecrets {
		secrets[i] = []byte(secret.Reveal())
	}
	return secrets
}

// receive makes a delivery durable and queues the issues it names.
func (s *Syncer) receive(ctx context.Context, d webhook.Delivery) error {
	queue := s.inbox.Load()
	if queue == nil {
		return errNotRunning
	}
	if err := queue.Append(ctx, d); err != nil {
		return err
	}
	s.stats.deliveries.Add(1)
	if d.Malformed != nil {
		s.stats.malformed.Add(1)
	}
	return nil
}

type healthBody struct {
	Status     string  `json:"status"`
	Configured *bool   `json:"configured,omitempty"`
	SecretSet  *bool   `json:"webhook_secret_set,omitempty"`
	Domain     *string `json:"jira_domain,omitempty"`
}

// health says whether deliveries can be taken. It does not depend on Jira.
func (s *Syncer) health(w http.ResponseWriter, _ *http.Request) {
	configured, secret := s.site != nil, len(s.cfg.WebhookSecrets) > 0
	body := healthBody{Status: "ok"}
	code := http.StatusOK
	if s.inbox.Load() == nil || !configured || !secret {
		body.Status, code = "degraded", http.StatusServiceUnavailable
	}
	if !s.cfg.HideHealth {
		body.Configured, body.SecretSet, body.Domain = &configured, &secret, &s.cfg.Domain
	}
	s.answer(w, code, body)
}

// testFetch refreshes one issue at once. The caller proves itself with the
// webhook secret, by the same signature that Jira makes.
func (s *Syncer) testFetch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		s.answer(w, http.StatusRequestEntityTooLarge, map[string]string{"error": "body is too large or was cut"})
		return
	}
	if _, err := webhook.Verify(body, r.Header.Get(webhook.SignatureHeader), s.secrets()...); err != nil {
		s.answer(w, http.StatusUnauthorized, map[string]string{"error": "sign the body with the webhook secret"})
		return
	}
	var ask struct {
		Key string `json:"issue_key"`
	}
	if json.Unmarshal(body, &ask) != nil || !issuekey.Valid(ask.Key) {
		s.answer(w, http.StatusBadRequest, map[string]string{"error": `want {"issue_key": "KEY-1"}`})
		return
	}
	if _, err := s.SyncIssues(r.Context(), ask.Key); err != nil {
		code := http.StatusBadGateway
		if errors.Is(err, jira.ErrNotFound) {
			code = http.StatusNotFound
		}
		s.log.WarnContext(r.Context(), "test fetch failed", "issue", ask.Key, "error", err)
		s.answer(w, code, map[string]string{"status": "error", "issue": ask.Key})
		return
	}
	s.answer(w, http.StatusOK, map[string]string{"status": "ok", "issue": ask.Key})
}

func (s *Syncer) answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Debug("answer could not be sent", "error", err)
	}
}

// Serve runs the worker and answers HTTP on both listeners until ctx ends:
// [Syncer.Handler] on public, [Syncer.AdminHandler] on admin, which may be
// nil. It stops accepting first, then finishes the requests and the work in
// hand within the grace period. It returns nil for an asked-for stop.
func (s *Syncer) Serve(ctx context.Context, public, admin net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers := []*http.Server{httpServer(s.Handler())}
	listeners := []net.Listener{public}
	if admin != nil {
		servers = append(servers, httpServer(s.AdminHandler()))
		listeners = append(listeners, admin)
	}
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	results := make(chan error, len(servers)+1) // one result of each goroutine below
	go func() { results <- s.Run(workCtx) }()
	for i, server := range servers {
		go func() { results <- server.Serve(limit(listeners[i], maxConnections)) }()
	}
	var first error
	ended := 0
	select {
	case <-ctx.Done():
	case first = <-results:
		ended++
	}
	// Requests end before the worker does, so that what was acknowledged is in the inbox.
	shutdown, release := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.GracePeriod)
	defer release()
	for _, server := range servers {
		first = errors.Join(first, ignoreClosed(server.Shutdown(shutdown)))
	}
	stopWork()
	for ; ended < len(servers)+1; ended++ {
		first = errors.Join(first, ignoreClosed(<-results))
	}
	if first != nil {
		return fmt.Errorf("serve: %w", first)
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// httpServer bounds what a stranger can hold open. The body's deadline is the
// webhook handler's own.
func httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
}
