package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/joho/godotenv"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// Defaults of the directories.
const (
	defaultDataDir    = "/data/src_data/raw/jira"
	defaultParquetDir = "/data/src_data/parquet/jira"
)

// settings are the flags that several commands share. An empty flag falls
// back to its environment variable.
type settings struct {
	envFile, configFile                          string
	domain, projects                             string
	dataDir, parquetDir, distDir, attachmentsDir string
	layout                                       string
	fileEnv                                      map[string]string
}

func (s *settings) addSite(flags *pflag.FlagSet) {
	flags.StringVar(&s.domain, "domain", "", "the site's host name, such as acme.atlassian.net ($JIRA_DOMAIN)")
	flags.StringVar(&s.projects, "project", "", "project keys, comma-separated; all when empty ($JIRA_PROJECT)")
}

func (s *settings) addDirs(flags *pflag.FlagSet) {
	flags.StringVar(&s.dataDir, "data-dir", "", "records, attachments and event log ($JIRA_DATA_DIR, default "+defaultDataDir+")")
	flags.StringVar(&s.parquetDir, "parquet-dir", "", "the tables ($JIRA_PARQUET_DIR, default "+defaultParquetDir+")")
	flags.StringVar(&s.distDir, "dist-dir", "", "a copy of the tables for analysts; none when empty ($JIRA_DIST_DIR)")
	s.addLayout(flags)
}

func (s *settings) addLayout(flags *pflag.FlagSet) {
	flags.StringVar(&s.layout, "layout", "", "names of the tables' files, flat (TABLE/2026-01.parquet) or hive (TABLE/month=2026-01/data.parquet) ($JIRA_LAYOUT, or layout in --config; default flat)")
}

// fileConfig is jira-sync.yaml.
type fileConfig struct {
	Projects     []string               `yaml:"projects"`
	Schema       string                 `yaml:"schema"` // full or reference
	Layout       string                 `yaml:"layout"` // flat or hive
	CustomFields map[string]fieldConfig `yaml:"custom_fields"`
}

type fieldConfig struct {
	Column columnNames `yaml:"column"`
	Kind   string      `yaml:"kind"`
}

// columnNames is one name or a list of names.
type columnNames []string

func (c *columnNames) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*c = columnNames{node.Value}
		return nil
	}
	return node.Decode((*[]string)(c))
}

// Variables of the environment, for the help texts.
const (
	siteVariables = `JIRA_DOMAIN, JIRA_EMAIL, JIRA_API_TOKEN, JIRA_SLA_EMAIL,
JIRA_SLA_API_TOKEN, JIRA_CLOUD_ID, JIRA_PROJECT, JIRA_DATA_DIR,
JIRA_PARQUET_DIR, JIRA_DIST_DIR, JIRA_LAYOUT`
	expiryVariables = `JIRA_API_TOKEN_EXPIRES, JIRA_SLA_API_TOKEN_EXPIRES (2027-01-31)`
)

// config makes the library's configuration from flags, environment and file.
func (a *app) config() (jirasync.Config, error) {
	cfg, err := a.settings.read(a.logger())
	if err != nil {
		return jirasync.Config{}, usageError{err}
	}
	return cfg, nil
}

// read returns the configuration as far as it can be read, and all faults.
func (s *settings) read(logger *slog.Logger) (jirasync.Config, error) {
	errs := []error{s.load()}
	cfg := jirasync.Config{
		Domain:         s.or(s.domain, "JIRA_DOMAIN", ""),
		BaseURL:        s.env("JIRA_BASE_URL"),
		APIBaseURL:     s.env("JIRA_API_BASE_URL"),
		CloudID:        s.env("JIRA_CLOUD_ID"),
		Email:          s.env("JIRA_EMAIL"),
		SLAEmail:       s.env("JIRA_SLA_EMAIL"),
		Projects:       splitList(s.or(s.projects, "JIRA_PROJECT", "")),
		DataDir:        s.or(s.dataDir, "JIRA_DATA_DIR", defaultDataDir),
		ParquetDir:     s.or(s.parquetDir, "JIRA_PARQUET_DIR", defaultParquetDir),
		DistDir:        s.or(s.distDir, "JIRA_DIST_DIR", ""),
		AttachmentsDir: s.attachmentsDir,
		Logger:         logger,
	}
	if hosts := s.env("JIRA_MEDIA_HOSTS"); hosts != "" {
		cfg.MediaHosts = splitList(hosts)
	}
	secret := func(name string) jira.Secret {
		value, err := s.secret(name)
		errs = append(errs, err)
		return jira.NewSecret(value)
	}
	cfg.APIToken, cfg.SLAAPIToken = secret("JIRA_API_TOKEN"), secret("JIRA_SLA_API_TOKEN")
	for _, name := range []string{"JIRA_WEBHOOK_SECRET", "JIRA_WEBHOOK_SECRET_PREVIOUS"} {
		if value := secret(name); !value.IsZero() {
			cfg.WebhookSecrets = append(cfg.WebhookSecrets, value)
		}
	}
	for name, end := range map[string]*time.Time{"JIRA_API_TOKEN_EXPIRES": &cfg.TokenExpires, "JIRA_SLA_API_TOKEN_EXPIRES": &cfg.SLATokenExpires} {
		var err error
		*end, err = day(s.env(name))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	layout := s.or(s.layout, "JIRA_LAYOUT", "")
	errs = append(errs, s.loadConfig(&cfg, &layout))
	var err error
	if cfg.Layout, err = layoutOf(layout); err != nil {
		errs = append(errs, fmt.Errorf("layout: %w", err))
	}
	return cfg, errors.Join(errs...)
}

// layoutOf reads the name of a layout; "" is flat.
func layoutOf(name string) (partition.Layout, error) {
	for _, layout := range []partition.Layout{partition.Flat, partition.Hive} {
		if name == layout.String() {
			return layout, nil
		}
	}
	if name != "" {
		return partition.Flat, fmt.Errorf("want flat or hive, not %q", name)
	}
	return partition.Flat, nil
}

// day reads a date, which stands for its first moment in UTC, or an instant; ""
// is no time.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("want a date such as 2027-01-31, or an RFC 3339 time")
}

// syncer opens the Syncer that the settings describe.
func (a *app) syncer() (*jirasync.Syncer, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return a.open(cfg)
}

func (a *app) open(cfg jirasync.Config) (*jirasync.Syncer, error) {
	s, err := jirasync.New(cfg)
	return s, asUsage(err)
}

// asUsage makes a fault of the configuration a usage error.
func asUsage(err error) error {
	if err != nil && strings.HasPrefix(err.Error(), "configuration:") {
		return usageError{err}
	}
	return err
}

func (s *settings) load() error {
	if s.envFile == "" {
		return nil
	}
	env, err := godotenv.Read(s.envFile)
	if err != nil {
		return fmt.Errorf("--env-file: %w", pathOnly(err, s.envFile))
	}
	s.fileEnv = env
	return nil
}

// pathOnly keeps a parser's quotation of the file, which may hold a secret,
// out of the message.
func pathOnly(err error, path string) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return err
	}
	return fmt.Errorf("%s is not a list of NAME=value lines", path)
}

func (s *settings) env(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return s.fileEnv[name]
}

func (s *settings) or(flag, name, fallback string) string {
	if flag != "" {
		return flag
	}
	if value := s.env(name); value != "" {
		return value
	}
	return fallback
}

// maxSecret bounds a secret file: a larger one is the wrong file.
const maxSecret = 4096

// secret reads NAME, or the file that NAME_FILE or systemd's credentials
// directory names. A secret file that others may read is refused. A secret
// that is set but empty is a mistake, not an unset one.
func (s *settings) secret(name string) (string, error) {
	path := s.env(name + "_FILE")
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); path == "" && dir != "" {
		if p := filepath.Join(dir, name); fileExists(p) {
			path = p
		}
	}
	if path == "" {
		value := s.env(name)
		if value != "" && strings.TrimSpace(value) == "" {
			return "", fmt.Errorf("%s is set but holds only spaces", name)
		}
		return strings.TrimSpace(value), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("%s_FILE: %s must be a regular file that others cannot read (chmod o-rwx)", name, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	data = bytes.TrimSpace(data)
	if len(data) == 0 || len(data) > maxSecret {
		return "", fmt.Errorf("%s_FILE: %s is empty or too large for a secret", name, path)
	}
	return string(data), nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// loadConfig reads the --config file into cfg and, where they are not set
// otherwise, the projects and the layout.
func (s *settings) loadConfig(cfg *jirasync.Config, layout *string) error {
	if s.configFile == "" {
		return nil
	}
	data, err := os.ReadFile(s.configFile)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	var file fileConfig
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("--config: %w", err)
	}
	if len(cfg.Projects) == 0 {
		cfg.Projects = file.Projects
	}
	*layout = cmp.Or(*layout, file.Layout)
	switch file.Schema {
	case "", "full":
	case "reference":
		cfg.ReferenceOnly = true
	default:
		return fmt.Errorf("--config: schema: want full or reference, not %q", file.Schema)
	}
	if file.CustomFields != nil {
		cfg.Fields = make(transform.FieldMap, 0, len(file.CustomFields))
		// The order of the file is the order of the columns.
		order, err := keysInOrder(data)
		if err != nil {
			return fmt.Errorf("--config: %w", err)
		}
		for _, id := range order {
			field := file.CustomFields[id]
			cfg.Fields = append(cfg.Fields, transform.Field{ID: id, Kind: transform.FieldKind(field.Kind), Columns: field.Column})
		}
	}
	return nil
}

// keysInOrder returns the names under custom_fields as the file lists them.
func keysInOrder(data []byte) ([]string, error) {
	var file struct {
		CustomFields yaml.Node `yaml:"custom_fields"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var names []string
	for i := 0; i+1 < len(file.CustomFields.Content); i += 2 {
		names = append(names, file.CustomFields.Content[i].Value)
	}
	return names, nil
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
