package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
)

func (a *app) fieldsCommand() *cobra.Command {
	var printMap bool
	cmd := &cobra.Command{
		Use:   "fields",
		Short: "List the site's custom fields, or propose a map of them to columns",
		Long: `Lists the custom fields of the site, and the columns of the issues table that
each has or would have.

With --map it prints a jira-sync.yaml instead. What the file of --config says
stays, word for word: a column belongs to the id of its field, and keeps its name
when the field is renamed. Fields that it lacks are added at the end, the kind by
their schema in Jira, the column by their name. Fields that Jira no longer shows
stay in the map and are named on standard error. Without --config the built-in
map counts, as far as its fields are on the site.

Look at the proposal before you use it: each entry is a column, and one that is
dropped or renamed later needs jira-sync transform.

Environment: JIRA_DOMAIN, JIRA_EMAIL, JIRA_API_TOKEN.`,
		Example: `  jira-sync fields
  jira-sync fields --map > jira-sync.yaml
  jira-sync fields --map --config jira-sync.yaml > new.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			fields, err := jirasync.SiteFields(cmd.Context(), cfg)
			if err != nil {
				return asUsage(err)
			}
			p := jirasync.ProposeFields(cfg.Fields, fields)
			for _, id := range p.Gone {
				fmt.Fprintf(a.err, "jira-sync: %s is in the map, but this account does not see such a field; its columns stay\n", id)
			}
			report := newFieldsReport(fields, p)
			if !printMap {
				return a.result(report, report.text())
			}
			text, err := mapYAML(a.settings.configFile, p, report)
			if err != nil {
				return err
			}
			return a.result(report, text)
		},
	}
	cmd.Flags().BoolVar(&printMap, "map", false, "print a jira-sync.yaml")
	cmd.Flags().StringVar(&a.settings.domain, "domain", "", "the site's host name ($JIRA_DOMAIN)")
	return cmd
}

// fieldsReport is the JSON form of a proposal.
type fieldsReport struct {
	Fields []fieldReport `json:"fields"` // the custom fields, in the order of the map; those that are in none last
	Gone   []string      `json:"gone"`   // ids in the map that Jira does not show
}

type fieldReport struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"` // as Jira shows it to this account
	Type    string   `json:"type"` // of the values, in Jira's metadata
	Custom  string   `json:"custom"`
	Project string   `json:"project_id,omitempty"` // the team-managed project that has it alone
	Kind    string   `json:"kind,omitempty"`       // empty: in no map
	Columns []string `json:"columns,omitempty"`
	Added   bool     `json:"added"` // proposed, not in the map yet
}

func newFieldsReport(fields []jira.Field, p transform.Proposal) fieldsReport {
	r := fieldsReport{Fields: []fieldReport{}, Gone: append([]string{}, p.Gone...)}
	byID := map[string]jira.Field{}
	for _, f := range fields {
		byID[f.ID] = f
	}
	add := func(id string, entry transform.Field, added bool) {
		f, there := byID[id]
		if !there {
			return
		}
		typ := f.Schema.Type
		if f.Schema.Items != "" {
			typ += " of " + f.Schema.Items
		}
		r.Fields = append(r.Fields, fieldReport{
			ID: id, Name: f.Name, Type: typ, Custom: f.Schema.Custom, Project: f.Scope.Project.ID,
			Kind: string(entry.Kind), Columns: entry.Columns, Added: added,
		})
	}
	for i, entry := range p.Fields {
		add(entry.ID, entry, i >= len(p.Fields)-len(p.Added))
	}
	for _, f := range p.Left {
		add(f.ID, transform.Field{}, false)
	}
	return r
}

func (r fieldsReport) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "id\tname\ttype\tkind\tcolumns\t")
	for _, f := range r.Fields {
		columns := strings.Join(f.Columns, ", ")
		switch {
		case f.Kind == "":
			columns = "none"
		case f.Added:
			columns = strings.TrimSpace(columns + " (proposed)")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", f.ID, oneLine(f.Name), f.Type, f.Kind, columns)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// oneLine keeps a name from ending the line that it stands in.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// mapYAML is a configuration file with the proposed map: the present one, if
// there is one, with the added fields at the end.
func mapYAML(configFile string, p transform.Proposal, r fieldsReport) (string, error) {
	var doc yaml.Node
	entries := p.Fields
	if configFile != "" {
		data, err := os.ReadFile(configFile)
		if err == nil {
			err = yaml.Unmarshal(data, &doc)
		}
		if err != nil {
			return "", fmt.Errorf("--config: %w", err)
		}
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	fields := member(doc.Content[0], "custom_fields")
	if len(fields.Content) > 0 {
		entries = p.Added
	}
	names := map[string]string{}
	for _, f := range r.Fields {
		names[f.ID] = oneLine(f.Name)
	}
	for _, e := range entries {
		key, value := scalar(e.ID), entryNode(e)
		key.HeadComment = names[e.ID]
		fields.Content = append(fields.Content, key, value)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	err := errors.Join(enc.Encode(&doc), enc.Close())
	return b.String(), err
}

// member returns the mapping under a name, and adds it if there is none.
func member(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			value := mapping.Content[i+1]
			if value.Kind != yaml.MappingNode { // null
				*value = yaml.Node{Kind: yaml.MappingNode}
			}
			return value
		}
	}
	value := &yaml.Node{Kind: yaml.MappingNode}
	mapping.Content = append(mapping.Content, scalar(name), value)
	return value
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// entryNode is one entry of the map, on one line.
func entryNode(f transform.Field) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	switch len(f.Columns) {
	case 0:
	case 1:
		node.Content = append(node.Content, scalar("column"), scalar(f.Columns[0]))
	default:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, name := range f.Columns {
			list.Content = append(list.Content, scalar(name))
		}
		node.Content = append(node.Content, scalar("column"), list)
	}
	node.Content = append(node.Content, scalar("kind"), scalar(string(f.Kind)))
	return node
}
