// Command webhook-receiver accepts signed Jira webhooks and appends each to a
// file, one JSON document a line, before it answers.
//
//	JIRA_WEBHOOK_SECRET=… webhook-receiver
//
// It uses the package webhook alone: no Jira account, no tables. What to do
// with the deliveries is up to you.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

func main() {
	if err := run("127.0.0.1:8080", "deliveries.jsonl", os.Getenv("JIRA_WEBHOOK_SECRET")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, path, secret string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	server := &http.Server{
		Addr:              address,
		Handler:           newHandler(&journal{file: file}, secret),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.ListenAndServe()
}

// newHandler serves POST /webhooks/jira. An empty secret refuses everything.
func newHandler(j *journal, secret string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhooks/jira", &webhook.Handler{
		Secrets: func() [][]byte {
			if secret == "" {
				return nil
			}
			return [][]byte{[]byte(secret)}
		},
		Receive: j.append,
	})
	return mux
}

// A journal keeps deliveries in a file.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

// append returns nil only when the delivery is on the disk: then, and only
// then, Jira hears 200. After an error it hears 503 and tries again.
func (j *journal) append(_ context.Context, d webhook.Delivery) error {
	if d.Malformed != nil {
		return nil // signed, but not an event; the handler answers 400
	}
	var line bytes.Buffer
	if err := json.Compact(&line, d.Body); err != nil {
		return err
	}
	line.WriteByte('\n')
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(line.Bytes()); err != nil {
		return err
	}
	return j.file.Sync()
}
