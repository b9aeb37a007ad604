package jirasync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// ErrNoCredentials reports a call that needs Jira on a Syncer without an account.
var ErrNoCredentials = errors.New("jirasync: JIRA_EMAIL and JIRA_API_TOKEN are not set")

// Syncer keeps the tables equal to Jira. It is safe for concurrent use.
type Syncer struct {
	cfg    Config
	log    *slog.Logger
	site   *jira.Client // nil without credentials
	agent  *jira.Client // the SLA account; nil when there is none
	store  *rawstore.Store
	tables *transform.Tables
	dist   *partition.Dir // nil when there is no copy
	leave  func()         // lets migrations of the tables begin

	state      *os.Root   // what is remembered between runs
	checking   sync.Mutex // held while a check runs
	catching   sync.Mutex // held while a catch-up runs
	publishing sync.Mutex // held while files are copied
	noAgent    sync.Once  // said that there is no second account
	noDesk     sync.Once  // said that the site has no service desk
	distBehind bool       // the copy may lack a file that nobody will name again

	inbox atomic.Pointer[inbox.Inbox] // set while Run runs
	stats counters
}

// New checks the configuration, opens the directories and returns a Syncer.
// All faults of the configuration are reported together. New starts nothing
// and talks to nobody; see [Syncer.Run].
func New(cfg Config) (*Syncer, error) {
	siteURL := cfg.siteURL()
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	s := &Syncer{cfg: cfg, log: cfg.Logger}
	if err := s.connect(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := s.open(siteURL); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connect makes the clients; it sends nothing.
func (s *Syncer) connect() (err error) {
	account := jira.Config{
		BaseURL: s.cfg.BaseURL, Email: s.cfg.Email, Token: s.cfg.APIToken,
		Transport: s.cfg.Transport, Logger: s.log,
		MediaHosts: s.cfg.MediaHosts, MaxAttachmentBytes: s.cfg.MaxAttachmentBytes,
		RateLimit: s.cfg.RateLimit, Name: "JIRA_API_TOKEN",
	}
	if s.cfg.Email != "" && !s.cfg.APIToken.IsZero() {
		if s.site, err = jira.New(account); err != nil {
			return err
		}
	}
	if s.cfg.SLAEmail != "" {
		account.Email, account.Token, account.Name = s.cfg.SLAEmail, s.cfg.SLAAPIToken, "JIRA_SLA_API_TOKEN"
		if s.cfg.CloudID != "" {
			account.BaseURL = strings.TrimSuffix(s.cfg.APIBaseURL, "/") + "/ex/jira/" + s.cfg.CloudID
		}
		if s.agent, err = jira.New(account); err != nil {
			return fmt.Errorf("SLA account: %w", err)
		}
	}
	return nil
}

func (s *Syncer) open(siteURL string) (err error) {
	if s.store, err = rawstore.Open(s.cfg.DataDir, rawstore.Options{
		SLAFields: s.cfg.Fields.IDs(transform.KindSLA), Attachments: s.cfg.AttachmentsDir, Logger: s.log,
	}); err != nil {
		return err
	}
	if s.state, err = atomicfile.OpenDir(filepath.Join(s.cfg.DataDir, "state")); err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	if s.leave, err = shareLayout(s.cfg.ParquetDir); err != nil {
		return err
	}
	if s.tables, err = transform.Open(s.cfg.ParquetDir, transform.Options{
		SiteURL: siteURL, Layout: s.cfg.Layout, Fields: s.cfg.Fields, ReferenceOnly: s.cfg.ReferenceOnly, Attachment: s.store.AttachmentPath, Logger: s.log,
	}); err != nil {
		return err
	}
	if err = inLayout(s.tables.Dir(), s.cfg.Layout); err != nil {
		return err
	}
	if s.cfg.DistDir != "" {
		if s.dist, err = partition.OpenLayout(s.cfg.DistDir, s.cfg.Layout); err != nil {
			return err
		}
		if err = inLayout(s.dist, s.cfg.Layout); err != nil {
			return err
		}
	}
	s.distBehind = true
	return nil
}

// Close releases the directories. It must not be called while Run runs.
func (s *Syncer) Close() error {
	var errs []error
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.state != nil {
		errs = append(errs, s.state.Close())
	}
	if s.tables != nil {
		errs = append(errs, s.tables.Close())
	}
	if s.dist != nil {
		errs = append(errs, s.dist.Close())
	}
	if s.leave != nil {
		s.leave()
	}
	return errors.Join(errs...)
}

// CheckLogin asks Jira who we are, with both accounts, and whether the first
// may browse each configured project. An expired token shows here and nowhere
// else for sure, because Jira serves it as anonymous. All faults are reported
// together, each with the name of its token.
func (s *Syncer) CheckLogin(ctx context.Context) error {
	if s.site == nil {
		return ErrNoCredentials
	}
	return errors.Join(s.siteLogin(ctx), s.agentLogin(ctx))
}

// siteLogin checks the first account, without which nothing can be read.
func (s *Syncer) siteLogin(ctx context.Context) error {
	if _, err := s.site.CheckLogin(ctx, s.cfg.Projects); err != nil {
		return fmt.Errorf("JIRA_API_TOKEN: %w", err)
	}
	return nil
}

// errAgentLogin marks what a pass says at its end about the second account. It
// has stopped nothing.
var errAgentLogin = errors.New("SLA clocks could not be read and stay as they are")

// agentLogin checks the second account, if there is one, and logs when it is
// refused: issues go on without it.
func (s *Syncer) agentLogin(ctx context.Context) error {
	if s.agent == nil {
		s.sayNoAgent(ctx)
		return nil
	}
	if _, err := s.agent.CheckLogin(ctx, nil); err != nil {
		s.log.WarnContext(ctx, "the SLA account is refused; SLA clocks stay as they are", "error", err)
		return fmt.Errorf("%w: JIRA_SLA_API_TOKEN: %w", errAgentLogin, err)
	}
	return nil
}

// sayNoAgent says once that there is no second account.
func (s *Syncer) sayNoAgent(ctx context.Context) {
	s.noAgent.Do(func() {
		s.log.InfoContext(ctx, "there is no SLA account: SLA values are as the first account sees them; the rest works as with one")
	})
}

// Traffic says what the requests of each account, JIRA_API_TOKEN first, are
// doing and waiting for.
func (s *Syncer) Traffic() []jira.Stats {
	var all []jira.Stats
	for _, client := range []*jira.Client{s.site, s.agent} {
		if client != nil {
			all = append(all, client.Stats())
		}
	}
	return all
}

// requests is how many requests both accounts have sent.
func (s *Syncer) requests() (sent int64) {
	for _, account := range s.Traffic() {
		for _, family := range account.Families {
			if family.Family != "" {
				sent += family.Sent
			}
		}
	}
	return sent
}

// wanted reports whether the issue belongs to a configured project.
func (s *Syncer) wanted(key string) bool {
	if len(s.cfg.Projects) == 0 {
		return true
	}
	for _, p := range s.cfg.Projects {
		if p == issuekey.Project(key) {
			return true
		}
	}
	return false
}

// apply brings the tables, and their copy, to what the records say. An issue
// that did not land is named in the result; the error is what concerns them all.
//
// A month with a file that cannot be read is made anew from the records at once.
func (s *Syncer) apply(ctx context.Context, keys ...string) (transform.Result, error) {
	result, err := transform.Upsert(ctx, s.tables, s.store, keys...)
	if months := corruptMonths(result); len(months) > 0 && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "months cannot be read and are made anew from the records", "months", months)
		made, remakeErr := transform.Rebuild(ctx, s.tables, s.store, transform.RebuildOptions{Months: months})
		files := append(result.Files, made.Files...)
		if remakeErr == nil {
			s.stats.monthsRemade.Add(int64(len(months)))
		}
		result, err = transform.Upsert(ctx, s.tables, s.store, keys...)
		result.Files = append(files, result.Files...)
		if err != nil {
			err = errors.Join(err, remakeErr)
		}
	}
	s.stats.filesWritten.Add(int64(len(result.Files)))
	if len(result.Failed) > 0 {
		err = nil
	}
	return result, errors.Join(err, s.publish(ctx, result.Files...))
}

// corruptMonths returns the months of which a file cannot be read, sorted.
func corruptMonths(result transform.Result) []string {
	var months []string
	for _, err := range result.Failed {
		var fault *partition.Error
		if errors.Is(err, partition.ErrCorrupt) && errors.As(err, &fault) {
			months = append(months, fault.Month)
		}
	}
	slices.Sort(months)
	return slices.Compact(months)
}

// publish copies the changed files. After a failure, and at the start, nobody
// knows what the copy lacks: then everything is compared.
func (s *Syncer) publish(ctx context.Context, files ...partition.File) error {
	if s.dist == nil {
		return nil
	}
	s.publishing.Lock()
	defer s.publishing.Unlock()
	var err error
	if s.distBehind {
		err = s.tables.Dir().PublishAll(ctx, s.dist)
	} else {
		err = s.publishMonths(ctx, files)
	}
	s.distBehind = err != nil
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// publishAll compares the whole copy with the tables: another process may have
// written tables and died before it published them.
func (s *Syncer) publishAll(ctx context.Context) error {
	s.publishing.Lock()
	s.distBehind = true
	s.publishing.Unlock()
	return s.publish(ctx)
}

// publishMonths copies files, each month under its lock, so that a copy never
// mixes two versions of a month.
func (s *Syncer) publishMonths(ctx context.Context, files []partition.File) error {
	months := map[string][]partition.File{}
	for _, f := range files {
		months[f.Month] = append(months[f.Month], f)
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		release, err := s.tables.Dir().LockMonth(ctx, month)
		if err != nil {
			return err
		}
		err = s.tables.Dir().Publish(ctx, s.dist, months[month]...)
		release()
		if err != nil {
			return err
		}
	}
	return nil
}
