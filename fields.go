package jirasync

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
)

// SiteFields returns the fields that the account of cfg can see, system fields
// among them. It opens no directory.
func SiteFields(ctx context.Context, cfg Config) ([]jira.Field, error) {
	s, err := connected(cfg)
	if err != nil {
		return nil, err
	}
	// An account that is not accepted sees fewer fields and gets no error.
	if _, err := s.site.Myself(ctx); err != nil {
		return nil, fmt.Errorf("JIRA_API_TOKEN: %w", err)
	}
	return s.site.Fields(ctx)
}

// connected returns a Syncer that has clients but no directories.
func connected(cfg Config) (*Syncer, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	s := &Syncer{cfg: cfg, log: cfg.Logger}
	if err := s.connect(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if s.site == nil {
		return nil, ErrNoCredentials
	}
	return s, nil
}

// ProposeFields makes a field map for a site with these fields; see
// [transform.ProposeFields]. A nil map stands for the built-in one.
func ProposeFields(existing transform.FieldMap, fields []jira.Field) transform.Proposal {
	described := make([]transform.SiteField, len(fields))
	for i, f := range fields {
		described[i] = transform.SiteField{
			ID: f.ID, Name: fieldName(f), Type: f.Schema.Type, Items: f.Schema.Items, Custom: f.Schema.Custom, Project: f.Scope.Project.ID,
		}
	}
	return transform.ProposeFields(existing, described)
}

// fieldName is what the field was called by its maker. The name that Jira
// shows may be translated, into the language of whoever asks.
func fieldName(f jira.Field) string {
	name := f.UntranslatedName
	for _, clause := range f.ClauseNames {
		if !strings.HasPrefix(clause, "cf[") && !strings.Contains(clause, "[") {
			name = cmp.Or(name, clause)
		}
	}
	return cmp.Or(name, f.Name)
}
