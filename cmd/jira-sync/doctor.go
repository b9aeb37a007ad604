package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what would keep a sync from working",
		Long: `Looks at the configuration, asks Jira who both accounts are and which projects
they see, and looks at the end of their tokens, the clock, the field map, the
directories, the disk, and the webhook secret. One line for each: ok, warn or
fail. It changes nothing, but for a file that it writes into each directory and
removes.

Exits with 1 if anything fails.

Environment: ` + siteVariables + `,
` + expiryVariables + `, JIRA_WEBHOOK_SECRET.`,
		Example: "  jira-sync doctor --env-file /etc/jira-sync/env --config /etc/jira-sync/jira-sync.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings.read(a.logger())
			findings := append(settingsFindings(err), jirasync.Diagnose(cmd.Context(), cfg)...)
			failed := 0
			var b strings.Builder
			for _, f := range findings {
				if f.Level == jirasync.LevelFail {
					failed++
				}
				fmt.Fprintf(&b, "%-4s  %-18s  %s\n", f.Level, f.Subject, f.Detail)
				if f.Hint != "" && f.Level != jirasync.LevelOK {
					fmt.Fprintf(&b, "      %-18s  hint: %s\n", "", f.Hint)
				}
			}
			if err := a.result(findings, b.String()); err != nil || failed == 0 {
				return err
			}
			return fmt.Errorf("doctor: checks that failed: %d", failed)
		},
	}
	a.settings.addSite(cmd.Flags())
	a.settings.addDirs(cmd.Flags())
	return cmd
}

// settingsFindings are the faults of flags, environment and files, which the
// library never sees.
func settingsFindings(err error) (findings []jirasync.Finding) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, fault := range joined.Unwrap() {
		detail := strings.ReplaceAll(fault.Error(), "\n", "; ")
		findings = append(findings, jirasync.Finding{Subject: "settings", Level: jirasync.LevelFail, Detail: detail})
	}
	return findings
}
