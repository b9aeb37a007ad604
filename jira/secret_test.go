package jira_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
)

// marked is a token to look for in everything that is printed.
const marked = "s3cr3t-T0KEN"

// prints returns v printed in every way a program might print it.
func prints(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%U", "%10v", "%!"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintln(&b, v)
	if data, err := json.Marshal(v); err == nil {
		b.Write(data)
	}
	if data, err := xml.Marshal(v); err == nil {
		b.Write(data)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		logger := slog.New(handler)
		logger.Info("x", "v", v)
		logger.With("v", v).WithGroup("g").Info("x")
	}
	return b.String()
}

// reveals reports whether s shows text, plain or in hex.
func reveals(s, text string) bool {
	return strings.Contains(s, text) || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", text))
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := jira.NewSecret(marked)
	config := jira.Config{BaseURL: "https://acme.example", Email: "bot@acme.example", Token: secret}
	client, err := jira.New(config)
	require.NoError(t, err)
	for name, v := range map[string]any{
		"secret": secret, "pointer": &secret, "slice": []jira.Secret{secret}, "map": map[string]jira.Secret{"a": secret},
		"interface": any(secret), "config": config, "config pointer": &config, "client": client,
		"exported field":   struct{ Token jira.Secret }{secret},
		"unexported field": struct{ token jira.Secret }{secret},
		"deep":             struct{ a struct{ b []jira.Config } }{struct{ b []jira.Config }{[]jira.Config{config}}},
	} {
		if got := prints(v); reveals(got, marked) {
			t.Errorf("%s is printed in clear:\n%s", name, got)
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %q %s", secret, secret, secret, secret, secret); got != "*** *** *** *** ***" {
		t.Errorf("secret is printed as %q", got)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	if got := jira.NewSecret(marked).Reveal(); got != marked {
		t.Errorf("Reveal = %q", got)
	}
	if !jira.NewSecret("").IsZero() || jira.NewSecret(marked).IsZero() {
		t.Error("IsZero does not tell an empty secret")
	}
	if got := (jira.Secret{}).Reveal(); got != "" {
		t.Errorf("the zero Secret reveals %q", got)
	}
}
