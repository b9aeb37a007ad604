package adf

// SchemaNodes returns the node types of the released schema, or of stage 0,
// which has all of those and more.
func SchemaNodes(stage0 bool) (types []string) {
	s := &releasedSchema
	if stage0 {
		s = &stage0Schema
	}
	for _, n := range s.nodes {
		if len(n.variants) > 0 {
			types = append(types, n.name)
		}
	}
	return types
}

// SchemaMarks returns the mark types of both editions of the schema.
func SchemaMarks() (types []string) {
	for _, m := range schemaMarks {
		types = append(types, m.name)
	}
	return types
}

// SchemaAttrs returns the attributes of all types of stage 0, as "panel.panelType".
func SchemaAttrs() (names []string) {
	add := func(typ string, rule int) {
		for _, p := range schemaRules[rule].members {
			names = append(names, typ+"."+p.name)
		}
	}
	for _, n := range stage0Schema.nodes {
		for _, rule := range n.attrs {
			add(n.name, rule)
		}
	}
	for _, m := range schemaMarks {
		if m.attrs >= 0 {
			add(m.name, m.attrs)
		}
	}
	return names
}
