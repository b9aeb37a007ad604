package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) serveCommand() *cobra.Command {
	var (
		addr, adminAddr string
		debug, hide     bool
		noAttachments   bool
		workers         int
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and keep the tables up to date",
		Long: `Receives Jira's webhooks and keeps the tables up to date until SIGTERM.

  POST /webhooks/jira         a signed delivery; 200 once it is durable
  GET  /webhooks/jira/health  whether deliveries can be taken
  POST /webhooks/jira/test    with --debug: fetch one issue now, body
                              {"issue_key": "KEY-1"}, signed like a delivery

GET /status and GET /metrics are on the second listener, which belongs on a
loopback address. Work that is not finished at the end stays in the event log
and is taken up by the next start.

What webhooks lost is caught up with at the start and every 5 minutes. Every 30
minutes Jira, records and tables are compared, and what differs is mended; see
jira-sync check. The site's fields and organizations are read once a day.

Environment: JIRA_WEBHOOK_SECRET (without it the webhook answers 503),
JIRA_WEBHOOK_SECRET_PREVIOUS (during a rotation),
` + expiryVariables + `: from 30
days before, a warning a day,
` + siteVariables + `.`,
		Example: "  jira-sync serve --env-file /etc/jira-sync/env --addr :8080",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if value, set := os.LookupEnv("JIRA_WEBHOOK_SECRET"); set && strings.TrimSpace(value) == "" {
				return usageError{errors.New("JIRA_WEBHOOK_SECRET is set but empty; set a secret of 16 characters or more, or unset it to have every delivery refused")}
			}
			cfg.Debug, cfg.HideHealth, cfg.NoAttachments, cfg.Workers = debug, hide, noAttachments, workers
			s, err := a.open(cfg)
			if err != nil {
				return err
			}
			defer s.Close()
			if len(cfg.WebhookSecrets) == 0 {
				cfg.Logger.Error("JIRA_WEBHOOK_SECRET is not set: every delivery is answered with 503")
			}
			public, err := net.Listen("tcp", addr)
			if err != nil {
				return fmt.Errorf("--addr: %w", err)
			}
			var admin net.Listener
			if adminAddr != "" {
				if admin, err = net.Listen("tcp", adminAddr); err != nil {
					return errors.Join(fmt.Errorf("--admin-addr: %w", err), public.Close())
				}
				cfg.Logger.Info("status page", "address", admin.Addr().String())
			}
			cfg.Logger.Info("listening", "address", public.Addr().String())
			return s.Serve(cmd.Context(), public, admin)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&addr, "addr", ":8080", "address of the webhook listener")
	flags.StringVar(&adminAddr, "admin-addr", "127.0.0.1:8081", "address of the status and metrics listener; none when empty")
	flags.BoolVar(&debug, "debug", false, "serve POST /webhooks/jira/test")
	flags.BoolVar(&hide, "hide-health", false, "show only the status on the health page")
	flags.BoolVar(&noAttachments, "no-attachments", false, "do not download attachments")
	flags.IntVar(&workers, "workers", 8, "issues fetched at once")
	a.settings.addSite(flags)
	a.settings.addDirs(flags)
	return cmd
}
