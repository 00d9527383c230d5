package exchange

import (
	"context"
	"maps"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/typed"
)

// Matters of the past come with the number, the state and the days they had. One whose number is there already is left
// as it is: what happens to a matter here happens by its moves. They may stand in an end state, or in the first.
var matterColumns = []column{
	{"no", true, []string{"编号", "线索编号", "案件编号", "信访编号"}},
	{"received", true, []string{"受理日期", "登记日期"}},
	{"title", true, []string{"标题", "主要问题"}},
	{"summary", true, []string{"问题摘要", "内容摘要"}},
	{"unit", true, []string{"单位代码", "单位名称", "乡镇"}},
	{"subject_name", false, []string{"姓名"}},
	{"subject_post", true, []string{"职务"}},
	{"rank", true, []string{"级别"}},
	{"party_member", false, []string{"政治面貌"}},
	{"discipline", true, []string{"问题性质"}},
	{"state", true, []string{"状态", "办理状态"}},
	{"ended", false, []string{"了结日期", "结案日期"}},
}

var (
	tipoffColumns = append(matterColumns[:len(matterColumns):len(matterColumns)], column{"channel", true, nil}, column{"ground", false, nil},
		column{"from_kind", false, []string{"移送单位", "移送机关"}})
	clueColumns = append(matterColumns[:len(matterColumns):len(matterColumns)], column{"source", true, nil}, column{"from_no", false, []string{"信访编号"}},
		column{"disposal", false, []string{"处置方式"}}, column{"disposed", false, nil}, column{"close_kind", false, nil})
	caseColumns = append(matterColumns[:len(matterColumns):len(matterColumns)], column{"source", false, nil}, column{"from_no", false, []string{"线索编号"}}, column{"track", true, nil},
		column{"filed", true, nil}, column{"decision", false, nil}, column{"decided", false, nil}, column{"form", false, nil})
)

// past is one row that is to become a matter.
type past struct {
	m       flow.Matter
	subs    []flow.Subject
	unit    access.Unit
	summary string
	rec     record
}

// importer reads the columns of one kind of matter.
type importer struct {
	s       *Service
	p       *pass
	kind    string
	states  map[string]string
	ranks   map[string]string
	terms   map[string]map[string]string
	there   numbers            // of the file's own numbers
	parents numbers            // of the numbers its rows came from
	used    map[registered]int // how often the file has had a number so far
	organs  map[id.Key]access.Unit
}

// registered is a number in a register: every organ counts its own.
type registered struct {
	organ id.Key
	no    string
}

func (s *Service) importer(ctx context.Context, p *pass, kind, above string, lists ...string) (*importer, error) {
	x := &importer{s: s, p: p, kind: kind, states: map[string]string{}, ranks: s.ranks(), terms: map[string]map[string]string{}, used: map[registered]int{},
		organs: map[id.Key]access.Unit{}}
	t, _ := s.Engine.Table(kind)
	for i, st := range t.States {
		if !st.End && i > 0 {
			continue
		}
		key := "state." + kind + "." + st.Name
		goesBy(x.states, st.Name, st.Name, locale.T(locale.Zh, key), locale.T(locale.En, key))
	}
	for _, l := range append(lists, "discipline") {
		x.terms[l] = s.terms(l, p.on)
	}
	var err error
	if x.there, err = p.numbersOf(ctx, kind, access.ReadOf(kind), distinct(p.rows, "no")); err == nil {
		x.parents, err = p.numbersOf(ctx, above, access.ReadOf(kind), distinct(p.rows, "from_no"))
	}
	return x, err
}

// distinct are the different values of a column of numbers.
func distinct(rows []record, col string) map[string]bool {
	out := map[string]bool{}
	for _, rec := range rows {
		if no, _ := typed.Clean(rec.get(col), false); no != "" {
			out[no] = true
		}
	}
	return out
}

// numbered is the kind of matter that a table's rows bear numbers of.
var numbered = map[string]string{"tipoffs": intake.Kind, "clues": clue.Kind, "cases": casework.Kind}

// reserve holds the registers that the rows' numbers are of, until the import is done: nothing takes one of them meanwhile,
// nor later.
func (s *Service) reserve(ctx context.Context, tx *ledger.Tx, table string, rows []record) error {
	kind, ok := numbered[table]
	if !ok {
		return nil
	}
	return s.Engine.Reserve(ctx, tx, kind, slices.Collect(maps.Keys(distinct(rows, "no"))))
}

// row reads what every kind of matter has. ok is false when the row is wrong or its number is known; more reads the
// kind's own columns before that is said.
func (x *importer) row(ctx context.Context, rec record, more func(f *form, w *past)) (w past, ok bool, err error) {
	f := &form{p: x.p, rec: rec}
	w.rec = rec
	m := &w.m
	m.No, m.Title, m.State = f.text("no", true, 60), f.text("title", true, 80), f.choice("state", true, x.states)
	m.Received, m.Ended = f.day("received", true), f.day("ended", false)
	w.unit = f.unit("unit", true)
	sub := org.SubjectInput{Unit: w.unit.ID.Key, Name: f.text("subject_name", false, 30), Post: f.text("subject_post", true, 60), Rank: f.choice("rank", true, x.ranks), PartyMember: f.party("party_member")}
	m.Subject, m.SubjectPost = sub.Name, sub.Post
	organ, err := x.organ(ctx, w.unit)
	if err != nil {
		return w, false, err
	}
	there, key := x.ownNumber(&w, organ), registered{organ.ID.Key, m.No}
	x.used[key]++
	switch n := x.used[key]; {
	case m.No == "":
	case n <= len(there): // what an export gave out, even where a register has a number twice
		f.bad = nil
		f.done(Same, m.No, nil)
		return w, false, nil
	case n > 1:
		f.say("no", "sheet.twice")
	}
	w.summary = f.para("summary", true, 4000)
	t, _ := x.s.Engine.Table(x.kind)
	st, _ := t.State(m.State)
	switch {
	case st.End && m.Ended == "":
		f.say("ended", "required")
	case !st.End && m.Ended != "":
		f.say("ended", "sheet.still_open")
	case m.Ended != "" && m.Ended < m.Received:
		f.say("ended", "day.before", string(m.Received))
	}
	f.choice("discipline", true, x.terms["discipline"])
	if no := f.text("from_no", false, 60); no != "" {
		if up, ok := x.parent(no, &w, organ); ok {
			m.Parent, m.Root = up.ID.Key, up.Root
		} else {
			f.say("from_no", "sheet.from_no", no)
		}
	}
	more(f, &w)
	if len(f.bad) == 0 {
		err = x.subject(ctx, f, &w, organ, sub)
	}
	if err == nil {
		ok = f.done(New, m.No+"　"+m.Title, nil) && !x.entered(&w, organ)
	}
	return w, ok, err
}

// subject finds who the matter is about and whether anything may be kept of them here.
func (x *importer) subject(ctx context.Context, f *form, w *past, organ access.Unit, in org.SubjectInput) error {
	sub, err := org.Resolve(ctx, x.p.r, x.s.Rules, in)
	if bad := fault.Fields(err); len(bad) > 0 {
		for _, b := range bad {
			col := map[string]string{"post": "subject_post"}[b.Name]
			if col == "" {
				col = b.Name
			}
			f.say(col, b.Code, b.Args...)
		}
		return nil
	}
	if err != nil {
		return err
	}
	st, err := x.s.Intake.StandAt(ctx, x.p.r, organ, sub)
	if err != nil {
		return err
	}
	if st.Slip {
		f.say("rank", "sheet.higher", st.To.Name)
	}
	w.subs = []flow.Subject{sub}
	m := &w.m
	m.Organ, m.Rank, m.Subject, m.SubjectPost, m.Township = organ.ID, sub.Rank, sub.Name, sub.Post, w.unit.Township
	for flag, is := range map[string]bool{flow.FlagChief: sub.Chief, flow.FlagParty: sub.PartyMember} {
		if is {
			m.Set(flag)
		}
	}
	return nil
}

// organ is the organ whose register a matter of the past is entered in: the actor's, or for the host's command line
// that of the place; none where the place is not known.
func (x *importer) organ(ctx context.Context, u access.Unit) (access.Unit, error) {
	key := u.Organ
	if !x.p.who.Automatic() {
		key = x.p.who.Unit().Organ
	}
	if key == "" {
		return access.Unit{}, nil
	}
	organ, ok := x.organs[key]
	if ok {
		return organ, nil
	}
	organ, err := access.GetUnit(ctx, x.p.r, key)
	x.organs[key] = organ
	return organ, err
}

func (s *Service) planTipoffs(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	x, err := s.importer(ctx, p, intake.Kind, "", "channel", "decline_ground", "transfer_from")
	if err != nil {
		return nil, err
	}
	type one struct {
		past
		t intake.Tipoff
	}
	var all []one
	for _, rec := range p.rows {
		var t intake.Tipoff
		w, ok, err := x.row(ctx, rec, func(f *form, w *past) {
			t.Summary, t.OutsideNo = w.summary, w.m.No
			t.Channel, t.Ground = f.choice("channel", true, x.terms["channel"]), f.choice("ground", w.m.State == intake.Declined, x.terms["decline_ground"])
			if t.FromKind = f.choice("from_kind", false, x.terms["transfer_from"]); t.FromKind != "" && t.Channel != "" && t.Channel != "transfer" {
				f.say("from_kind", "sheet.no_transfer")
			}
			w.m.Source, t.Discipline = intake.SourceOf(t.Channel, t.FromKind), x.terms["discipline"][text.Name(rec.get("discipline"))]
		})
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, one{w, t})
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		for i := range all {
			if err := s.Intake.Import(ctx, tx, &all[i].m, all[i].t, all[i].subs, all[i].unit.Name); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (s *Service) planClues(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	x, err := s.importer(ctx, p, clue.Kind, intake.Kind, "clue_source", "disposal", "close_kind")
	if err != nil {
		return nil, err
	}
	type one struct {
		past
		c clue.Clue
	}
	var all []one
	for _, rec := range p.rows {
		var c clue.Clue
		w, ok, err := x.row(ctx, rec, func(f *form, w *past) {
			c.Summary, c.OutsideNo = w.summary, w.m.No
			w.m.Source = f.choice("source", true, x.terms["clue_source"])
			c.Disposal, c.Disposed = f.choice("disposal", false, x.terms["disposal"]), f.day("disposed", false)
			if c.Disposal != "" && c.Disposed == "" {
				f.say("disposed", "required")
			}
			c.CloseKind = f.choice("close_kind", w.m.State == clue.Closed, x.terms["close_kind"])
			c.Discipline, c.Tipoff = x.terms["discipline"][text.Name(rec.get("discipline"))], w.m.Parent
		})
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, one{w, c})
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		for i := range all {
			if err := s.Clues.Import(ctx, tx, &all[i].m, all[i].c, all[i].subs, all[i].unit.Name); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (s *Service) planCases(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	x, err := s.importer(ctx, p, casework.Kind, clue.Kind, "clue_source", "track", "decision", "four_form")
	if err != nil {
		return nil, err
	}
	type one struct {
		past
		c casework.Case
	}
	var all []one
	for _, rec := range p.rows {
		var c casework.Case
		w, ok, err := x.row(ctx, rec, func(f *form, w *past) {
			c.Summary, c.OutsideNo = w.summary, w.m.No
			w.m.Source = f.choice("source", false, x.terms["clue_source"])
			c.Track, c.Filed = f.choice("track", true, x.terms["track"]), f.day("filed", w.m.State == casework.Closed)
			if w.m.State == casework.Filing && c.Filed != "" { // filing it here will count it
				f.say("filed", "sheet.not_filed")
			}
			c.Decision, c.Decided = f.choice("decision", w.m.State == casework.Closed, x.terms["decision"]), f.day("decided", w.m.State == casework.Closed)
			c.Form = f.choice("form", false, x.terms["four_form"])
			c.Discipline, c.Clue = x.terms["discipline"][text.Name(rec.get("discipline"))], w.m.Parent
		})
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, one{w, c})
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		for i := range all {
			if err := s.Cases.Import(ctx, tx, &all[i].m, all[i].c, all[i].subs, all[i].unit.Name); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// exported reads the matters of a kind that the actor may see with the kind's own columns, detail, and gives each as a
// row: the common columns, then what more makes of the others. The number of what it came from, a matter of the kind
// above, is given where the actor may see that too.
func (s *Service) exported(ctx context.Context, r db.Reader, who access.Actor, lang, kind, above, detail string, n int, row func([]string) error, more func(m flow.Matter, v []string) []string) error {
	b := db.Build(`SELECT `+flow.Columns+`, COALESCE(b.unit_id, ''), COALESCE(b.name, ''), COALESCE(b.post, ''), COALESCE(b.party_member, FALSE), COALESCE(up.no, ''), `+detail+` JOIN matters m ON m.city_id = d.city_id AND m.id = d.id
		LEFT JOIN subjects b ON b.city_id = m.city_id AND b.matter_id = m.id AND b.n = 1 LEFT JOIN matters up ON up.city_id = m.city_id AND up.id = m.parent_id AND up.kind = ?`, above)
	who.Scope(access.ReadOf(above)).Where(b, "up", r.City()).Add(` WHERE m.city_id = $1`)
	who.Scope(access.ReadOf(kind)).Where(b, "m", r.City())
	text, args := b.Add(` ORDER BY m.received_on, m.id`).SQL()
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		m := flow.Matter{}
		var unit, name, post, up string
		var party bool
		v := make([]string, n)
		dest := append(m.Dest(), &unit, &name, &post, &party, &up)
		for i := range v {
			dest = append(dest, &v[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		rank, _ := s.Rules.Rank(m.Rank)
		where := ""
		if u, ok := x.all[unit]; ok {
			where = x.label(u)
		}
		cells := []string{m.No, string(m.Received), m.Title, v[0], where, name, post, rank.Name.In(lang), yesNo(party), s.Rules.Name("discipline", v[1], lang),
			locale.T(lang, "state."+kind+"."+m.State), string(m.Ended)}
		m.Parent = up
		if err := row(append(cells, more(m, v)...)); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Service) exportTipoffs(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	return s.exported(ctx, r, who, lang, intake.Kind, "", `d.summary, d.discipline, d.channel, d.ground, d.from_kind FROM tipoffs d`, 5, row, func(_ flow.Matter, v []string) []string {
		return []string{s.Rules.Name("channel", v[2], lang), s.termOr("decline_ground", v[3], lang), s.termOr("transfer_from", v[4], lang)}
	})
}

func (s *Service) exportClues(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	return s.exported(ctx, r, who, lang, clue.Kind, intake.Kind, `d.summary, d.discipline, d.disposal, d.disposed_on, d.close_kind FROM clues d`, 5, row, func(m flow.Matter, v []string) []string {
		return []string{s.Rules.Name("clue_source", m.Source, lang), m.Parent, s.termOr("disposal", v[2], lang), v[3], s.termOr("close_kind", v[4], lang)}
	})
}

func (s *Service) exportCases(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	return s.exported(ctx, r, who, lang, casework.Kind, clue.Kind, `d.summary, d.discipline, d.track, d.filed_on, d.decision, d.decided_on, d.form FROM cases d`, 7, row, func(m flow.Matter, v []string) []string {
		return []string{s.termOr("clue_source", m.Source, lang), m.Parent, s.termOr("track", v[2], lang), v[3], s.termOr("decision", v[4], lang), v[5], s.termOr("four_form", v[6], lang)}
	})
}

// termOr is the name of a term, "" for none.
func (s *Service) termOr(list, code, lang string) string {
	if code == "" {
		return ""
	}
	return s.Rules.Name(list, code, lang)
}
