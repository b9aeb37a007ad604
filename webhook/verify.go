package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// SignatureHeader is the header in which Jira sends the signature of a body.
const SignatureHeader = "X-Hub-Signature"

const signatureMethod = "sha256="

// Errors of Verify.
var (
	// ErrBadSignature reports a signature that no secret confirms: absent,
	// malformed, of another method than SHA-256, or simply wrong. Which of
	// them it was is not said, to the sender least of all.
	ErrBadSignature = errors.New("webhook: bad signature")

	// ErrNoSecret reports that there is no secret to verify with. One that is
	// empty or white space does not count: anybody could sign with it.
	ErrNoSecret = errors.New("webhook: no secret configured")
)

// Sign returns the value of the signature header for body: "sha256=" and the
// lower-case hex digits of the HMAC-SHA256 of the bytes under secret.
//
// Source: developer.atlassian.com, Jira platform, Webhooks, "Secure admin
// webhooks", checked 2026-11.
func Sign(body, secret []byte) string {
	sum := digest(body, secret)
	return signatureMethod + hex.EncodeToString(sum[:])
}

// Verify reports which of secrets signed body: the index of the first that
// confirms signature, the value of the signature header. Several secrets serve
// rotation, the new one beside the previous.
//
// The value is "sha256=" with 64 hex digits, or the digits alone, of either
// case. The error is ErrNoSecret or ErrBadSignature, the index then -1. Every
// secret is compared, in constant time and to the last, so that the time
// taken tells neither which secret fits nor how nearly one did. Verify is safe
// for concurrent use.
func Verify(body []byte, signature string, secrets ...[]byte) (index int, err error) {
	index, configured := -1, false
	claim, wellFormed := parseSignature(signature)
	for i, secret := range secrets {
		if !usable(secret) {
			continue
		}
		configured = true
		sum := digest(body, secret)
		if hmac.Equal(claim[:], sum[:]) && wellFormed && index < 0 {
			index = i
		}
	}
	switch {
	case !configured:
		return -1, ErrNoSecret
	case index < 0:
		return -1, ErrBadSignature
	}
	return index, nil
}

// usable reports whether a secret is one. HMAC takes the empty key without
// complaint, so it must be asked.
func usable(secret []byte) bool { return len(bytes.TrimSpace(secret)) > 0 }

// parseSignature decodes the value of a signature header.
func parseSignature(s string) (sum [sha256.Size]byte, ok bool) {
	if len(s) >= len(signatureMethod) && strings.EqualFold(s[:len(signatureMethod)], signatureMethod) {
		s = s[len(signatureMethod):]
	}
	if len(s) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(s))
	return sum, err == nil
}

func digest(body, secret []byte) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	mac.Sum(sum[:0])
	return sum
}
