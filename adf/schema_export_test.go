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
