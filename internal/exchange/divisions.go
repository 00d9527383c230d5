package exchange

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Divisions are the twelve-digit codes of places as they are published: province, city, county, township, village. The
// code says what kind of place it is and where it lies.
var divisionColumns = []column{
	{"code", true, []string{"代码", "区划代码", "统计用区划代码", "行政区划代码"}},
	{"unit_name", true, []string{"单位名称", "区划名称"}},
	{"short", false, nil},
	{"opened", false, []string{"设立日期"}},
}

// place is what a code says.
func place(code string) (kind, above string) {
	zero := strings.Repeat("0", 12)
	for _, x := range []struct {
		kind  string
		n, up int
	}{{"province", 2, 0}, {"city", 4, 2}, {"county", 6, 4}, {"township", 9, 6}} {
		if code[x.n:] == zero[x.n:] {
			return x.kind, code[:x.up] + zero[x.up:]
		}
	}
	return "village", code[:9] + zero[9:]
}

// depth is how far down a place lies, by its code.
func depth(code string) int {
	kind, _ := place(code)
	return slices.Index([]string{"province", "city", "county", "township", "village"}, kind)
}

type division struct {
	code, name, short, kind, above string
	opened                         calendar.Date
}

func (s *Service) planDivisions(_ context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	seen, coming := map[string]bool{}, map[string]division{}
	byKind := map[string][]division{}
	type rename struct {
		u    access.Unit
		name string
	}
	var renames []rename
	fresh := map[string]bool{}
	for _, rec := range p.rows {
		f := &form{p: p, rec: rec}
		d := division{code: rec.get("code"), name: f.text("unit_name", true, 60), short: f.text("short", false, 20), opened: f.day("opened", false)}
		if len(d.code) != 12 || strings.Trim(d.code, "0123456789") != "" {
			f.say("code", "sheet.division")
		} else {
			d.kind, d.above = place(d.code)
			if seen[d.code] {
				f.say("code", "sheet.twice")
			}
			seen[d.code] = true
		}
		if len(f.bad) > 0 {
			f.done(Wrong, d.name, nil)
			continue
		}
		if d.opened == "" {
			d.opened = p.on
		}
		if u, ok := p.units.byCode[d.code]; ok {
			var changes []Changed
			if !p.units.allowed(u) && u.Name != d.name {
				f.say("code", "unit.elsewhere")
			}
			if differ(&changes, "unit_name", u.Name, d.name) {
				renames = append(renames, rename{u, d.name})
			}
			f.done(what(changes), d.name, changes)
			continue
		}
		coming[d.code] = d
		fresh[d.code] = true
		rec.set("code", d.code)
	}
	for _, rec := range p.rows {
		d, ok := coming[rec.get("code")]
		if !ok {
			continue
		}
		delete(coming, d.code)
		f := &form{p: p, rec: rec}
		if _, there := p.units.byCode[d.above]; !there && !fresh[d.above] {
			f.say("code", "sheet.division_above", d.above)
		} else if p.units.county != "" && !strings.HasPrefix(d.code, p.units.all[p.units.county].Code[:6]) {
			f.say("code", "unit.elsewhere")
		}
		if f.done(New, d.name, nil) {
			byKind[d.kind] = append(byKind[d.kind], d)
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		units := p.units.byCode
		for _, kind := range []string{"county", "township", "village"} { // those above come first
			var in []org.NewUnit
			for _, d := range byKind[kind] {
				in = append(in, org.NewUnit{Kind: d.kind, Code: d.code, Name: d.name, Short: d.short, Superior: units[d.above], Opened: d.opened})
			}
			if len(in) == 0 {
				continue
			}
			us, err := org.OpenUnits(ctx, tx, in)
			if err != nil {
				return err
			}
			for _, u := range us {
				p.units.add(u)
			}
		}
		p.units.stale = p.units.stale || len(renames) > 0
		for _, x := range renames {
			if err := org.RenameUnit(ctx, tx, x.u, x.name, p.on); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// what a row does that has these changes to something that is there.
func what(changes []Changed) string {
	if len(changes) == 0 {
		return Same
	}
	return Change
}

func (s *Service) exportDivisions(ctx context.Context, r db.Reader, who access.Actor, _ string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	for _, u := range x.sorted("city", "county", "township", "village") {
		if u.Code == "" {
			continue
		}
		short := u.Short
		if short == u.Name {
			short = ""
		}
		if err := row([]string{u.Code, u.Name, short, string(u.Opened)}); err != nil {
			return err
		}
	}
	return nil
}
