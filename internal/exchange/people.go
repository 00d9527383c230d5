package exchange

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// People are the roster of the establishment: one row a post of a township commission, without a name where it is
// vacant. Within the townships it names a roster says who holds every post of the establishment as of the day: somebody
// who is not in it has left. Other townships, and posts beside the establishment, are left alone: authority in a county
// is not given by a spreadsheet.
var peopleColumns = []column{
	{"unit", true, []string{"单位代码", "单位名称", "乡镇", "乡镇代码"}},
	{"post", true, []string{"岗位"}},
	{"name", true, nil},
	{"born", false, []string{"出生日期"}},
	{"since", false, []string{"任职时间", "任现职日期"}},
	{"full_time", false, []string{"专职"}},
	{"discipline_months", false, []string{"纪检经历月数"}},
	{"villages", false, []string{"联系村"}},
	{"groups", false, []string{"任组长的专班"}},
	{"duties", false, []string{"兼职"}},
	{"left_reason", false, []string{"离任原因"}},
	{"left_to", false, []string{"前任去向"}},
	{"person_no", false, []string{"编号"}},
}

// wanted is what a row says of a post.
type wanted struct {
	f        *form
	unit     access.Unit
	kind     string
	person   org.NewPerson
	since    calendar.Date
	fullTime bool
	villages []access.Unit
	groups   []string
	duties   []string
	reason   string
	leftTo   string
	seat     *seat // the post it speaks of; nil for one to be set up
}

// label is the unit and the post, as typed where they are none that is known.
func (w wanted) label(lang string) string {
	unit, post := w.unit.Name, shown(w.f.rec.get("post"))
	if unit == "" {
		unit = shown(w.f.rec.get("unit"))
	}
	if w.kind != "" {
		post = locale.T(lang, "post."+w.kind)
	}
	return unit + "　" + post
}

// same says whether the row speaks of whoever holds the seat.
func (w wanted) same(s *seat) bool {
	if w.person.OutsideNo != "" && s.no != "" {
		return w.person.OutsideNo == s.no
	}
	return text.Name(w.person.Name) == text.Name(s.name) && (w.person.Born == "" || s.born == "" || w.person.Born == s.born)
}

func postNames() map[string]string {
	out := map[string]string{"书记": "secretary", "纪工委书记": "secretary", "副书记": "deputy", "纪工委副书记": "deputy", "干事": "officer", "专职纪检干事": "officer"}
	for _, k := range org.Establishment {
		goesBy(out, k, k, locale.T(locale.Zh, "post."+k), locale.T(locale.En, "post."+k))
	}
	return out
}

func (s *Service) planPeople(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	seats, err := loadSeats(ctx, p.r, p.on)
	if err != nil {
		return nil, err
	}
	villages := p.units.under("village")
	posts, reasons := postNames(), s.terms("leaving_reason", p.on)
	var rows []*wanted
	for _, rec := range p.rows {
		w := readPerson(p, rec, posts, reasons, villages)
		rows = append(rows, w)
	}
	steps := &roster{s: s, p: p, people: peopleByName(seats)}
	onceEach(rows, p.lang)
	match(rows, seats)
	steps.moves(rows)
	for _, w := range rows {
		steps.lives(w)
		steps.row(w)
	}
	steps.left(rows, seats)
	return steps.apply, nil
}

func readPerson(p *pass, rec record, posts, reasons map[string]string, villages map[id.Key]map[string]access.Unit) *wanted {
	f := &form{p: p, rec: rec}
	w := &wanted{f: f, unit: f.unit("unit", true, "township"), kind: f.choice("post", true, posts)}
	w.person = org.NewPerson{Name: f.text("name", false, 30), Born: f.month("born"), DisciplineMonths: f.number("discipline_months"), OutsideNo: f.text("person_no", false, 40)}
	if vacantNames[text.Name(w.person.Name)] {
		w.person.Name = ""
	}
	w.since, w.fullTime = f.day("since", false), f.yes("full_time")
	if !p.have["full_time"] {
		w.fullTime = true
	}
	if w.since > p.on {
		f.say("since", "sheet.after", string(p.on))
	}
	w.reason, w.leftTo = f.choice("left_reason", false, reasons), f.text("left_to", false, 60)
	for _, v := range f.texts("villages", 60) {
		u, ok := villages[w.unit.ID.Key][text.Name(v)]
		if !ok {
			f.say("villages", "sheet.village", v)
			continue
		}
		w.villages = append(w.villages, u)
	}
	w.groups, w.duties = f.texts("groups", 120), f.texts("duties", 120)
	if w.person.Name == "" && len(w.villages)+len(w.groups)+len(w.duties) > 0 {
		f.say("name", "required")
	}
	return w
}

// vacantNames are what people write for a post nobody holds.
var vacantNames = map[string]bool{"空缺": true, "空": true, "缺": true, "—": true, "-": true, "无": true, "vacant": true}

// match finds the post each row speaks of: the one its person holds already, then a vacant one, then any of the kind.
func match(rows []*wanted, seats []*seat) {
	taken := map[*seat]bool{}
	for _, fits := range []func(w *wanted, s *seat) bool{
		func(w *wanted, s *seat) bool { return w.person.Name != "" && s.holding != "" && w.same(s) },
		func(w *wanted, s *seat) bool { return s.holding == "" },
		func(w *wanted, s *seat) bool { return true },
	} {
		for _, w := range rows {
			if w.seat != nil || len(w.f.bad) > 0 {
				continue
			}
			for _, s := range seats {
				if !taken[s] && s.unit == w.unit.ID.Key && s.kind == w.kind && fits(w, s) {
					w.seat, taken[s] = s, true
					break
				}
			}
		}
	}
}

// roster gathers what a roster changes, in the order it must be written: who leaves first.
type roster struct {
	s      *Service
	p      *pass
	people map[string][]*seat      // by name, to know somebody again who moves
	moved  map[*seat]calendar.Date // who takes another post by this roster, and from when: they leave this one by then
	ends   []func(context.Context, *ledger.Tx) error
	begins []func(context.Context, *ledger.Tx) error
	mends  []func(context.Context, *ledger.Tx) error
}

func peopleByName(seats []*seat) map[string][]*seat {
	out := map[string][]*seat{}
	for _, s := range seats {
		if s.person != "" {
			out[text.Name(s.name)] = append(out[text.Name(s.name)], s)
		}
	}
	return out
}

func (r *roster) apply(ctx context.Context, tx *ledger.Tx) error {
	for _, do := range slices.Concat(r.ends, r.begins, r.mends) {
		if err := do(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// row plans one row.
func (r *roster) row(w *wanted) {
	name := w.label(r.p.lang)
	if w.person.Name != "" {
		name += "　" + w.person.Name
	}
	var ch []Changed
	s := w.seat
	switch {
	case len(w.f.bad) > 0:
		w.f.done(Wrong, name, nil)
	case s == nil:
		ch = append(ch, Changed{"name", "", w.person.Name})
		if w.f.done(New, name, ch) {
			r.begins = append(r.begins, func(ctx context.Context, tx *ledger.Tx) error {
				post, err := org.OpenPost(ctx, tx, w.unit, w.kind, w.kind, true, opened(w, r.p.on))
				if err != nil || w.person.Name == "" {
					return err
				}
				return r.seated(ctx, tx, w, post, "")
			})
		}
	case w.person.Name == "" && s.holding == "":
		w.f.done(Same, name, nil)
	case w.person.Name != "" && s.holding != "" && w.same(s):
		r.mend(w, s, name)
	default:
		differ(&ch, "name", s.name, w.person.Name)
		on := r.p.on
		if w.since != "" && w.person.Name != "" {
			on = w.since
		}
		if s.holding != "" && string(on) <= s.since {
			w.f.say("since", "sheet.before_holder", s.name, s.since)
		}
		if s.holding == "" && string(on) < s.left {
			w.f.say("since", "sheet.before_left", s.left)
		}
		if w.f.done(Change, name, ch) {
			r.end(s, r.until(s, on), w.reason, w.leftTo)
			if w.person.Name != "" {
				r.begins = append(r.begins, func(ctx context.Context, tx *ledger.Tx) error { return r.seated(ctx, tx, w, s.post, on) })
			}
		}
	}
}

// opened is since when a post that was not known is taken to be there.
func opened(w *wanted, on calendar.Date) calendar.Date {
	if w.since != "" {
		return w.since
	}
	return on
}

// end lets somebody leave a post, with what they did besides.
func (r *roster) end(s *seat, on calendar.Date, reason, to string) {
	if s.holding == "" {
		return
	}
	r.ends = append(r.ends, func(ctx context.Context, tx *ledger.Tx) error {
		if err := r.s.Org.Leave(ctx, tx, s.holding, on, cmp.Or(reason, "other"), to); err != nil {
			return err
		}
		for _, d := range s.duties {
			if err := org.EndDuty(ctx, tx, d.id, on); err != nil {
				return err
			}
		}
		for _, g := range s.groups {
			if err := org.HeadGroup(ctx, tx, g.id, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// seated puts somebody into a post: a person known from another post of the establishment, or a new one.
func (r *roster) seated(ctx context.Context, tx *ledger.Tx, w *wanted, post id.Key, from calendar.Date) error {
	var person id.Key
	if k := r.known(w); k != nil {
		person = k.person
	} else {
		var err error
		if person, err = org.AddPerson(ctx, tx, w.person); err != nil {
			return err
		}
	}
	h, err := org.Appoint(ctx, tx, org.Appointment{Post: post, Person: person, From: cmp.Or(from, opened(w, r.p.on)), FullTime: w.fullTime})
	if err != nil {
		return err
	}
	return r.besides(ctx, tx, w, h, nil, nil)
}

// mend plans what a row knows better of somebody who stays.
func (r *roster) mend(w *wanted, s *seat, name string) {
	var ch []Changed
	person, holding := map[string]any{}, map[string]any{}
	have := r.p.have
	if w.person.Born != "" && differ(&ch, "born", s.born, w.person.Born) {
		person["born"] = w.person.Born
	}
	if w.f.rec.get("discipline_months") != "" && differ(&ch, "discipline_months", strconv.Itoa(s.months), strconv.Itoa(w.person.DisciplineMonths)) {
		person["discipline_months"] = w.person.DisciplineMonths
	}
	if w.person.OutsideNo != "" && differ(&ch, "person_no", s.no, w.person.OutsideNo) {
		person["outside_no"] = w.person.OutsideNo
	}
	if w.since != "" && differ(&ch, "since", s.since, string(w.since)) {
		holding["from_on"] = w.since
	}
	if have["full_time"] && differ(&ch, "full_time", yesNo(s.fullTime), yesNo(w.fullTime)) {
		holding["full_time"] = w.fullTime
	}
	drop, leave := besidesChanges(w, s, have, &ch)
	if !w.f.done(what(ch), name, ch) || len(ch) == 0 {
		return
	}
	r.mends = append(r.mends, func(ctx context.Context, tx *ledger.Tx) error {
		if len(person) > 0 {
			if err := org.AmendPerson(ctx, tx, s.person, person); err != nil {
				return err
			}
		}
		if len(holding) > 0 {
			if err := org.AmendHolding(ctx, tx, s.holding, holding); err != nil {
				return err
			}
		}
		for _, d := range drop {
			if err := org.EndDuty(ctx, tx, d.id, r.p.on); err != nil {
				return err
			}
		}
		for _, g := range leave {
			if err := org.HeadGroup(ctx, tx, g.id, ""); err != nil {
				return err
			}
		}
		return r.besides(ctx, tx, w, s.holding, s.duties, s.groups)
	})
}

// besidesChanges says which duties and groups of somebody the row no longer names. Columns the file lacks say nothing.
func besidesChanges(w *wanted, s *seat, have map[string]bool, ch *[]Changed) (drop []beside, leave []group) {
	var wereV, wereD, wereG, areV []string
	for _, v := range w.villages {
		areV = append(areV, v.Name)
	}
	for _, d := range s.duties {
		if d.kind == "village" {
			wereV = append(wereV, d.what)
			if have["villages"] && !slices.ContainsFunc(w.villages, func(u access.Unit) bool { return u.ID.Key == d.village }) {
				drop = append(drop, d)
			}
		} else {
			wereD = append(wereD, d.what)
			if have["duties"] && !slices.Contains(w.duties, d.what) {
				drop = append(drop, d)
			}
		}
	}
	for _, g := range s.groups {
		wereG = append(wereG, g.name)
		if have["groups"] && !slices.Contains(w.groups, g.name) {
			leave = append(leave, g)
		}
	}
	for _, x := range []struct {
		col       string
		was, want []string
	}{{"villages", wereV, areV}, {"duties", wereD, w.duties}, {"groups", wereG, w.groups}} {
		if have[x.col] {
			differ(ch, x.col, inOrder(x.was), inOrder(x.want))
		}
	}
	return drop, leave
}

func inOrder(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(list, "、")
}

// besides writes what a holder does besides, as far as it is not there already.
func (r *roster) besides(ctx context.Context, tx *ledger.Tx, w *wanted, holding id.Key, duties []beside, groups []group) error {
	var in []org.NewDuty
	for _, v := range w.villages {
		if !slices.ContainsFunc(duties, func(d beside) bool { return d.village == v.ID.Key }) {
			in = append(in, org.NewDuty{Unit: w.unit.ID.Key, Holding: holding, Kind: "village", What: v.Name, Village: v.ID.Key, From: r.p.on})
		}
	}
	for _, what := range w.duties {
		if !slices.ContainsFunc(duties, func(d beside) bool { return d.kind != "village" && d.what == what }) {
			in = append(in, org.NewDuty{Unit: w.unit.ID.Key, Holding: holding, Kind: "other", What: what, From: r.p.on})
		}
	}
	if err := org.AddDuties(ctx, tx, in); err != nil {
		return err
	}
	for _, name := range w.groups {
		if slices.ContainsFunc(groups, func(g group) bool { return g.name == name }) {
			continue
		}
		there, err := db.Column[string](ctx, tx, `SELECT g.id FROM workgroups g WHERE g.city_id = $1 AND g.unit_id = $2 AND g.name = $3 AND g.to_on = '' ORDER BY g.id`, w.unit.ID.Key, name)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			err = org.HeadGroup(ctx, tx, there[0], holding)
		} else {
			err = org.AddGroups(ctx, tx, []org.NewGroup{{Unit: w.unit.ID.Key, Name: name, Head: holding, Role: "lead", From: r.p.on}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// left plans the end of everybody who holds a post of the establishment in a township of the roster without being in it.
func (r *roster) left(rows []*wanted, seats []*seat) {
	named, kept := map[id.Key]bool{}, map[*seat]bool{}
	for _, w := range rows {
		if !w.unit.ID.Zero() {
			named[w.unit.ID.Key] = true
		}
		kept[w.seat] = true
	}
	for _, s := range seats {
		if !named[s.unit] || kept[s] || s.holding == "" {
			continue
		}
		l := Line{What: End, Name: r.p.units.all[s.unit].Name + "　" + locale.T(r.p.lang, "post."+s.kind), Changes: []Changed{{"name", s.name, ""}}}
		if r.p.rep.Counts[Wrong] > 0 {
			continue // a row that is wrong may be the one about them
		}
		if string(r.p.on) < s.since {
			l.What, l.Problems = Wrong, []Problem{{"since", "sheet.before_holder", []string{s.name, s.since}}}
		}
		r.p.rep.add(l)
		r.end(s, r.until(s, r.p.on), "", "")
	}
}

// under finds units of a kind within a township by name, by name without its last character, and by code.
func (x *unitIndex) under(kind string) map[id.Key]map[string]access.Unit {
	out := map[id.Key]map[string]access.Unit{}
	for _, u := range x.all {
		if u.Kind != kind {
			continue
		}
		if out[u.Township] == nil {
			out[u.Township] = map[string]access.Unit{}
		}
		m := out[u.Township]
		m[text.Name(u.Name)], m[text.Name(u.Code)] = u, u
		if short := strings.TrimSuffix(text.Name(u.Name), "村"); short != text.Name(u.Name) && m[short].ID.Zero() {
			m[short] = u
		}
	}
	return out
}
