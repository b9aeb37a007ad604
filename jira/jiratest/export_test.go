package jiratest

// EndpointParams lists the query parameters each endpoint knows.
func (s *Server) EndpointParams() map[string][]string {
	out := map[string][]string{}
	for _, e := range s.routes {
		out[e.name()] = e.params
	}
	return out
}

// ParseJQL reports whether a query is well-formed.
func ParseJQL(query string) error {
	_, err := parseJQL(query)
	return err
}

// FirstIndex is what search knows of an issue: how many states.
func (h *Issue) IndexLen() int {
	h.s.mu.RLock()
	defer h.s.mu.RUnlock()
	return len(h.i.index)
}
