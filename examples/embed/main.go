// Command embed runs the whole sync inside a service that has routes of its
// own: Jira's webhooks arrive beside them, and the tables follow.
//
//	JIRA_DOMAIN=acme.atlassian.net JIRA_EMAIL=… JIRA_API_TOKEN=… \
//	JIRA_WEBHOOK_SECRET=… embed
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"golang.org/x/sync/errgroup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:8080")
	if err == nil {
		err = run(ctx, config(), listener)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// config is what this service decides; every field left out has a default.
func config() jirasync.Config {
	return jirasync.Config{
		Domain:         os.Getenv("JIRA_DOMAIN"),
		Email:          os.Getenv("JIRA_EMAIL"),
		APIToken:       jira.NewSecret(os.Getenv("JIRA_API_TOKEN")),
		WebhookSecrets: []jira.Secret{jira.NewSecret(os.Getenv("JIRA_WEBHOOK_SECRET"))},
		DataDir:        "jira-data",
		ParquetDir:     "jira-parquet",
		Logger:         slog.Default(),
	}
}

// run serves until ctx ends. Deliveries that are answered are on disk; those
// not worked off by then are taken up by the next start.
func run(ctx context.Context, cfg jirasync.Config, listener net.Listener) error {
	syncer, err := jirasync.New(cfg)
	if err != nil {
		return err
	}
	defer syncer.Close()

	mux := http.NewServeMux()
	mux.Handle("/webhooks/", syncer.Handler())
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return syncer.Run(ctx) })
	group.Go(func() error { return server.Serve(listener) })
	group.Go(func() error {
		<-ctx.Done()
		return server.Shutdown(context.WithoutCancel(ctx))
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
