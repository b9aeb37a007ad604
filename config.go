package jirasync

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// Config says what to sync, from where and to where. The zero value of every
// optional field is a documented default. It is copied by [New].
type Config struct {
	// Domain is the site's host name, such as "acme.atlassian.net". Required
	// unless BaseURL is set.
	Domain string

	// BaseURL replaces "https://" + Domain, for tests and proxies.
	BaseURL string

	// APIBaseURL replaces "https://api.atlassian.com", the gateway through
	// which scoped tokens work.
	APIBaseURL string

	// CloudID is the site's id at the gateway. The SLA account is read
	// through the gateway when it is set, otherwise on the site itself.
	CloudID string

	// Email and APIToken are the account that reads the issues. Required to
	// fetch; without them the records on disk can still be transformed.
	Email    string
	APIToken jira.Secret

	// SLAEmail and SLAAPIToken are the account with an agent licence, which
	// alone sees SLA values. Without it the first account's values are used.
	SLAEmail    string
	SLAAPIToken jira.Secret

	// TokenExpires and SLATokenExpires are when the tokens end, which Jira
	// does not tell. From 30 days before, Run warns once a day, and Status and
	// the metrics show the days that are left. Zero means not known.
	TokenExpires    time.Time
	SLATokenExpires time.Time

	// Projects limits the sync to these project keys. Empty means all.
	Projects []string

	// WebhookSecrets authenticate deliveries; any of them will do, so that a
	// secret can be rotated without loss. Without one the webhook answers 503.
	WebhookSecrets []jira.Secret

	// DataDir holds the issue records, the attachments and the event log.
	// ParquetDir holds the tables. Both are required.
	DataDir    string
	ParquetDir string

	// AttachmentsDir holds the attachment files. Empty means attachments in
	// DataDir.
	AttachmentsDir string

	// DistDir receives a copy of the tables for analysts. Empty means none.
	DistDir string

	// Fields maps custom fields to columns. Nil means transform.DefaultFields.
	Fields transform.FieldMap

	// Layout is how the files of the tables and of their copy are named:
	// partition.Flat, the default, or partition.Hive. It must be that of the
	// files that are there, which Migrate brings to another one.
	Layout partition.Layout

	// ReferenceOnly writes the tables and columns of the reference design, and
	// none of those that we add. docs/format.md tells which are which.
	ReferenceOnly bool

	// NoAttachments turns the download of attachments off.
	NoAttachments bool

	// MaxAttachmentBytes skips larger attachments, which the log then says.
	// Zero means 52,428,800.
	MaxAttachmentBytes int64

	// MediaHosts are hosts beside the site from which attachments may be
	// read. Nil means Atlassian's own.
	MediaHosts []string

	// RateLimit is the mean number of requests a second that each account
	// sends. Zero means 50, half of what Jira allows all clients of a site
	// together; negative means no limit but Jira's own.
	RateLimit float64

	// Workers is how many issues are fetched at once. Zero means 8.
	Workers int

	// CatchUpEvery is how often Run asks Jira which issues were updated and
	// refreshes those that no webhook brought; it also does so when it starts.
	// Zero means 5 minutes, negative never.
	CatchUpEvery time.Duration

	// CheckEvery is how often Run compares Jira, records and tables, and mends
	// what differs: the last 30 days, and once a week everything. Zero means 30
	// minutes, negative never.
	CheckEvery time.Duration

	// SLAPollEvery is how often Run reads the SLA clocks of open issues with the
	// second account. Zero means 15 minutes, negative never.
	SLAPollEvery time.Duration

	// MetadataEvery is how often Run refreshes the tables fields and
	// organizations, the first time a few minutes after its start. Zero means a
	// day, negative never.
	MetadataEvery time.Duration

	// GracePeriod bounds how long Run finishes work in hand after its context
	// has ended. Zero means 10 seconds.
	GracePeriod time.Duration

	// Debug serves POST /webhooks/jira/test.
	Debug bool

	// HideHealth leaves all but "status" out of the public health page.
	HideHealth bool

	// OnUpdate is told of each issue that has reached the tables. It is
	// called from the worker and must return quickly. Nil means nobody.
	OnUpdate func(Update)

	// Transport carries the requests to Jira. Nil means a transport of our own.
	Transport http.RoundTripper

	// Logger receives what happens; nil discards. Secrets and ticket content
	// are never logged.
	Logger *slog.Logger
}

// Update says that the tables show an issue as a fetch found it.
type Update struct {
	Key       string
	Deleted   bool
	Received  time.Time // when the first delivery that asked for it arrived; zero when none did
	Queryable time.Time // when the tables, and their copy, showed it
}

// withDefaults returns a copy with every default filled in, and all faults.
func (c Config) withDefaults() (Config, error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.BaseURL == "" {
		if !validDomain(c.Domain) {
			fault("JIRA_DOMAIN: want a host name such as acme.atlassian.net")
		}
		c.BaseURL = "https://" + c.Domain
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || !safeBase(base) {
		fault("JIRA_BASE_URL: want https://host, or http on this machine")
	} else if c.Domain == "" {
		c.Domain = base.Host
	}
	if c.APIBaseURL == "" {
		c.APIBaseURL = "https://api.atlassian.com"
	}
	if api, err := url.Parse(c.APIBaseURL); err != nil || !safeBase(api) {
		fault("JIRA_API_BASE_URL: want https://host, or http on this machine")
	}
	if strings.ContainsFunc(c.CloudID, func(r rune) bool {
		return !(r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}) {
		fault("JIRA_CLOUD_ID: want letters, digits and hyphens")
	}
	if c.DataDir == "" {
		fault("JIRA_DATA_DIR: is not set")
	}
	if c.ParquetDir == "" {
		fault("JIRA_PARQUET_DIR: is not set")
	}
	for _, p := range c.Projects {
		if !issuekey.Valid(p + "-1") {
			fault("JIRA_PROJECT: %q is not a project key", p)
		}
	}
	for i, s := range c.WebhookSecrets {
		if n := len(strings.TrimSpace(s.Reveal())); n < 16 {
			fault("JIRA_WEBHOOK_SECRET: secret %d is shorter than 16 characters", i+1)
		}
	}
	if (c.SLAEmail == "") != (c.SLAAPIToken.IsZero()) {
		fault("JIRA_SLA_EMAIL and JIRA_SLA_API_TOKEN: set both or none")
	}
	if c.Layout > partition.Hive {
		fault("Layout: want partition.Flat or partition.Hive")
	}
	if c.Workers == 0 {
		c.Workers = 8
	}
	if c.Workers < 0 || c.Workers > 64 {
		fault("Workers: want 1 to 64")
	}
	if c.CatchUpEvery == 0 {
		c.CatchUpEvery = 5 * time.Minute
	}
	if c.CheckEvery == 0 {
		c.CheckEvery = 30 * time.Minute
	}
	if c.SLAPollEvery == 0 {
		c.SLAPollEvery = 15 * time.Minute
	}
	if c.MetadataEvery == 0 {
		c.MetadataEvery = 24 * time.Hour
	}
	if c.GracePeriod == 0 {
		c.GracePeriod = 10 * time.Second
	}
	if c.Fields == nil {
		c.Fields = transform.DefaultFields()
	}
	if err := c.Fields.Validate(); err != nil {
		faults = append(faults, err)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Projects = slices.Clone(c.Projects)
	c.WebhookSecrets = slices.Clone(c.WebhookSecrets)
	return c, errors.Join(faults...)
}

// siteURL is what people open: the domain, even when requests go elsewhere.
func (c Config) siteURL() string {
	if c.Domain == "" {
		return c.BaseURL
	}
	return "https://" + c.Domain
}

func validDomain(s string) bool {
	u, err := url.Parse("https://" + s)
	return err == nil && s != "" && u.Host == s && u.Port() == "" && !strings.ContainsAny(s, " \t\r\n@/") && u.Path == ""
}

// safeBase allows plain HTTP on this machine only: elsewhere it would carry
// the token in clear text.
func safeBase(u *url.URL) bool {
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
