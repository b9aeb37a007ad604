package webhook_test

import (
	"testing"

	"github.com/jirasync/jirasync/webhook"
)

// The vector of Atlassian's page "Webhooks", checked 2026-11.
func TestSignPublishedVector(t *testing.T) {
	t.Parallel()
	const want = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
	body, secret := []byte("Hello World!"), []byte("It's a Secret to Everybody")
	if got := webhook.Sign(body, secret); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
	if i, err := webhook.Verify(body, want, secret); i != 0 || err != nil {
		t.Errorf("Verify = %d, %v", i, err)
	}
}
