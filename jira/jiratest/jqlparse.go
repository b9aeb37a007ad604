package jiratest

import "strings"

// jql is a parsed query: where is nil when there is no restriction.
type jql struct {
	where jqlNode
	order []jqlOrder
}

type jqlOrder struct {
	field string
	desc  bool
}

// jqlNode is a jqlBool, a jqlNot or a *jqlClause.
type jqlNode interface{}

type jqlBool struct {
	or   bool
	kids []jqlNode
}

type jqlNot struct{ kid jqlNode }

// jqlClause compares a field with values. op is "=", "!=", "<", "<=", ">", ">=",
// "~", "!~", "in", "not in", "is" or "is not".
type jqlClause struct {
	field, op string
	values    []jqlValue
}

// jqlValue is a literal, EMPTY, or a function without arguments.
type jqlValue struct {
	text     string
	empty    bool
	function bool
}

type jqlParser struct {
	tokens []token
	depth  int
}

// parseJQL parses the subset of JQL that the simulator knows: comparisons, IN,
// IS EMPTY, AND, OR, NOT, parentheses, functions without arguments, ORDER BY.
//
// Source: support.atlassian.com, "Advanced search reference - JQL"; error
// sentences as recorded in public on 2026-10-08.
func parseJQL(query string) (jql, error) {
	tokens, err := lexJQL(query)
	if err != nil {
		return jql{}, err
	}
	p := &jqlParser{tokens: tokens}
	var q jql
	if len(tokens) > 0 && !p.orderAhead() {
		if q.where, err = p.or(); err != nil {
			return jql{}, err
		}
	}
	if p.orderAhead() {
		p.tokens = p.tokens[2:]
		if q.order, err = p.orders(); err != nil {
			return jql{}, err
		}
	}
	if len(p.tokens) > 0 {
		t := p.tokens[0]
		return jql{}, syntaxError("Expecting either 'OR' or 'AND' but got '%s'. (line %d, character %d)", t.text, t.line, t.column)
	}
	return q, nil
}

func (p *jqlParser) peek() (token, bool) {
	if len(p.tokens) == 0 {
		return token{}, false
	}
	return p.tokens[0], true
}

// accept takes the next token if it is the word or sign.
func (p *jqlParser) accept(word string) bool {
	t, more := p.peek()
	if !more || !t.is(word) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *jqlParser) orderAhead() bool {
	return len(p.tokens) > 1 && p.tokens[0].is("order") && p.tokens[1].is("by")
}

func (p *jqlParser) or() (jqlNode, error) {
	return p.chain(true, func() (jqlNode, error) { return p.chain(false, p.not) })
}

// chain parses operands joined by OR or AND.
func (p *jqlParser) chain(or bool, operand func() (jqlNode, error)) (jqlNode, error) {
	kid, err := operand()
	if err != nil {
		return nil, err
	}
	kids := []jqlNode{kid}
	for or && (p.accept("or") || p.accept("||")) || !or && (p.accept("and") || p.accept("&&")) {
		if kid, err = operand(); err != nil {
			return nil, err
		}
		kids = append(kids, kid)
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return jqlBool{or, kids}, nil
}

func (p *jqlParser) not() (jqlNode, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, syntaxError("The query is too deeply nested.")
	}
	if p.accept("not") || p.accept("!") {
		kid, err := p.not()
		return jqlNot{kid}, err
	}
	if p.accept("(") {
		kid, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			if t, more := p.peek(); more {
				return nil, syntaxError("Expecting ')' but got '%s'. (line %d, character %d)", t.text, t.line, t.column)
			}
			return nil, syntaxError("Expecting ')' before the end of the query.")
		}
		return kid, nil
	}
	return p.clause()
}

func (p *jqlParser) clause() (jqlNode, error) {
	field, more := p.peek()
	switch {
	case !more:
		return nil, syntaxError("Expecting a field name at the end of the query.")
	case field.sign || p.orderAhead():
		return nil, syntaxError("Expecting a field name but got '%s'. (line %d, character %d)", field.text, field.line, field.column)
	}
	p.tokens = p.tokens[1:]
	c := &jqlClause{field: field.text}
	var err error
	if c.op, err = p.operator(field); err != nil {
		return nil, err
	}
	if c.op == "in" || c.op == "not in" {
		c.values, err = p.list()
		return c, err
	}
	v, err := p.value()
	c.values = []jqlValue{v}
	return c, err
}

const jqlOperators = "The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."

func (p *jqlParser) operator(field token) (string, error) {
	t, more := p.peek()
	if !more {
		return "", syntaxError("Expecting an operator after '%s'. %s", field.text, jqlOperators)
	}
	p.tokens = p.tokens[1:]
	switch word := strings.ToLower(t.text); {
	case t.quoted:
	case t.sign && strings.Contains(" = != < > <= >= ~ !~ ", " "+word+" "):
		return word, nil
	case word == "in":
		return "in", nil
	case word == "not" && p.accept("in"):
		return "not in", nil
	case word == "is":
		if p.accept("not") {
			return "is not", nil
		}
		return "is", nil
	}
	return "", syntaxError("Expecting operator but got '%s'. %s (line %d, character %d)", t.text, jqlOperators, t.line, t.column)
}

func (p *jqlParser) list() ([]jqlValue, error) {
	if !p.accept("(") {
		return nil, syntaxError("Expecting '(' before the list of values.")
	}
	var values []jqlValue
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		switch {
		case p.accept(")"):
			return values, nil
		case !p.accept(","):
			return nil, syntaxError("Expecting ')' before the end of the query.")
		}
	}
}

func (p *jqlParser) value() (jqlValue, error) {
	t, more := p.peek()
	switch {
	case !more:
		return jqlValue{}, syntaxError("Expecting either a value, list or function at the end of the query.")
	case t.sign:
		return jqlValue{}, syntaxError("Expecting either a value, list or function but got '%s'. (line %d, character %d)", t.text, t.line, t.column)
	}
	p.tokens = p.tokens[1:]
	if !t.quoted && (t.is("empty") || t.is("null")) {
		return jqlValue{empty: true}, nil
	}
	if !t.quoted && p.accept("(") {
		if !p.accept(")") {
			return jqlValue{}, syntaxError("The simulator knows no functions with arguments, such as '%s'.", t.text)
		}
		return jqlValue{text: strings.ToLower(t.text), function: true}, nil
	}
	return jqlValue{text: t.text}, nil
}

func (p *jqlParser) orders() ([]jqlOrder, error) {
	var list []jqlOrder
	for {
		t, more := p.peek()
		if !more || t.sign {
			return nil, syntaxError("Expecting a field name at the end of the query.")
		}
		p.tokens = p.tokens[1:]
		o := jqlOrder{field: t.text}
		if !p.accept("asc") {
			o.desc = p.accept("desc")
		}
		list = append(list, o)
		if !p.accept(",") {
			return list, nil
		}
	}
}
