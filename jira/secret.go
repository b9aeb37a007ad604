package jira

import (
	"fmt"
	"log/slog"
)

// hidden is what every way of printing a Secret shows.
const hidden = "***"

// Secret holds a token. However it is printed, logged or encoded it reads
// "***", also inside another struct, exported or not: the text sits behind a
// pointer that fmt does not follow. The zero Secret is no secret at all.
//
// Two Secrets made from the same text are different values under ==.
type Secret struct{ text *string }

// NewSecret returns a Secret that holds text. Empty text makes the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text; empty for the zero Secret.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// String returns "***".
func (s Secret) String() string { return hidden }

// GoString returns "***".
func (s Secret) GoString() string { return hidden }

// Format writes "***" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue returns "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON returns "***" as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText returns "***"; YAML and XML encoders use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
