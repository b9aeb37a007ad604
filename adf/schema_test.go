package adf_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

// schemaDir holds the schema, which is not part of this module. Tests that
// need it skip where it is not.
const schemaDir = "../../shared/adf"

// edition is one edition of the schema, as a library judges by it and as the
// tests make documents from it.
type edition struct {
	name    string
	options adf.ValidateOptions
	library *jsonschema.Schema
	root    definition
}

func editions(t testing.TB) []*edition {
	t.Helper()
	if _, err := os.Stat(schemaDir); err != nil {
		t.Skipf("no schema: %v", err)
	}
	return readEditions(t)
}

func readEditions(t testing.TB) []*edition {
	t.Helper()
	list := []*edition{
		{name: "full.json"},
		{name: "stage-0.json", options: adf.ValidateOptions{Stage0: true}},
	}
	for _, e := range list {
		path := filepath.Join(schemaDir, e.name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &e.root))
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource(e.name, doc))
		e.library, err = compiler.Compile(e.name)
		require.NoError(t, err)
	}
	return list
}

// agree fails if Validate and the library disagree about a document. It
// returns what they say.
func (e *edition) agree(t *testing.T, data []byte) (valid bool) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err, "%s", data)
	want := e.library.Validate(value)
	got, err := e.options.Validate(data)
	require.NoError(t, err)
	if (want == nil) != (len(got) == 0) {
		t.Fatalf("%s: Validate = %v; the schema says %v of\n%s", e.name, got, want, data)
	}
	for _, p := range got {
		checkPath(t, value, p)
	}
	return want == nil
}

// checkPath fails if a problem's path leads nowhere.
func checkPath(t *testing.T, value any, p adf.Problem) {
	t.Helper()
	_, rest, _ := strings.Cut(p.Path(), "/")
	for token := range strings.SplitSeq(rest, "/") {
		if p.Path() == "" {
			return
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch v := value.(type) {
		case map[string]any:
			member, ok := v[token]
			require.True(t, ok, "%s", p)
			value = member
		case []any:
			var index int
			require.NoError(t, json.Unmarshal([]byte(token), &index), "%s", p)
			require.Less(t, index, len(v), "%s", p)
			value = v[index]
		default:
			t.Fatalf("%s: no such value", p)
		}
	}
}

// definition is the part of a JSON schema that documents are made from.
type definition struct {
	Ref         string                 `json:"$ref"`
	Definitions map[string]*definition `json:"definitions"`
	AnyOf       []*definition          `json:"anyOf"`
	AllOf       []*definition          `json:"allOf"`
	Type        string                 `json:"type"`
	Properties  map[string]*definition `json:"properties"`
	Required    []string               `json:"required"`
	Additional  *bool                  `json:"additionalProperties"`
	Items       json.RawMessage        `json:"items"`
	Enum        []any                  `json:"enum"`
	Pattern     string                 `json:"pattern"`
	MinItems    int                    `json:"minItems"`
	MaxItems    *int                   `json:"maxItems"`
	Minimum     int                    `json:"minimum"`
	Maximum     int                    `json:"maximum"`
}

func (d *definition) Closed() bool { return d.Additional != nil && !*d.Additional }

// maker makes documents from a schema. Those of make are valid.
type maker struct {
	*rand.Rand
	*edition
}

func (m maker) pick(list ...any) any { return list[m.IntN(len(list))] }

func (m maker) make(d *definition, depth int) any {
	switch {
	case d.Ref != "":
		return m.make(m.root.Definitions[strings.TrimPrefix(d.Ref, "#/definitions/")], depth)
	case len(d.AnyOf) > 0:
		if depth <= 0 { // what comes first is mostly the simplest
			return m.make(d.AnyOf[m.IntN(min(2, len(d.AnyOf)))], depth)
		}
		return m.make(d.AnyOf[m.IntN(len(d.AnyOf))], depth)
	case len(d.AllOf) > 0:
		object := map[string]any{}
		for _, part := range d.AllOf {
			for name, value := range m.make(part, depth).(map[string]any) {
				object[name] = value
			}
		}
		return m.allowed(d, object)
	case d.Enum != nil:
		return d.Enum[m.IntN(len(d.Enum))]
	case d.Pattern != "":
		return m.pattern(d.Pattern)
	}
	switch d.Type {
	case "object":
		return m.object(d, depth)
	case "array":
		return m.array(d, depth)
	case "string":
		return m.pick("x", "é", "a\nb", "https://e.co/?a=b", "\u2028", "\x00", "\"\\")
	case "number":
		hi := d.Maximum
		if hi == 0 {
			hi = 1000
		}
		n := d.Minimum + m.IntN(hi-d.Minimum+1)
		if n < hi && m.IntN(4) == 0 {
			return float64(n) + 0.25
		}
		return n
	case "boolean":
		return m.IntN(2) == 0
	}
	return m.pick(nil, 5, "x", []any{}, map[string]any{"type": "doc", "content": 1})
}

// allowed deletes the members that a part of a definition does not allow.
func (m maker) allowed(d *definition, object map[string]any) map[string]any {
	for _, part := range d.AllOf {
		if part.Ref != "" {
			part = m.root.Definitions[strings.TrimPrefix(part.Ref, "#/definitions/")]
		}
		for name := range object {
			if part.Closed() && part.Properties[name] == nil {
				delete(object, name)
			}
		}
	}
	return object
}

func (m maker) pattern(pattern string) string {
	for {
		s := m.pick("#00Ff7a", "#01234567", "neutral", "yellow", "#FFFFFF").(string)
		if regexp.MustCompile(pattern).MatchString(s) {
			return s
		}
	}
}

func (m maker) object(d *definition, depth int) any {
	object := map[string]any{}
	for name, value := range d.Properties {
		if slices.Contains(d.Required, name) || depth > 0 && m.IntN(2) == 0 {
			object[name] = m.make(value, depth)
		}
	}
	return object
}

func (m maker) array(d *definition, depth int) any {
	list := []any{}
	n := d.MinItems
	if depth > 0 && d.Items != nil {
		n += m.IntN(4)
	}
	if d.MaxItems != nil {
		n = min(n, *d.MaxItems)
	}
	var tuple []*definition
	var all definition
	if json.Unmarshal(d.Items, &tuple) != nil {
		_ = json.Unmarshal(d.Items, &all)
	}
	for i := range n {
		if i < len(tuple) {
			list = append(list, m.make(tuple[i], depth-1))
		} else {
			list = append(list, m.make(&all, depth-1))
		}
	}
	return list
}

// spoil changes one thing somewhere in a document, mostly for the worse.
func (m maker) spoil(root any) any {
	var objects []map[string]any
	var lists []*[]any
	var walk func(any) any
	walk = func(value any) any {
		switch v := value.(type) {
		case map[string]any:
			objects = append(objects, v)
			for _, name := range sortedKeys(v) {
				v[name] = walk(v[name])
			}
		case []any:
			list := &v
			lists = append(lists, list)
			for i := range v {
				v[i] = walk(v[i])
			}
			return list
		}
		return value
	}
	root = walk(root)
	if len(lists) > 0 && m.IntN(3) == 0 {
		m.spoilList(lists, objects)
	} else if len(objects) > 0 {
		m.spoilObject(objects)
	}
	return root
}

func (m maker) spoilList(lists []*[]any, objects []map[string]any) {
	list := lists[m.IntN(len(lists))]
	i := m.IntN(len(*list) + 1)
	switch m.IntN(5) {
	case 0:
		*list = (*list)[:i]
	case 1:
		*list = slices.Insert(*list, i, m.junk())
	case 2: // not one that holds the list: that would be a circle
		*list = slices.Insert(*list, i, m.make(&definition{Ref: m.anyDefinition()}, 0))
	case 3:
		*list = append(*list, *list...)
	case 4:
		if from := *lists[m.IntN(len(lists))]; len(from) > 0 {
			*list = append(slices.Clone(*list), clone(from[m.IntN(len(from))]))
		}
	}
}

func (m maker) spoilObject(objects []map[string]any) {
	object := objects[m.IntN(len(objects))]
	names := sortedKeys(object)
	if len(names) == 0 {
		object["new"] = m.junk()
		return
	}
	name := names[m.IntN(len(names))]
	other := objects[m.IntN(len(objects))]
	switch m.IntN(6) {
	case 0:
		delete(object, name)
	case 1:
		object[name] = m.junk()
	case 2:
		object[m.pick("new", "Type", "localId", "marks", "attrs", "content", "text", "version", "width", "a/b~").(string)] = m.junk()
	case 3: // as another object has it
		if names := sortedKeys(other); len(names) > 0 {
			name = names[m.IntN(len(names))]
			object[name] = clone(other[name])
		}
	case 4:
		object["marks"] = []any{m.make(&definition{Ref: m.anyDefinition("_mark")}, 1)}
	case 5:
		if d, ok := m.make(&definition{Ref: m.anyDefinition()}, 1).(map[string]any); ok {
			for key, value := range d {
				object[key] = value
			}
		}
	}
}

func (m maker) anyDefinition(suffix ...string) string {
	names := sortedKeys(m.root.Definitions)
	if len(suffix) > 0 {
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, suffix[0]) })
	}
	return "#/definitions/" + names[m.IntN(len(names))]
}

func (m maker) junk() any {
	return m.pick(nil, true, 0, 1, 1.0, 2.5, -1, 7, 101, 1e3, json.Number("1.00"), json.Number("10e-1"), json.Number("-0"), json.Number("6.0000000000000000000001"),
		"", "x", "new", "center", "#00ff00", "#00ff0g", "red", "DONE", "file", "external", "pixel",
		[]any{}, []any{1}, []any{"x"}, map[string]any{}, map[string]any{"type": "text", "text": "a"}, map[string]any{"type": "strong"}, map[string]any{"url": "u"})
}

func clone(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var again any
	if err := json.Unmarshal(data, &again); err != nil {
		panic(err)
	}
	return again
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// agreeOn is set for a long run: go test -run Agrees ./adf -agree 20000
var agreeOn = flag.Uint64("agree", 120, "documents to compare Validate and the schema library on")

// tooSlow is the size of documents that the library, whose time doubles with
// each level of a nested list, gets not.
const tooSlow = 800

// TestValidateAgreesWithSchema makes documents from the schema, spoils them a
// step at a time, and compares what Validate and the library say of each.
func TestValidateAgreesWithSchema(t *testing.T) {
	for _, e := range editions(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			valid, judged := 0, 0
			for seed := range *agreeOn {
				m := maker{rand.New(rand.NewPCG(seed, 2)), e}
				value := m.make(&e.root, m.IntN(4))
				for step := range 4 {
					data, err := json.Marshal(value)
					require.NoError(t, err)
					if len(data) > tooSlow {
						break
					}
					judged++
					ok := e.agree(t, data)
					if ok {
						valid++
					}
					if step == 0 && !ok {
						t.Fatalf("seed %d: the document was to be valid: %s", seed, data)
					}
					value = m.spoil(clone(value))
				}
			}
			t.Logf("%d documents, %d of them valid", judged, valid)
			require.Greater(t, valid, judged/5)
			require.Less(t, valid, judged*4/5)
		})
	}
}

// TestRandomDocumentsAgree does so with documents far from the schema.
func TestRandomDocumentsAgree(t *testing.T) {
	for _, e := range editions(t) {
		for seed := range *agreeOn {
			g := generator{Rand: rand.New(rand.NewPCG(seed, 1))}
			data, err := json.Marshal(map[string]any{"type": "doc", "version": 1, "content": g.content(2)})
			require.NoError(t, err)
			if len(data) < tooSlow {
				e.agree(t, data)
			}
		}
	}
}

// TestSchemaTables holds schema_tables.go to the schema.
func TestSchemaTables(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the generator")
	}
	editions(t)
	cmd := exec.CommandContext(t.Context(), "go", "run", "schema_gen.go", "schema_gen_rules.go", "schema_gen_print.go",
		"-released", filepath.Join(schemaDir, "full.json"), "-stage0", filepath.Join(schemaDir, "stage-0.json"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)
	want, err := os.ReadFile("schema_tables.go")
	require.NoError(t, err)
	if !bytes.Equal(got, want) {
		t.Error("schema_tables.go is stale: run go generate")
	}
}
