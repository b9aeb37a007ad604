package jira

import (
	"net/url"
	"strings"
)

// maxHops bounds the redirects of one download.
const maxHops = 5

// hopPolicy decides where an attachment may redirect. Go's own client would
// send credentials to every port and child domain of the site and over http
// too, the whole URL as Referer, and a login made from the Location's user
// part (reliability.md section 7), so it is not asked.
type hopPolicy struct {
	site  *url.URL
	hosts map[string]bool // "host:port", besides the site
}

// next returns where the Location of an answer to a request for current leads,
// or a fixed text that says why it is not followed.
func (p hopPolicy) next(current *url.URL, location string) (to *url.URL, refusal string) {
	if location == "" || len(location) > 16<<10 || strings.ContainsFunc(location, isControl) || strings.Contains(location, `\`) {
		return nil, "the redirect has no usable Location"
	}
	to, err := current.Parse(location)
	if err != nil || to.Opaque != "" || to.Hostname() == "" {
		return nil, "the redirect has no usable Location"
	}
	to.Fragment, to.RawFragment = "", ""
	switch {
	case to.User != nil:
		return nil, "the redirect carries a user name"
	case sameOrigin(p.site, to):
		return to, ""
	case to.Scheme != "https" && (to.Scheme != "http" || p.site.Scheme != "http"):
		return nil, "the redirect leaves https"
	case !p.hosts[authority(to)]:
		return nil, "the redirect leads to a host that is not allowed"
	}
	return to, ""
}
