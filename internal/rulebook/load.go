package rulebook

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"qianshao/internal/calendar"
)

// Load reads every file of the rulebook and checks it whole. Each kind of entry stands in one file of its name
// (timers.yaml), or in several that begin with it (terms.yaml, terms-case.yaml).
func Load(files fs.FS) (*Book, error) {
	l := loader{files: files, b: &Book{
		regs: map[string]Regulation{}, timers: map[string][]Timer{}, terms: map[string][]Term{}, chains: map[string][]Chain{},
		powers: map[string][]Power{}, sanctions: map[string]Sanction{}, documents: map[string]Document{}, ranks: map[string]Rank{},
	}, at: map[string]string{}}
	// In this order an entry only names what was read before it.
	for _, step := range []func(){l.regulations, l.allTerms, l.ranks, l.sanctions, l.chains, l.timers, l.limits, l.asks, l.haves, l.powers, l.documents} {
		step()
		if l.err != nil {
			return nil, l.err
		}
	}
	return l.b, nil
}

// loader keeps the first mistake it meets, and where it stands for the message.
type loader struct {
	files fs.FS
	b     *Book
	at    map[string]string // what → "file:line", for messages about entries seen before
	err   error
	file  string
	line  int
	node  ast.Node // the entry being read
}

func (l *loader) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("rulebook %s:%d: %s", l.file, l.line, fmt.Sprintf(format, args...))
	}
}

// each decodes the sequences in the files of one kind entry by entry, strictly, keeping the line for messages.
func each[T any](l *loader, kind string, use func(T)) {
	l.file, l.line = kind+".yaml", 1
	more, err := fs.Glob(l.files, kind+"-*.yaml")
	if err != nil {
		l.fail("%v", err)
		return
	}
	if _, err := fs.Stat(l.files, l.file); err == nil || len(more) == 0 {
		more = append([]string{l.file}, more...)
	}
	for _, file := range more {
		if eachIn(l, file, use); l.err != nil {
			return
		}
	}
}

func eachIn[T any](l *loader, file string, use func(T)) {
	l.file, l.line = file, 1
	raw, err := fs.ReadFile(l.files, file)
	if err != nil {
		l.fail("%v", err)
		return
	}
	f, err := parser.ParseBytes(raw, 0)
	if err != nil {
		l.yaml(err)
		return
	}
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		seq, ok := doc.Body.(*ast.SequenceNode)
		if !ok {
			l.fail("a list of entries is expected here")
			return
		}
		for _, n := range seq.Values {
			l.node, l.line = n, lineOf(n, l.line)
			if l.plain(n); l.err != nil {
				return
			}
			var v T
			if err := yaml.NodeToValue(n, &v, yaml.Strict()); err != nil {
				l.yaml(err)
				return
			}
			if use(v); l.err != nil {
				return
			}
		}
	}
}

// yaml refuses what the YAML library refuses, at the line it names.
func (l *loader) yaml(err error) {
	var at yaml.Error
	if !errors.As(err, &at) {
		l.fail("%v", err)
		return
	}
	if t := at.GetToken(); t != nil && t.Position != nil && t.Position.Line > 0 {
		l.line = t.Position.Line
	}
	l.fail("%s", at.GetMessage())
}

// plain refuses the parts of YAML that no rule needs: tags, anchors and the like, keys without a value, and numbers
// that the library would quietly change (1.5 becomes 1, and 010 becomes 8).
func (l *loader) plain(n ast.Node) { ast.Walk((*plain)(l), n) }

type plain loader

func (p *plain) Visit(n ast.Node) ast.Visitor {
	l := (*loader)(p)
	why := ""
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.StringNode, *ast.LiteralNode, *ast.BoolNode,
		*ast.CommentNode, *ast.CommentGroupNode:
	case *ast.IntegerNode:
		if v := n.GetToken().Value; strings.Trim(v, "0123456789") != "" || len(v) > 9 || len(v) > 1 && v[0] == '0' {
			why = v + ": only plain whole numbers may stand without quotes"
		}
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		why = n.GetToken().Value + ": only plain whole numbers may stand without quotes"
	case *ast.NullNode:
		why = "a value is missing here"
	default:
		why = "tags, anchors, aliases and merged or complex keys are not used here"
	}
	if why != "" {
		l.line = lineOf(n, l.line)
		l.fail("%s", why)
	}
	if l.err != nil {
		return nil
	}
	return p
}

func lineOf(n ast.Node, otherwise int) int {
	if n == nil {
		return otherwise
	}
	if t := n.GetToken(); t != nil && t.Position != nil && t.Position.Line > 0 {
		return t.Position.Line
	}
	return otherwise
}

// rows gives a function that moves to the line of the i-th row of the entry's sequence under the key.
func (l *loader) rows(key string) func(i int) {
	var rows []ast.Node
	if m, ok := l.node.(*ast.MappingNode); ok {
		for _, v := range m.Values {
			if s, ok := v.Value.(*ast.SequenceNode); ok && v.Key.String() == key {
				rows = s.Values
			}
		}
	}
	return func(i int) {
		if i < len(rows) {
			l.line = lineOf(rows[i], l.line)
		}
	}
}

func (l *loader) once(what string) {
	if prev, ok := l.at[what]; ok {
		l.fail("%s stands already at %s", what, prev)
	}
	l.at[what] = fmt.Sprintf("%s:%d", l.file, l.line)
}

func (l *loader) named(kind, field, value string) {
	if value == "" {
		l.fail("%s: %s is missing", kind, field)
	}
}

func (l *loader) text(what string, t Text) {
	if t.Zh == "" || t.En == "" {
		l.fail("%s needs a text in both languages (zh, en)", what)
	}
}

// note is a text that may be missing, but not in one language alone.
func (l *loader) note(what string, t Text) {
	if t != (Text{}) {
		l.text(what+", note,", t)
	}
}

func (l *loader) sure(what string, s Sure) {
	switch s {
	case SureText, SureSecondary, SureUnverified, SureLocal:
	default:
		l.fail("%s: sure must be text, secondary, unverified or local, not %q", what, s)
	}
}

func (l *loader) days(what string, days ...calendar.Date) {
	for _, d := range days {
		if d != "" && !d.Valid() {
			l.fail("%s: %q is no day", what, d)
		}
	}
}

func (l *loader) force(what string, f Force) {
	l.sure(what, f.Sure)
	if f.Version == "" {
		l.fail("%s: version is missing", what)
	}
	if len(f.Basis) == 0 && f.Sure != SureLocal && f.Note == (Text{}) {
		l.fail("%s: basis is missing; only a local rule may do without, or say in note why there is none", what)
	}
	l.days(what, f.From, f.To)
	if f.From != "" && f.To != "" && f.To <= f.From {
		l.fail("%s: ends (%s) before it begins (%s)", what, f.To, f.From)
	}
	switch f.Transition {
	case "", Keep, Switch, Lighter:
	default:
		l.fail("%s: transition must be keep, switch or lighter, not %q", what, f.Transition)
	}
	l.note(what, f.Note)
	l.basis(what, f.Basis)
}

func (l *loader) basis(what string, bs []Basis) {
	for _, b := range bs {
		if _, ok := l.b.regs[b.Reg]; !ok {
			l.fail("%s: regulation %q is not in regulations.yaml", what, b.Reg)
		}
		l.note(what+", basis", b.Note)
	}
}

// overlap refuses two versions of one thing in force on the same day, or under one name.
func (l *loader) overlap(what string, have []Force, f Force) {
	for _, h := range have {
		if h.Version == f.Version {
			l.fail("%s: version %s stands twice", what, f.Version)
		}
		if (h.To == "" || f.From == "" || f.From < h.To) && (f.To == "" || h.From == "" || h.From < f.To) {
			l.fail("%s: version %s and version %s hold on the same days", what, h.Version, f.Version)
		}
	}
}
