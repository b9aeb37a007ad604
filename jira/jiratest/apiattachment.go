package jiratest

import (
	"crypto/hmac"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// signedFor is how long the URL of an attachment's bytes works.
//
// guessed: the documents say "short-lived".
const signedFor = 10 * time.Minute

// attachmentVar finds the attachment of the path, or nil.
func (c *call) attachmentVar() *attachment {
	id, err := strconv.ParseInt(c.vars["id"], 10, 64)
	if err != nil {
		return nil
	}
	a := c.s.site.attachments[id]
	if a == nil || !c.visible(a.issue) {
		return nil
	}
	return a
}

func (c *call) attachmentNotFound() *response {
	return failure(http.StatusNotFound, "The attachment with id '"+c.vars["id"]+"' does not exist")
}

// getAttachment is "Get attachment metadata"; the id is a number here.
func (c *call) getAttachment() *response {
	a := c.attachmentVar()
	if a == nil {
		return c.attachmentNotFound()
	}
	return ok(c.attachment(a))
}

// getAttachmentMeta is "Get Jira attachment settings".
func (c *call) getAttachmentMeta() *response {
	return ok(object{"enabled": true, "uploadLimit": 1 << 30})
}

// getContent is "Get attachment content": 303 to a signed URL of the media
// host, or the bytes with redirect=false.
func (c *call) getContent() *response {
	a := c.attachmentVar()
	if a == nil {
		return c.attachmentNotFound()
	}
	if !c.boolParam("redirect", true) {
		return ranged(&response{status: http.StatusOK, contentType: a.mime, body: a.data}, c.r.Header.Get("Range"))
	}
	return c.s.redirect(a, c.now)
}

// getThumbnail is "Get attachment thumbnail". The picture is always the default
// one; other files than images have none when fallbackToDefault is false.
func (c *call) getThumbnail() *response {
	a := c.attachmentVar()
	if a == nil || !isImage(a.mime) && !c.boolParam("fallbackToDefault", true) {
		return c.attachmentNotFound()
	}
	if !c.boolParam("redirect", true) {
		return &response{status: http.StatusOK, contentType: "image/png", body: onePixel}
	}
	return c.s.redirect(a, c.now)
}

// onePixel is the smallest PNG file.
var onePixel = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\b\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff\xff\x7f\x00\t\xfb\x03\xfd\x05CE\xca\x00\x00\x00\x00IEND\xaeB`\x82")

// redirect answers with the signed URL of an attachment's bytes.
//
// Source: developer.atlassian.com, REST v3, "Get attachment content", for the
// status; public reports for the host and the form of the URL.
func (s *Server) redirect(a *attachment, now time.Time) *response {
	expires := strconv.FormatInt(now.Add(signedFor).Unix(), 10)
	q := url.Values{"client": {s.CloudID}, "exp": {expires}, "token": {s.mediaToken(a.media, expires)}, "dl": {"true"}}
	return (&response{status: http.StatusSeeOther}).
		set("Location", s.MediaURL+"/file/"+a.media+"/binary?"+q.Encode())
}

// mediaToken signs the URL of a media file.
func (s *Server) mediaToken(media, expires string) string {
	return strings.TrimPrefix(webhook.Sign([]byte(media+" "+expires), []byte("media of "+s.CloudID)), "sha256=")
}

// serveMedia is the handler of the media host. Credentials that reach it are a
// leak: the answer is 400 and Problems tells.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	entry := Request{
		Time: s.now(), Method: r.Method, Host: "media", Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Endpoint: "GET /file/{id}/binary",
	}
	fault := s.faults.take(entry)
	var resp *response
	if fault == nil || fault.needsAnswer() {
		resp = s.media(r)
	}
	if resp = fault.apply(resp); resp != nil {
		entry.Status = resp.status
	}
	s.log.add(entry)
	s.write(w, r, resp, fault)
}

func (s *Server) media(r *http.Request) *response {
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
		if r.Header.Get(name) != "" {
			s.problemf("media host: a request with a header %s", name)
			return failure(http.StatusBadRequest, "Only one auth mechanism allowed")
		}
	}
	media := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/file/"), "/binary")
	expires := r.URL.Query().Get("exp")
	seconds, _ := strconv.ParseInt(expires, 10, 64)
	token := s.mediaToken(media, expires)
	if !hmac.Equal([]byte(token), []byte(r.URL.Query().Get("token"))) || s.now().Unix() > seconds {
		return jsonResponse(http.StatusForbidden, object{"error": object{"code": "JwtAuthoriser:AuthorizationError", "title": "Forbidden"}})
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, a := range s.site.attachments {
		if a.media == media {
			return ranged(&response{status: http.StatusOK, contentType: a.mime, body: a.data}, r.Header.Get("Range"))
		}
	}
	return failure(http.StatusNotFound, "File not found")
}

// ranged cuts a body to a Range header of one range: 206, 400 malformed, 416
// unsatisfiable.
//
// Source: developer.atlassian.com, REST v3, "Get attachment content".
func ranged(full *response, header string) *response {
	full.set("Accept-Ranges", "bytes")
	if header == "" {
		return full
	}
	size := int64(len(full.body))
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, hasDash := strings.Cut(spec, "-")
	from, err1 := strconv.ParseInt(first, 10, 64)
	to, err2 := strconv.ParseInt(last, 10, 64)
	switch {
	case !isBytes || !hasDash || first != "" && err1 != nil || last != "" && err2 != nil || first == "" && last == "":
		return failure(http.StatusBadRequest, "The range header is malformed")
	case first == "":
		from, to = max(0, size-to), size-1
	case last == "" || to >= size:
		to = size - 1
	}
	if from >= size || from > to {
		return failure(http.StatusRequestedRangeNotSatisfiable, "The range is not satisfiable").
			set("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	}
	full.status, full.body = http.StatusPartialContent, full.body[from:to+1]
	return full.set("Content-Range", "bytes "+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(to, 10)+"/"+strconv.FormatInt(size, 10))
}
