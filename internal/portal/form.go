package portal

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
)

// form is what was typed, as it was typed.
type form struct {
	Token, Unit, UnitID, Organ, Post, Subject, Rank, Level, When, Text, Only, Named, Name, Contact, Watch, Works, Office, Fear, Pass, Proof string
}

// shown is the order in which the fields stand on the page; what is wrong is listed in it.
var shown = []string{"unit", "unit_id", "post", "subject", "rank", "level", "organ", "when", "text", "only", "named", "name", "contact", "watch", "works", "office", "fear", "files"}

// fields are the form's fields by their names in it, each with the most characters it may have.
func (f *form) fields() map[string]field {
	return map[string]field{
		"token": {&f.Token, 100}, "unit": {&f.Unit, maxUnit}, "unit_id": {&f.UnitID, 100}, "organ": {&f.Organ, 100}, "post": {&f.Post, 200}, "subject": {&f.Subject, 100},
		"rank": {&f.Rank, 100}, "level": {&f.Level, 20}, "when": {&f.When, 200}, "text": {&f.Text, 20_000}, "only": {&f.Only, 5_000}, "named": {&f.Named, 10}, "name": {&f.Name, 100}, "contact": {&f.Contact, 500}, "watch": {&f.Watch, 10}, "works": {&f.Works, 200}, "office": {&f.Office, 200}, "fear": {&f.Fear, 500}, "pass": {&f.Pass, 200}, "proof": {&f.Proof, 100},
	}
}

type field struct {
	value *string
	most  int
}

// levels are the levels by the words that forms use, as the directory numbers them.
var levels = []string{1: "province", 2: "city", 3: "county"}

func levelOf(word string) int { return max(slices.Index(levels, word), 0) }

const (
	maxUnit   = 200       // characters: more is looked for nowhere
	maxFields = 512 << 10 // bytes of all that is typed
	maxTotal  = 100 << 20 // bytes of all files
)

// upload is a form's files that are still to be read: fields come first.
type upload struct {
	parts *multipart.Reader
	first *multipart.Part
}

// read takes a form's fields, and what follows of files unread.
func (c *call) read(fields map[string]field) (*upload, error) {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		get, err := c.values(maxFields)
		if err != nil {
			return nil, err
		}
		for name, x := range fields {
			*x.value = tidy(get(name))
		}
		return nil, nil
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, unread(err)
	}
	left := int64(maxFields)
	for range 2 * len(fields) {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, unread(err)
		}
		if part.FormName() == "files" && part.FileName() == "" {
			continue // what a browser sends where nothing was chosen
		}
		if part.FormName() == "files" {
			return &upload{parts, part}, nil
		}
		b, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, unread(err)
		}
		if left -= int64(len(b)); left < 0 {
			return nil, fault.New(fault.TooLarge, "portal.words")
		}
		if x, ok := fields[part.FormName()]; ok {
			*x.value = tidy(string(b))
		}
	}
	return nil, fault.New(fault.BadRequest, "portal.broken")
}

// tidy is what was typed without what nobody types.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s))
}

// asked is a form as it is put before somebody: what they typed, what is wrong with it, what there is to choose from.
type asked struct {
	form
	fields  []fault.Field
	units   []choice         // that may be meant
	organs  []envelope.Organ // to choose from, where the unit is not known
	readers []envelope.Organ // who may read it, where it is
	levels  []int            // which levels there are, before it is
	ranks   []envelope.Rank
	pass    *pass // that goes along while many reports come
	files   bool  // files were sent, and have to be chosen again
	busy    error // why nothing could be taken in, though nothing is wrong with what was typed
	d       *envelope.Directory
	to      envelope.Organ // who reads it
	own     id.ID          // the organ of whose own people it is, zero for nobody's
	unit    envelope.Unit  // zero unless it is one of the directory's
}

type choice struct{ ID, Name, In string }

// refused says whether something keeps the form from being taken in.
func (a *asked) refused() bool { return len(a.fields) > 0 || a.busy != nil }

func (a *asked) bad(f fault.Field) { a.fields = append(a.fields, f) }

// mend gives a form a token that has none of ours.
func (f *form) mend() {
	if _, err := envelope.NewReceipt(f.Token); err != nil {
		f.Token = envelope.NewToken() // of a page that is not ours, or that was mended by hand
	}
}

// ask reads a form against the directory: who may read it, and what is missing.
func (s *server) ask(f form) asked {
	p := s.find.places(s.Directory())
	a := asked{form: f, d: p.d, ranks: p.d.Ranks, pass: s.gate.offer(f.Token, f.Pass, s.Now())}
	for _, o := range p.d.Organs {
		if o.Key.Public != "" && !slices.Contains(a.levels, o.Level) && o.Level < len(levels) {
			a.levels = append(a.levels, o.Level)
		}
	}
	slices.Sort(a.levels)
	slices.Reverse(a.levels)
	return a
}

// judge finds who is to read a form, and what is wrong with it.
func (s *server) judge(f form) asked {
	a := s.ask(f)
	for _, x := range []struct {
		value string
		field fault.Field
	}{
		{f.Unit, fault.Field{Name: "unit", Code: "portal.unit"}}, {f.Post, fault.Field{Name: "post", Code: "portal.post"}}, {f.Text, fault.Field{Name: "text", Code: "portal.text"}},
	} {
		if x.value == "" {
			a.bad(x.field)
		}
	}
	if f.Named == "yes" && f.Name == "" {
		a.bad(fault.Field{Name: "name", Code: "portal.name"})
	}
	if f.Named == "yes" && f.Contact == "" {
		a.bad(fault.Field{Name: "contact", Code: "portal.contact"})
	}
	if f.watched() {
		a.fields = append(a.fields, f.works()...)
	}
	for name, x := range a.form.fields() {
		if utf8.RuneCountInString(*x.value) > x.most {
			a.bad(fault.Field{Name: name, Code: "portal.long"})
		}
	}
	managed := 0
	if f.Rank != "" {
		if i := slices.IndexFunc(a.ranks, func(r envelope.Rank) bool { return r.Code == f.Rank }); i >= 0 {
			managed = a.ranks[i].Managed
		} else {
			a.bad(fault.Field{Name: "rank", Code: "portal.rank"})
		}
	}
	if n := utf8.RuneCountInString(f.Unit); n > 0 && n <= maxUnit {
		s.route(&a, managed)
	}
	if f.watched() && !a.to.ID.Zero() && a.watcher().Key.Public == "" {
		a.bad(fault.Field{Name: "watch", Code: "portal.watch_nobody"})
	}
	slices.SortStableFunc(a.fields, func(x, y fault.Field) int { return slices.Index(shown, x.Name) - slices.Index(shown, y.Name) })
	return a
}

// route finds the organ that reads a form.
func (s *server) route(a *asked, managed int) {
	p := s.find.places(a.d)
	m := p.find(a.Unit)
	register, at := id.ID{}, -1
	if len(m.units) > 1 || m.unsure {
		for _, u := range m.units[:min(len(m.units), maxOffered)] {
			a.units = append(a.units, choice{p.d.Units[u].ID.String(), p.d.Units[u].Name, p.where(u)})
		}
	}
	chosen := slices.IndexFunc(m.units, func(u int) bool { return p.d.Units[u].ID.String() == a.UnitID })
	switch {
	case len(m.units) == 1 && !m.unsure:
		at = m.units[0]
		register = p.d.Units[at].Organ
	case chosen >= 0:
		at = m.units[chosen]
		register = p.d.Units[at].Organ
	case len(m.units) > 1 && a.UnitID != none:
		a.bad(fault.Field{Name: "unit_id", Code: "portal.unit_several"})
		return
	case len(m.units) == 1 && a.UnitID != none:
		a.bad(fault.Field{Name: "unit_id", Code: "portal.unit_unsure"})
		return
	}
	if register.Zero() {
		a.choose(p, managed)
		return
	}
	said := a.Unit
	if chosen >= 0 || !m.inside {
		a.unit = p.d.Units[at]
		said = a.unit.Name
	}
	a.own = p.own(register, at, said, a.Post)
	a.readers = p.d.Readers(register, managed, a.own)
	if len(a.readers) == 0 {
		a.bad(fault.Field{Name: "level", Code: "portal.nobody"})
		return
	}
	i := slices.IndexFunc(a.readers, func(o envelope.Organ) bool { return o.Level == levelOf(a.Level) })
	switch {
	case i >= 0:
		a.to = a.readers[i]
	case a.Level == "":
		a.bad(fault.Field{Name: "level", Code: "portal.level"})
	case !a.own.Zero() && levelOf(a.Level) > a.readers[0].Level:
		a.Level = levels[a.readers[0].Level]
		a.bad(fault.Field{Name: "level", Code: ownCode(a.own, a.readers[0]), Args: []string{a.readers[0].Name}})
	case managed > 0 && levelOf(a.Level) > managed:
		a.Level = levels[a.readers[0].Level]
		a.bad(fault.Field{Name: "level", Code: "portal.managed", Args: []string{a.readers[0].Name}})
	default:
		a.Level = levels[a.readers[0].Level]
		a.bad(fault.Field{Name: "level", Code: "portal.not_here", Args: []string{a.readers[0].Name}})
	}
}

// none is what is chosen when no unit that was offered is the one meant.
const none = "none"

// choose lets the organ be chosen where the unit is not in the directory.
func (a *asked) choose(p *places, managed int) {
	for _, o := range a.d.Organs {
		if o.Key.Public != "" && o.Level < len(levels) {
			a.organs = append(a.organs, o)
		}
	}
	i := slices.IndexFunc(a.organs, func(o envelope.Organ) bool { return o.ID.String() == a.Organ })
	if i < 0 {
		a.bad(fault.Field{Name: "organ", Code: "portal.unit_unknown"})
		return
	}
	a.own = p.own(a.organs[i].ID, -1, a.Unit, a.Post)
	readers := a.d.Readers(a.organs[i].ID, managed, a.own)
	switch {
	case len(readers) == 0:
		a.bad(fault.Field{Name: "organ", Code: "portal.nobody"})
	case readers[0].ID != a.organs[i].ID && !a.own.Zero():
		a.Organ = readers[0].ID.String()
		a.bad(fault.Field{Name: "organ", Code: ownCode(a.own, readers[0]), Args: []string{readers[0].Name}})
	case readers[0].ID != a.organs[i].ID:
		a.Organ = readers[0].ID.String()
		a.bad(fault.Field{Name: "organ", Code: "portal.managed", Args: []string{readers[0].Name}})
	default:
		a.to = readers[0]
	}
}

// ownCode says why another reads: it is about a commission's own people, and perhaps about those of the highest one.
func ownCode(own id.ID, reader envelope.Organ) string {
	if reader.ID == own {
		return "portal.own_top"
	}
	return "portal.own"
}

// letter is what is sealed of a form.
func (a *asked) letter(files []envelope.File) envelope.Letter {
	l := envelope.Letter{Unit: a.Unit, UnitID: a.unit.ID, Post: a.Post, Rank: a.Rank, Subject: a.Subject, When: a.When, Text: a.Text, Only: a.Only, Named: a.Named == "yes", Files: files}
	if l.Named {
		l.Name, l.Contact = a.Name, a.Contact
	}
	return l
}

// blank shows the form.
func (s *server) blank(c *call) error {
	a := s.ask(form{Token: envelope.NewToken(), Named: "no"})
	if len(a.levels) > 0 {
		a.Level = levels[a.levels[0]]
	}
	return c.form(http.StatusOK, a)
}

// plain is a file's name without what a path or a terminal would make of it.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if r := []rune(name); len(r) > 120 {
		name = string(r[len(r)-120:]) // the ending says what it is
	}
	return name
}
