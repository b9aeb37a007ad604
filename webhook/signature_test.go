package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/jirasync/jirasync/webhook"
)

// The vector of Atlassian's page "Webhooks", checked 2026-11.
const publishedSignature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

func TestSignPublishedVector(t *testing.T) {
	t.Parallel()
	body := []byte("Hello World!")
	if got := webhook.Sign(body, []byte(secret)); got != publishedSignature {
		t.Errorf("Sign = %s, want %s", got, publishedSignature)
	}
	if i, err := webhook.Verify(body, publishedSignature, []byte(secret)); i != 0 || err != nil {
		t.Errorf("Verify = %d, %v", i, err)
	}
}

func TestVerifySecrets(t *testing.T) {
	t.Parallel()
	body := []byte(normal)
	one, two := []byte(secret), []byte(previous)
	for _, tt := range []struct {
		name    string
		signer  []byte
		secrets [][]byte
		index   int
		err     error
	}{
		{"only", one, [][]byte{one}, 0, nil},
		{"current", one, [][]byte{one, two}, 0, nil},
		{"W-14 previous", two, [][]byte{one, two}, 1, nil},
		{"W-15 previous, removed", two, [][]byte{one}, -1, webhook.ErrBadSignature},
		{"same twice", one, [][]byte{one, one}, 0, nil},
		{"empty among them", one, [][]byte{nil, {}, one}, 2, nil},
		{"W-6 signed with the empty key", nil, [][]byte{one, nil}, -1, webhook.ErrBadSignature},
		{"no secret", one, nil, -1, webhook.ErrNoSecret},
		{"empty secret", nil, [][]byte{{}}, -1, webhook.ErrNoSecret},
		{"white space", []byte(" \n"), [][]byte{[]byte(" \n")}, -1, webhook.ErrNoSecret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i, err := webhook.Verify(body, webhook.Sign(body, tt.signer), tt.secrets...)
			if i != tt.index || !errors.Is(err, tt.err) {
				t.Errorf("Verify = %d, %v, want %d, %v", i, err, tt.index, tt.err)
			}
		})
	}
}

// Any change of one bit of the body, the secret or the digest is refused.
func TestVerifyOneBit(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	flip := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		return b
	}
	body, key := []byte(normal), []byte(secret)
	good := webhook.Sign(body, key)
	digest, err := hex.DecodeString(strings.TrimPrefix(good, "sha256="))
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		for name, check := range map[string]func() (int, error){
			"body":   func() (int, error) { return webhook.Verify(flip(body), good, key) },
			"secret": func() (int, error) { return webhook.Verify(body, good, flip(key)) },
			"digest": func() (int, error) { return webhook.Verify(body, "sha256="+hex.EncodeToString(flip(digest)), key) },
		} {
			if i, err := check(); i != -1 || !errors.Is(err, webhook.ErrBadSignature) {
				t.Fatalf("one bit of the %s changed: %d, %v", name, i, err)
			}
		}
	}
}

func hexMAC(h func() hash.Hash, body string) string {
	mac := hmac.New(h, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// Forged and accepted forms of the header, through a server.
func TestHandlerSignature(t *testing.T) {
	t.Parallel()
	const signature256 = webhook.SignatureHeader + "-256"
	r := newReceiver(t, secret)
	good := webhook.Sign([]byte(normal), []byte(secret))
	digits := strings.TrimPrefix(good, "sha256=")
	wrong := webhook.Sign([]byte(normal), []byte("another"))
	type header = http.Header
	one := func(value string) header { return header{webhook.SignatureHeader: {value}} }

	accepted := map[string]header{
		"as Jira sends it":         one(good),
		"digits alone":             one(digits),
		"upper-case digits":        one("sha256=" + strings.ToUpper(digits)),
		"upper-case method":        one("SHA256=" + digits),
		"white space around":       one("  " + good + "\t"), // HTTP removes it
		"other header":             {signature256: {good}},
		"both headers, same value": {webhook.SignatureHeader: {good}, signature256: {good}},
	}
	for name, h := range accepted {
		t.Run(name, func(t *testing.T) {
			if resp := r.post(t, normal, h); resp.StatusCode != http.StatusOK || len(r.take()) != 1 {
				t.Errorf("%v: %d", h, resp.StatusCode)
			}
		})
	}

	refused := map[string]header{
		"W-3 none":                  {},
		"W-4 empty":                 one(""),
		"W-5 another key":           one(wrong),
		"W-6 the empty key":         one(webhook.Sign([]byte(normal), nil)),
		"W-7 sha1":                  one("sha1=" + hexMAC(sha1.New, normal)),
		"W-7 sha1, no label":        one(hexMAC(sha1.New, normal)),
		"W-8 sha512":                one("sha512=" + hexMAC(sha512.New, normal)),
		"W-8 sha512 as sha256":      one("sha256=" + hexMAC(sha512.New, normal)),
		"other label, right digest": one("sha512=" + digits),
		"label twice":               one("sha256=" + good),
		"label alone":               one("sha256="),
		"space in label":            one("sha256= " + digits),
		"W-10 more digits":          one(good + "00"),
		"W-10 twice":                one(good + digits),
		"W-11 odd":                  one(good[:len(good)-1]),
		"W-11 not hex":              one("sha256=" + strings.Repeat("zz", 32)),
		"W-11 high bytes":           one("sha256=" + strings.Repeat("\xc3\xa9", 32)),
		"W-11 high bytes, 64 runes": one("sha256=" + strings.Repeat("é", 64)),
		"0x":                        one("sha256=0x" + digits[2:]),
		"W-12 two values":           {webhook.SignatureHeader: {good, good}},
		"W-12 good then wrong":      {webhook.SignatureHeader: {good, wrong}},
		"W-12 wrong then good":      {webhook.SignatureHeader: {wrong, good}},
		"W-12 with comma":           one(good + "," + wrong),
		"headers disagree":          {webhook.SignatureHeader: {good}, signature256: {wrong}},
		"headers disagree, other":   {webhook.SignatureHeader: {wrong}, signature256: {good}},
		"two values of the other":   {signature256: {good, good}},
		"W-13 of the pretty twin":   one(webhook.Sign([]byte(strings.ReplaceAll(normal, ",", ", ")), []byte(secret))),
		"of the empty body":         one(webhook.Sign(nil, []byte(secret))),
		"W-15 previous secret":      one(webhook.Sign([]byte(normal), []byte(previous))),
		"published, other body":     one(publishedSignature),
	}
	for n := 0; n < 64; n += 2 {
		refused[fmt.Sprintf("W-9 first %d digits", n)] = one("sha256=" + digits[:n])
		refused[fmt.Sprintf("W-9 first %d digits, then zeros", n)] = one("sha256=" + digits[:n] + strings.Repeat("0", 64-n))
	}
	for name, h := range refused {
		t.Run(name, func(t *testing.T) {
			if resp := r.post(t, normal, h); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%v: %d", h, resp.StatusCode)
			}
			if got := r.take(); len(got) != 0 {
				t.Errorf("%v: handed on %d", h, len(got))
			}
		})
	}
	r.checkNormal(t)
}

// While both secrets are valid, the events of either are accepted and counted
// apart, so that the operator sees when the old one is idle.
func TestHandlerRotation(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret, previous)
	bySecret := map[int]int{}
	for i := range 200 {
		key := []byte(previous)
		if i%2 == 1 {
			key = []byte(secret)
		}
		resp := r.post(t, normal, http.Header{webhook.SignatureHeader: {webhook.Sign([]byte(normal), key)}})
		got := r.take()
		if resp.StatusCode != http.StatusOK || len(got) != 1 {
			t.Fatalf("event %d: %d", i, resp.StatusCode)
		}
		bySecret[got[0].SecretIndex]++
	}
	if bySecret[0] != 100 || bySecret[1] != 100 {
		t.Errorf("by secret: %v", bySecret)
	}
}

func FuzzVerifySignature(f *testing.F) {
	good := webhook.Sign([]byte(normal), []byte(secret))
	for _, s := range []string{"", good, good[7:], "sha256=", "sha1=00", good + "0", "sha256=\xff", strings.ToUpper(good)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, signature string) {
		i, err := webhook.Verify([]byte(normal), signature, []byte(previous), []byte(secret))
		digits := strings.ToLower(signature)
		digits = strings.TrimPrefix(digits, "sha256=")
		if want := digits == good[7:]; want != (err == nil) || want != (i == 1) {
			t.Errorf("Verify(%q) = %d, %v", signature, i, err)
		}
	})
}
