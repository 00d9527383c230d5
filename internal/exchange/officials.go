package exchange

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/typed"
)

// Officials are the register of people under supervision. An entry is known by its number in its county or, without
// one, by unit, name and post; where several are called alike there, by the day they came in.
var officialColumns = []column{
	{"unit", true, []string{"所在单位", "单位代码", "单位名称"}},
	{"name", true, nil},
	{"post", true, []string{"工作职务"}},
	{"rank", true, []string{"级别"}},
	{"category", true, []string{"对象类别", "监察对象类别"}},
	{"party_member", false, []string{"中共党员", "政治面貌"}},
	{"chief", false, []string{"党组织书记"}},
	{"from", false, []string{"纳入日期"}},
	{"to", false, []string{"退出日期"}},
	{"official_no", false, []string{"编号"}},
}

// entry is an official as the register has them.
type entry struct {
	id, unit, county, name, post, rank, category, from, to, no string
	party, chief                                               bool
	next                                                       *entry // another that is called alike
}

// sign is what an entry is known by: where, and what it is called there.
type sign [3]string

// numbered is an entry's number where it counts: every county keeps its own.
func (e *entry) numbered() sign { return sign{e.county, e.no, "\x00"} } // no post is called so

// called is an entry by its name and post, however they were typed.
func (e *entry) called() sign { return sign{e.unit, text.Name(e.name), text.Name(e.post)} }

func (s *Service) planOfficials(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	byNo, byName := map[sign]*entry{}, map[sign]*entry{}
	err := register(ctx, p.r, p.narrowed, ` ORDER BY o.id DESC`, func(e *entry) error {
		if e.no != "" {
			byNo[e.numbered()] = e
		}
		called := e.called()
		e.next, byName[called] = byName[called], e
		return nil
	})
	if err != nil {
		return nil, err
	}
	ranks, categories := s.ranks(), s.terms("official_category", p.on)
	var fresh []org.NewOfficial
	type mend struct {
		id  string
		set map[string]any
	}
	var mends []mend
	seen, taken := map[sign]bool{}, map[*entry]bool{}
	for _, rec := range p.rows {
		f := &form{p: p, rec: rec}
		u := f.unit("unit", true)
		e := &entry{unit: u.ID.Key, county: u.County, name: f.text("name", true, 30), post: f.text("post", true, 60), rank: f.choice("rank", true, ranks), category: f.choice("category", true, categories),
			from: string(f.day("from", false)), to: string(f.day("to", false)), no: f.text("official_no", false, 40), chief: f.yes("chief")}
		e.party = f.party("party_member")
		if e.to != "" && e.from != "" && e.to < e.from {
			f.say("to", "day.before", e.from)
		}
		if e.rank == "none" {
			f.say("rank", "sheet.no_office") // nobody without office is ever in the register
		}
		key := e.called()
		if e.no != "" {
			key = e.numbered()
		}
		was, ok := byNo[e.numbered()]
		if !ok || e.no == "" {
			was, ok = meant(byName[e.called()], e, taken)
		}
		switch {
		case seen[key] && e.no == "" && !ok:
			f.say("name", "sheet.namesake")
		case seen[key] && e.no != "", ok && taken[was]:
			f.say("name", "sheet.twice")
		}
		if seen[key] = true; ok {
			taken[was] = true
		}
		name := u.Name + "　" + e.name
		if !ok {
			if e.from == "" {
				e.from = string(p.on)
			}
			if e.to != "" {
				f.say("to", "sheet.not_there")
			}
			if f.done(New, name, nil) && len(p.work) <= portionRows { // what more do is planned anew, portion by portion
				fresh = append(fresh, org.NewOfficial{Unit: u, Name: e.name, Post: e.post, Rank: e.rank, Category: e.category, PartyMember: e.party, Chief: e.chief, From: calendar.Date(e.from), OutsideNo: e.no})
			}
			continue
		}
		var ch []Changed
		set := map[string]any{}
		put := func(col, db, from, to string) {
			if (p.have[col] && to != "" || col == "to" && p.have[col]) && differ(&ch, col, from, to) {
				set[db] = to
			}
		}
		put("name", "name", was.name, e.name)
		put("post", "post", was.post, e.post)
		put("rank", "rank", was.rank, e.rank)
		put("category", "category", was.category, e.category)
		put("from", "from_on", was.from, e.from)
		put("to", "to_on", was.to, e.to)
		put("official_no", "outside_no", was.no, e.no)
		if p.have["party_member"] && differ(&ch, "party_member", yesNo(was.party), yesNo(e.party)) {
			set["party_member"] = e.party
		}
		if p.have["chief"] && differ(&ch, "chief", yesNo(was.chief), yesNo(e.chief)) {
			set["chief"] = e.chief
		}
		if was.unit != e.unit {
			f.say("unit", "sheet.moved")
		}
		if f.done(what(ch), name, ch) && len(ch) > 0 {
			mends = append(mends, mend{was.id, set})
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		if _, err := org.AddOfficials(ctx, tx, fresh); err != nil {
			return err
		}
		for _, m := range mends {
			if err := org.AmendOfficial(ctx, tx, m.id, m.set); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// meant is which of those who are called alike a row means: whoever came in and left on its days and is meant by no row
// before it, or else the only one who has not left.
func meant(alike *entry, e *entry, taken map[*entry]bool) (*entry, bool) {
	var still []*entry
	for x := alike; x != nil; x = x.next {
		switch {
		case taken[x] || e.no != "" && x.no != "" && x.no != e.no:
		case x.from == e.from && x.to == e.to:
			return x, true
		case x.to == "":
			still = append(still, x)
		}
	}
	if len(still) == 1 {
		return still[0], true
	}
	for _, x := range still {
		if x.from == e.from {
			return x, true
		}
	}
	return nil, false
}

// party understands 中共党员 and 群众 beside yes and no.
func (f *form) party(col string) bool {
	switch f.rec.get(col) {
	case "中共党员", "党员", "中共预备党员", "预备党员":
		return true
	case "群众", "共青团员", "民主党派", "无党派人士":
		return false
	}
	return f.yes(col)
}

func yesNo(b bool) string {
	if b {
		return "是"
	}
	return "否"
}

// narrowed keeps a portion's rows to the entries they can mean: of their units, or of their numbers. Read whole for each of two
// hundred portions, a register of a hundred thousand would be read twenty million times.
func (p *pass) narrowed(b *db.Builder) {
	if len(p.rows) > Portion {
		return
	}
	var units, nos []string
	for _, rec := range p.rows {
		if u, code, _ := p.units.find(rec.get("unit")); code == "" {
			units = append(units, u.ID.Key)
		}
		if no, ok := typed.Clean(rec.get("official_no"), false); ok && no != "" {
			nos = append(nos, no)
		}
	}
	slices.Sort(units)
	b.In(" AND (", "o.unit_id", slices.Compact(units)).In(" OR o.outside_no <> '' AND ", "o.outside_no", nos).Add(")")
}

// register hands the register's entries over one by one: of the whole tenant, or what narrow leaves of it, in the order that
// order asks for.
func register(ctx context.Context, r db.Reader, narrow func(*db.Builder), order string, each func(*entry) error) error {
	b := db.Build(`SELECT o.id, o.unit_id, o.county_id, o.name, o.post, o.rank, o.category, o.party_member, o.chief, o.from_on, o.to_on, o.outside_no FROM officials o JOIN units u ON u.city_id = o.city_id AND u.id = o.unit_id
		WHERE o.city_id = $1`)
	narrow(b)
	q, args := b.Add(order).SQL()
	rows, err := r.Query(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	once := map[string]string{}
	for rows.Next() {
		e := &entry{}
		if err := rows.Scan(&e.id, &e.unit, &e.county, &e.name, &e.post, &e.rank, &e.category, &e.party, &e.chief, &e.from, &e.to, &e.no); err != nil {
			return err
		}
		for _, v := range []*string{&e.unit, &e.county, &e.post, &e.rank, &e.category, &e.from, &e.to} { // what stands in many entries is kept once
			if _, ok := once[*v]; !ok {
				once[*v] = *v
			}
			*v = once[*v]
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Service) exportOfficials(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	return register(ctx, r, func(*db.Builder) {}, ` ORDER BY u.level, u.code, u.id, o.pinyin, o.id`, func(e *entry) error {
		u, ok := x.all[e.unit]
		if !ok || !x.allowed(u) {
			return nil
		}
		rank, _ := s.Rules.Rank(e.rank)
		return row([]string{x.label(u), e.name, e.post, rank.Name.In(lang), s.Rules.Name("official_category", e.category, lang), yesNo(e.party), yesNo(e.chief), e.from, e.to, e.no})
	})
}
