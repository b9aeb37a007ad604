package jirasync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
)

// Level is how a Finding turned out.
type Level string

// Levels of findings.
const (
	LevelOK   Level = "ok"
	LevelWarn Level = "warn" // works, but look at it
	LevelFail Level = "fail" // will not work
)

// Finding is what Diagnose says of one thing.
type Finding struct {
	Subject string `json:"subject"`
	Level   Level  `json:"level"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint,omitempty"` // what to do
}

// diagnosis collects findings.
type diagnosis struct {
	*Syncer
	found []Finding
}

func (d *diagnosis) say(level Level, subject, hint, format string, args ...any) {
	detail := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	d.found = append(d.found, Finding{Subject: subject, Level: level, Detail: detail, Hint: hint})
}

// Diagnose looks at everything that a sync with this configuration needs: the
// configuration itself, both accounts and the projects they see, how long
// their tokens last, the clock, the field map, the directories and the disk,
// and the webhook secret. It changes nothing, but for a file of its own that it
// writes into each directory and removes.
func Diagnose(ctx context.Context, cfg Config) []Finding {
	full, err := cfg.withDefaults()
	d := &diagnosis{Syncer: &Syncer{cfg: full, log: full.Logger}}
	if err == nil {
		err = d.connect()
	}
	if err == nil {
		d.say(LevelOK, "configuration", "", "%s, projects: %s", full.Domain, cmp.Or(strings.Join(full.Projects, ", "), "all"))
		d.accounts(ctx)
	}
	for _, fault := range faults(err) {
		d.say(LevelFail, "configuration", "", "%v", fault)
	}
	d.tokens(time.Now())
	d.directories()
	d.webhookSecret()
	return d.found
}

// faults takes joined errors apart.
func faults(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, faults(e)...)
		}
		return all
	}
	return []error{err}
}

// patience is how long the whole conversation with Jira may take.
const patience = time.Minute

func (d *diagnosis) accounts(ctx context.Context) {
	if d.site == nil {
		d.say(LevelFail, "JIRA_API_TOKEN", "set JIRA_EMAIL and JIRA_API_TOKEN", "no account is configured: nothing can be read from Jira")
		return
	}
	ctx, cancel := context.WithTimeout(jira.WithPatience(ctx, patience/2), patience)
	defer cancel()
	if !d.clock(ctx) {
		return // Jira cannot be reached
	}
	works := d.account(ctx, d.site, "JIRA_API_TOKEN")
	if d.agent != nil {
		d.account(ctx, d.agent, "JIRA_SLA_API_TOKEN")
	} else {
		d.say(LevelWarn, "JIRA_SLA_API_TOKEN", "set JIRA_SLA_EMAIL and JIRA_SLA_API_TOKEN if the first account has no agent licence",
			"not set: SLA columns show what the first account sees")
	}
	if works {
		d.fields(ctx)
	}
}

// account says whether Jira accepts a token, and what it shows it.
func (d *diagnosis) account(ctx context.Context, client *jira.Client, token string) bool {
	user, err := client.CheckLogin(ctx, nil)
	if err != nil {
		d.say(LevelFail, token, cmp.Or(hint(err), "make a new token at id.atlassian.com; an expired one looks the same"), "%v", err)
		return false
	}
	d.say(LevelOK, token, "", "accepted, as %s (%s)", user.DisplayName, user.AccountID)
	visible := true
	for _, project := range d.cfg.Projects {
		if _, err := client.CheckLogin(ctx, []string{project}); err != nil {
			d.say(LevelFail, token, cmp.Or(hint(err), "check the key, and the permission Browse projects of this account"), "%v", err)
			visible = false
			continue
		}
		d.say(LevelOK, token, "", "may browse project %s", project)
	}
	if !visible {
		return true // a search that names such a project is refused
	}
	count, err := client.ApproximateCount(ctx, d.scopeJQL("", "created ASC"))
	switch {
	case err != nil:
		d.say(LevelFail, token, hint(err), "issues cannot be counted: %v", err)
	case count == 0:
		d.say(LevelWarn, token, "a new site, or no permission: look in Jira with this account", "sees no issue")
	default:
		d.say(LevelOK, token, "", "sees about %d issues", count)
	}
	return true
}

// hint is what Jira's error says to do.
func hint(err error) string {
	var failure *jira.Error
	if errors.As(err, &failure) {
		return failure.Hint
	}
	return ""
}

// Skews of the clock that are worth a word. JQL is relative, so that a skew
// moves the times of our own and the validity of certificates only.
const (
	skewWarn = 30 * time.Second
	skewFail = 10 * time.Minute
)

// clock compares the clocks, and tells whether Jira can be reached.
func (d *diagnosis) clock(ctx context.Context) bool {
	before := time.Now()
	info, err := d.site.ServerInfo(ctx)
	if errors.Is(err, jira.ErrUnauthorized) {
		return true // it answers, but not to this token, which is told below
	}
	if err != nil {
		d.say(LevelFail, "Jira", cmp.Or(hint(err), "check JIRA_DOMAIN, the network and its proxy"), "%s cannot be reached: %v", d.cfg.Domain, err)
		return false
	}
	took := time.Since(before)
	d.say(LevelOK, "Jira", "", "%s answers in %d ms, version %s", info.BaseURL, took.Milliseconds(), info.Version)
	skew := before.Add(took / 2).Sub(info.ServerTime).Round(time.Millisecond)
	level, hint := LevelOK, ""
	switch {
	case info.ServerTime.IsZero():
		d.say(LevelWarn, "clock", "", "Jira does not tell its time")
		return true
	case skew.Abs() > skewFail:
		level, hint = LevelFail, "synchronize the clock of this machine"
	case skew.Abs() > skewWarn:
		level, hint = LevelWarn, "synchronize the clock of this machine"
	}
	d.say(level, "clock", hint, "%s from Jira's", skew)
	return true
}

// fields compares the field map with the site.
func (d *diagnosis) fields(ctx context.Context) {
	const hint = "jira-sync fields --map proposes a map for this site"
	fields, err := d.site.Fields(ctx)
	if err != nil {
		d.say(LevelWarn, "field map", "", "the site's fields cannot be read: %v", err)
		return
	}
	if gone := ProposeFields(d.cfg.Fields, fields).Gone; len(gone) > 0 {
		d.say(LevelWarn, "field map", hint, "%d of %d fields are not on this site: %s", len(gone), len(d.cfg.Fields), strings.Join(gone, ", "))
		return
	}
	d.say(LevelOK, "field map", "", "all %d fields are on this site", len(d.cfg.Fields))
}

func (d *diagnosis) tokens(now time.Time) {
	known := map[string]bool{}
	for _, t := range d.cfg.tokens(now) {
		known[t.Token] = true
		level, hint := LevelOK, ""
		switch {
		case t.DaysLeft < 0:
			level, hint = LevelFail, "make a new token, and set "+t.Token+"_EXPIRES to its end"
		case t.Soon():
			level, hint = LevelWarn, "make a new token before that"
		}
		d.say(level, t.Token, hint, "expires %s, days left: %d", t.Expires.Format(time.DateOnly), t.DaysLeft)
	}
	for _, account := range []struct {
		token  string
		client *jira.Client
	}{{"JIRA_API_TOKEN", d.site}, {"JIRA_SLA_API_TOKEN", d.agent}} {
		if account.client != nil && !known[account.token] {
			d.say(LevelWarn, account.token, "set "+account.token+"_EXPIRES to the date that id.atlassian.com shows",
				"its end is not known: nobody will warn before it")
		}
	}
}

func (d *diagnosis) webhookSecret() {
	if len(d.cfg.WebhookSecrets) == 0 {
		d.say(LevelFail, "webhook", "set JIRA_WEBHOOK_SECRET to the secret that the webhook has in Jira; a backfill alone needs none",
			"no secret is set: every delivery is answered with 503")
		return
	}
	d.say(LevelOK, "webhook", "", "secrets set: %d", len(d.cfg.WebhookSecrets))
}

func (d *diagnosis) directories() {
	d.directory("JIRA_DATA_DIR", d.cfg.DataDir, true)
	d.directory("JIRA_PARQUET_DIR", d.cfg.ParquetDir, false)
	if d.cfg.DistDir != "" {
		d.directory("JIRA_DIST_DIR", d.cfg.DistDir, false)
	}
	d.layout("JIRA_PARQUET_DIR", d.cfg.ParquetDir)
	d.layout("JIRA_DIST_DIR", d.cfg.DistDir)
}

// layout looks for files of another layout than the configured one. What it
// cannot look at has been found above.
func (d *diagnosis) layout(subject, path string) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return
	}
	dir, err := partition.OpenLayout(path, d.cfg.Layout)
	if err != nil {
		return
	}
	defer dir.Close()
	if err := inLayout(dir, d.cfg.Layout); err != nil {
		d.say(LevelFail, subject, "jira-sync migrate --layout "+d.cfg.Layout.String()+" brings them to it, or configure the layout they have", "%v", err)
	}
}

// Free space that is worth a word.
const (
	spaceWarn = 5 << 30
	spaceFail = 256 << 20
)

func (d *diagnosis) directory(subject, dir string, private bool) {
	if dir == "" {
		return // a fault of the configuration
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say(LevelWarn, subject, "the first backfill makes it; check the path", "%s does not exist", dir)
		return
	case err != nil:
		d.say(LevelFail, subject, "check the path, and who may look into its directories", "%v", err)
		return
	case !info.IsDir():
		d.say(LevelFail, subject, "name a directory", "%s is not a directory", dir)
		return
	}
	if err := probe(dir); err != nil {
		d.say(LevelFail, subject, "check the owner and mode of the directory, and whether the disk is full or read-only", "%s cannot be written: %v", dir, err)
		return
	}
	free, known := freeSpace(dir)
	detail := dir + " can be written"
	if known {
		detail += fmt.Sprintf(", %.1f GiB free", float64(free)/(1<<30))
	}
	mode := info.Mode().Perm()
	switch {
	case known && free < spaceFail:
		d.say(LevelFail, subject, "make room: a full disk refuses deliveries", "%s", detail)
	case mode&0o002 != 0:
		d.say(LevelWarn, subject, "chmod o-w", "%s, but by everyone on this machine (mode %04o)", detail, mode)
	case private && mode&0o005 != 0:
		d.say(LevelWarn, subject, "chmod o-rx", "%s, but everyone on this machine may look in (mode %04o): tickets are customers' data", detail, mode)
	case known && free < spaceWarn:
		d.say(LevelWarn, subject, "make room soon", "%s", detail)
	default:
		d.say(LevelOK, subject, "", "%s", detail)
	}
}

// probe writes a file and removes it.
func probe(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	name := fmt.Sprintf(".doctor-%d", os.Getpid())
	if err := atomicfile.WriteFile(root, name, []byte("jira-sync doctor\n")); err != nil {
		return err
	}
	return atomicfile.Remove(root, name)
}
