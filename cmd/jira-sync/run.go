package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// stdio are the streams of one run.
type stdio struct {
	in  io.Reader
	out io.Writer // results
	err io.Writer // all else
}

// usageError is wrong usage: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// hintedError is an error of a verb that knows what to do about it.
type hintedError struct {
	error
	hint string // "" if it does not
}

func (e hintedError) Unwrap() error { return e.error }

// app is one run of the command.
type app struct {
	stdio
	settings settings
	json     bool
	verbose  bool
}

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	a := &app{stdio: std}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(std.err, "jira-sync:", err)
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(std.err, "hint:", hint)
	}
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "jira-sync",
		Short: "Keep Jira Cloud tickets as Parquet files, in real time",
		Long: `jira-sync receives Jira's signed webhooks, reads each changed issue whole,
keeps its raw JSON and its attachments, and brings Parquet tables (issues,
comments, attachments, changelog, issuelinks, remote_links and more; one file a
month) up to date for DuckDB.

Start with "jira-sync demo", which needs no Jira and no credentials.

Flags set everything but secrets; the environment supplies secrets and
defaults. Each secret X can also be the path of a file in X_FILE.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "results and log as JSON")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log each step")
	flags.StringVar(&a.settings.envFile, "env-file", "", "read environment variables from this file; those already set win")
	flags.StringVar(&a.settings.configFile, "config", "", "jira-sync.yaml: projects, schema, layout and the custom-field map")
	root.AddCommand(a.demoCommand(), a.serveCommand(), a.backfillCommand(), a.transformCommand(),
		a.upsertCommand(), a.migrateCommand(), a.slaCommand(), a.checkCommand(), a.statusCommand(), a.metadataCommand(), a.fieldsCommand(), a.doctorCommand(), a.adfCommand(), a.viewsCommand(), a.versionCommand())
	for _, cmd := range root.Commands() {
		cmd.Args = usageArgs(cmd.Args)
	}
	return root
}

// mustComplete offers the values of a flag to shells. It panics if there is no
// such flag: a mistake of the command's author.
func mustComplete(cmd *cobra.Command, flag string, values []string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// usageArgs makes wrong arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			check = cobra.NoArgs
		}
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// logger writes to standard error: text for people, JSON with --json.
func (a *app) logger() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	if a.json {
		return slog.New(slog.NewJSONHandler(a.err, opts))
	}
	return slog.New(slog.NewTextHandler(a.err, opts))
}

// result prints v as JSON with --json, and as text otherwise.
func (a *app) result(v any, text string) error {
	if !a.json {
		_, err := io.WriteString(a.out, text)
		return err
	}
	return newEncoder(a.out).Encode(v)
}

func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// hintFor says what to do about an error.
func hintFor(err error) string {
	var failure *jira.Error
	var hinted hintedError
	var file *partition.Error
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, &failure) && failure.Hint != "":
		return failure.Hint
	case errors.As(err, &file):
		return file.Hint
	case errors.Is(err, jirasync.ErrLayout):
		return "name the layout that they have with --layout, JIRA_LAYOUT or layout in --config; or, also after a migration that was cut short, bring them to one with jira-sync migrate"
	case errors.Is(err, jirasync.ErrTablesInUse):
		return "stop jira-sync serve and what else writes there, migrate, and start it with the new layout"
	case errors.Is(err, jirasync.ErrBrake):
		return "look in Jira whether they are deleted; then jira-sync check --fix --force takes them out of the tables"
	case errors.Is(err, jirasync.ErrCheckRuns), errors.Is(err, jirasync.ErrPollRuns), errors.Is(err, jirasync.ErrMigrating):
		return "wait until it has ended"
	case errors.Is(err, jirasync.ErrNoCredentials):
		return "set JIRA_DOMAIN, JIRA_EMAIL and JIRA_API_TOKEN, or try \"jira-sync demo\", which needs none"
	case errors.Is(err, os.ErrPermission):
		return "check the owner and mode of the data and Parquet directories"
	case strings.HasPrefix(err.Error(), "unknown command"):
		return "jira-sync --help lists the commands"
	}
	return ""
}
