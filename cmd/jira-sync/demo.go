package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/partition"
)

func (a *app) demoCommand() *cobra.Command {
	var opts demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch tickets flow from a simulated Jira into Parquet",
		Long: `Starts a simulated Jira on this machine, reads its issues into Parquet, starts
the real server, makes changes of every kind and delivers their signed
webhooks, waits until Parquet shows each, and at the end compares all tables
with the simulated Jira. Needs no Jira, no credentials and no network.

Exits with 0 only if every change arrived and everything matched.`,
		Example: "  jira-sync demo\n  jira-sync demo --dir ./demo --issues 2000 --keep-running",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.issues < 1 || opts.issues > 100_000 || opts.events < 0 || opts.events > 100_000 {
				return usageError{errors.New("--issues: want 1 to 100000; --events: want 0 to 100000")}
			}
			report, err := a.demo(cmd.Context(), opts)
			if report == nil {
				return err
			}
			return errors.Join(a.result(report, report.text()), err)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.dir, "dir", "", "where the files go, an empty or new directory; a temporary one when not given")
	flags.IntVar(&opts.issues, "issues", 300, "issues that the simulated Jira has at the start")
	flags.IntVar(&opts.events, "events", 42, "changes to make and follow")
	flags.StringVar(&opts.layout, "layout", "flat", "names of the tables' files, flat or hive")
	flags.BoolVar(&opts.keepRunning, "keep-running", false, "go on with a change a second until interrupted")
	return cmd
}

type demoOptions struct {
	dir            string
	layout         string
	issues, events int
	keepRunning    bool
}

// demoReport is what the demo found.
type demoReport struct {
	Dir        string                  `json:"dir"`
	Parquet    string                  `json:"parquet"`
	Backfill   jirasync.BackfillResult `json:"backfill"`
	Events     []demoEvent             `json:"events"`
	Issues     int                     `json:"issues"`
	Rows       map[string]int          `json:"rows"`
	Mismatches []string                `json:"mismatches,omitempty"`
	DuckDB     string                  `json:"duckdb"`
}

// demoEvent sums up the changes of one kind.
type demoEvent struct {
	Kind       string  `json:"kind"`
	Changes    int     `json:"changes"`
	Deliveries int     `json:"deliveries"`
	Missed     int     `json:"missed"`       // changes that Parquet did not show in time
	DurableMS  float64 `json:"durable_ms"`   // median, from sending a delivery to its 200
	QueryMS    float64 `json:"queryable_ms"` // median, from sending to Parquet showing it
	MaxMS      float64 `json:"queryable_max_ms"`

	durable, queryable []float64
}

const demoSecret = "demo: the simulated Jira signs with this"

// demo is one run: the simulated site, the server, and the way between them.
type demo struct {
	site   *jiratest.Server
	syncer *jirasync.Syncer
	report *demoReport
	steps  *scenario
	view   *tableView
}

func (a *app) demo(ctx context.Context, opts demoOptions) (*demoReport, error) {
	dir, err := demoDir(opts.dir)
	if err != nil {
		return nil, err
	}
	site := jiratest.NewServerWith(jiratest.Options{Seed: 1})
	defer site.Close()
	site.AddProject("SUPPORT", "Customer support")
	site.AddProject("ARCHIVE", "Archive")
	site.Fill("SUPPORT", opts.issues, 1)

	cfg := demoConfig(site, dir)
	if cfg.Layout, err = layoutOf(opts.layout); err != nil {
		return nil, usageError{fmt.Errorf("--layout: %w", err)}
	}
	if a.verbose {
		cfg.Logger = a.logger()
	}
	s, err := jirasync.New(cfg)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	view, err := openView(cfg)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	d := &demo{site: site, syncer: s, view: view, steps: newScenario(site), report: &demoReport{
		Dir: dir, Parquet: cfg.DistDir,
		DuckDB: fmt.Sprintf(`duckdb -c "SELECT issue_key, status, severity, summary FROM '%s/issues/%s' WHERE severity LIKE '%%Medium%%' ORDER BY updated_at DESC LIMIT 10"`,
			cfg.DistDir, map[partition.Layout]string{partition.Flat: "*.parquet", partition.Hive: "*/*.parquet"}[cfg.Layout]),
	}}
	if !a.json {
		fmt.Fprintf(a.err, "a simulated Jira with %d issues runs at %s; reading them\n", opts.issues, site.URL)
	}
	if d.report.Backfill, err = s.Backfill(ctx, jirasync.BackfillOptions{Parallel: 8, RemoteLinks: jirasync.RemoteLinksAlways}); err != nil {
		return d.report, err
	}
	if _, err := s.RefreshMetadata(ctx, jirasync.MetadataOptions{}); err != nil {
		return d.report, err
	}
	return d.report, d.live(ctx, a, opts)
}

func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "jira-sync-demo-")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(abs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if len(entries) > 0 {
		return "", usageError{fmt.Errorf("--dir: %s is not empty", dir)}
	}
	return abs, nil
}

func demoConfig(site *jiratest.Server, dir string) jirasync.Config {
	return jirasync.Config{
		BaseURL: site.URL, APIBaseURL: site.APIURL, CloudID: site.CloudID,
		Email: site.Main.Email, APIToken: jira.NewSecret(site.Main.Token),
		SLAEmail: site.Agent.Email, SLAAPIToken: jira.NewSecret(site.Agent.Token),
		WebhookSecrets: []jira.Secret{jira.NewSecret(demoSecret)},
		MediaHosts:     []string{strings.TrimPrefix(site.MediaURL, "http://")},
		DataDir:        filepath.Join(dir, "data"),
		ParquetDir:     filepath.Join(dir, "parquet"),
		DistDir:        filepath.Join(dir, "dist"),
		RateLimit:      -1, // the simulated site has no limits
	}
}

// live starts the real server, plays the scenario and compares.
func (d *demo) live(ctx context.Context, a *app, opts demoOptions) error {
	public, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.syncer.Serve(serving, public, nil) }() // ends with stop; waited for below
	d.site.SetWebhook(jiratest.Webhook{URL: "http://" + public.Addr().String() + "/webhooks/jira", Secret: demoSecret})

	err = d.play(ctx, opts.events)
	if err == nil {
		err = d.compare(ctx)
	}
	if err == nil && opts.keepRunning {
		err = d.keepRunning(ctx, a)
	}
	stop()
	return errors.Join(err, <-ended)
}

// play makes n changes, one kind after the other, and follows each to Parquet.
func (d *demo) play(ctx context.Context, n int) error {
	for !d.syncer.Status().Running { // deliveries before that would be sent back to be retried
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	events := map[string]*demoEvent{}
	var order []string
	for i := range n {
		step := demoSteps[i%len(demoSteps)]
		e := events[step.kind]
		if e == nil {
			e = &demoEvent{Kind: step.kind}
			events[step.kind] = e
			order = append(order, step.kind)
		}
		if err := d.follow(ctx, step, e); err != nil {
			return err
		}
	}
	missed := 0
	for _, kind := range order {
		e := events[kind]
		e.DurableMS, e.QueryMS = median(e.durable), median(e.queryable)
		if len(e.queryable) > 0 {
			e.MaxMS = slices.Max(e.queryable)
		}
		missed += e.Missed
		d.report.Events = append(d.report.Events, *e)
	}
	if missed > 0 {
		return fmt.Errorf("demo: %d changes did not reach Parquet", missed)
	}
	return nil
}

// demoPatience is how long a change may take to reach Parquet.
const demoPatience = 20 * time.Second

// follow makes one change, delivers its webhooks and waits for Parquet.
func (d *demo) follow(ctx context.Context, step demoStep, e *demoEvent) error {
	shown := step.do(d.steps)
	began := time.Now()
	e.Changes++
	for _, sent := range d.site.Flush(ctx) {
		e.Deliveries++
		e.durable = append(e.durable, milliseconds(sent.Duration))
		if sent.Status != 200 {
			return fmt.Errorf("demo: the server answered %d to %s", sent.Status, sent.Event)
		}
	}
	for time.Since(began) < demoPatience {
		ok, err := shown(d.view)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", step.kind, err)
		}
		if ok {
			e.queryable = append(e.queryable, milliseconds(time.Since(began)))
			return nil
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	e.Missed++
	return nil
}

// keepRunning goes on with a change a second.
func (d *demo) keepRunning(ctx context.Context, a *app) error {
	fmt.Fprint(a.err, d.report.text(), "running on; press Ctrl-C to end\n")
	for i := 0; ; i++ {
		if pause(ctx, time.Second) != nil {
			return nil // asked to stop
		}
		step := demoSteps[i%len(demoSteps)]
		e := demoEvent{Kind: step.kind}
		if err := d.follow(ctx, step, &e); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		fmt.Fprintf(a.err, "%-20s queryable after %.0f ms\n", e.Kind, median(e.queryable))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func (r *demoReport) text() string {
	var b strings.Builder
	f := r.Backfill
	fmt.Fprintf(&b, "\nbackfill   %d issues, %d attachments in %.1f s\n\n", f.Fetched, f.Attachments, f.Seconds)
	fmt.Fprintf(&b, "%-22s %8s %11s %14s %16s %10s\n", "change", "changes", "deliveries", "durable (ms)", "queryable (ms)", "max (ms)")
	for _, e := range r.Events {
		fmt.Fprintf(&b, "%-22s %8d %11d %14.1f %16.1f %10.1f\n", e.Kind, e.Changes, e.Deliveries, e.DurableMS, e.QueryMS, e.MaxMS)
	}
	if r.Rows != nil {
		fmt.Fprintf(&b, "\nchecked    %d issues against the simulated Jira:", r.Issues)
		for _, table := range slices.SortedFunc(mapKeys(r.Rows), func(a, b string) int { return cmp.Compare(r.Rows[b], r.Rows[a]) }) {
			fmt.Fprintf(&b, " %s %d,", table, r.Rows[table])
		}
		fmt.Fprintf(&b, " %d mismatches\n", len(r.Mismatches))
	}
	for _, m := range r.Mismatches {
		fmt.Fprintf(&b, "  %s\n", m)
	}
	fmt.Fprintf(&b, "files      %s\nquery      %s\n", r.Parquet, r.DuckDB)
	return b.String()
}
