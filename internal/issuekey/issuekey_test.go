package issuekey_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/jirasync/jirasync/internal/issuekey"
)

func TestValid(t *testing.T) {
	t.Parallel()
	// Lessons 26, 29, 33 and 34 of the reference: traversal, underscores,
	// digits of other scripts and a newline at the end.
	for key, want := range map[string]bool{
		"A-1": true, "SUPPORT-15166": true, "K5-4": true, "CON-1": true, "NUL-7": true,
		strings.Repeat("A", 32) + "-123456789012": true,
		"": false, "A": false, "A-": false, "-1": false, "A--1": false, "A-1.5": false, "A-0x1": false,
		"a-1": false, "1A-1": false, "MY_PROJ-1": false, "A-1\n": false, " A-1": false, "A-1 ": false,
		"\u0410-1": false, "A-\u0661": false, "\uff21-1": false, "A-1\x00": false,
		"../../etc/passwd": false, `..\x`: false, "/abs": false, "A-1/../B": false,
		"A-1?x": false, "A-1#": false, "A%2f-1": false, "A-1@h": false, "A-1:2": false, "A-1';--": false, "${A}-1": false, "`A`-1": false,
		strings.Repeat("A", 33) + "-1": false, "A-1234567890123": false, strings.Repeat("A", 1_000_000): false,
	} {
		if got := issuekey.Valid(key); got != want {
			t.Errorf("Valid(%.60q) = %v, want %v", key, got, want)
		}
	}
}

// The expression of the reference is the oracle.
func TestValidAgreesWithExpression(t *testing.T) {
	t.Parallel()
	oracle := regexp.MustCompile(`\A[A-Z][A-Z0-9]{0,31}-[0-9]{1,12}\z`)
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("ABZ019-_ az/.\n\x00А١Ａ")
	for range 200_000 {
		var b strings.Builder
		for range rng.IntN(8) {
			b.WriteRune(alphabet[rng.IntN(len(alphabet))])
		}
		if s := b.String(); issuekey.Valid(s) != oracle.MatchString(s) {
			t.Fatalf("Valid(%q) = %v, expression says %v", s, issuekey.Valid(s), oracle.MatchString(s))
		}
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"1": true, "10001": true, "": false, "-1": false, "1e3": false, "../1": false, strings.Repeat("9", 19): false} {
		if got := issuekey.ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %v, want %v", id, got, want)
		}
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	if got := issuekey.Project("SUPPORT-12"); got != "SUPPORT" {
		t.Errorf("Project = %q", got)
	}
}
