package insight

import (
	"slices"
	"strconv"

	"qianshao/internal/locale"
)

// annexes are the lists behind the text: who is short of what, what is common, and by what the problems were judged.
func (c *composer) annexes() {
	n := 0
	annex := func(id, key string, t *Table, fold bool, paras ...[]Run) {
		n++
		c.add(Section{Level: 1, ID: id, Head: c.t("report.annex", strconv.Itoa(n), c.t(key)), Paras: paras, Table: t, Fold: fold})
	}
	if len(c.rep.Gaps) > 0 {
		annex("short", "report.annex.short", c.shortTable(), false, plain(c.t("report.annex.short.intro", number(int64(len(c.rep.Short()))))))
		annex("townships", "report.annex.townships", c.townTable(), true, plain(c.t("report.annex.townships.intro")))
	}
	if len(c.rep.Common) > 0 {
		annex("common", "report.annex.common", c.commonTable(), true, plain(c.t("report.annex.common.intro")))
	}
	annex("tests", "report.annex.tests", c.testTable(), true, plain(c.t("report.annex.tests.intro")))
}

// place is a township with its county, which stands first where there are several.
func (c *composer) place(g Gap) string {
	if c.rep.Unit.Kind == "city" || c.rep.Unit.Kind == "province" {
		return g.County.Name + " " + g.Unit.Name
	}
	return g.Unit.Name
}

func (c *composer) shortTable() *Table {
	t := &Table{Columns: []Column{{c.t("report.col.town"), 8, false}, {c.t("report.col.vacant"), 5, false}, {c.t("report.col.since"), 6, false}, {c.t("report.col.months"), 3, true}, {c.t("report.col.owner"), 8, false}}}
	for _, g := range c.rep.Short() {
		for _, v := range g.Vacant {
			row := cells(c.place(g), c.t("report.post."+v.Post), day(c.lang, v.Since), strconv.Itoa(wholeMonths(v.Since, c.rep.Period.To)), c.gapOwner(GapVacant))
			row[0].Link = unitLink(g.Unit.ID.City, g.Unit.ID.Key)
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (c *composer) townTable() *Table {
	t := &Table{Columns: []Column{{c.t("report.col.town"), 7, false}, {c.t("report.col.vacant"), 5, false}, {c.t("report.col.part_time"), 7, false}, {c.t("report.col.fresh"), 7, false}, {c.t("report.col.under"), 4, false}}}
	posts := func(kinds []string) string {
		var out []string
		for _, k := range kinds {
			out = append(out, c.t("report.post."+k))
		}
		return list(c.lang, out)
	}
	for _, g := range c.rep.Gaps {
		if len(g.Kinds()) == 0 {
			continue
		}
		var vacant []string
		for _, v := range g.Vacant {
			vacant = append(vacant, v.Post)
		}
		under := ""
		if g.Under {
			under = c.t("report.yes")
		}
		row := cells(c.place(g), posts(vacant), posts(g.PartTime), posts(g.Fresh), under)
		row[0].Link = unitLink(g.Unit.ID.City, g.Unit.ID.Key)
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (c *composer) commonTable() *Table {
	t := &Table{Columns: []Column{{c.t("report.col.county"), 6, false}, {c.t("report.col.gap"), 10, false}, {c.t("report.col.towns"), 4, true}, {c.t("report.col.owner"), 8, false}}}
	for _, g := range c.rep.Common {
		t.Rows = append(t.Rows, cells(g.County.Name, c.gapName(g.Kind), strconv.Itoa(g.Towns), c.gapOwner(g.Kind)))
	}
	return t
}

// commonKinds lists the common gaps by kind with how many counties have each, for the text.
func (c *composer) commonKinds() string {
	var kinds []string
	counties := map[string]int{}
	for _, g := range c.rep.Common {
		if counties[g.Kind]++; counties[g.Kind] == 1 {
			kinds = append(kinds, g.Kind)
		}
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return counties[b] - counties[a] })
	var out []string
	for _, k := range kinds {
		out = append(out, c.gapName(k))
	}
	return list(c.lang, out)
}

func (c *composer) testTable() *Table {
	t := &Table{Columns: []Column{{c.t("report.col.problem"), 6, false}, {c.t("report.col.test"), 9, false}, {c.t("report.col.now"), 3, true}, {c.t("report.col.result"), 3, false}, {c.t("report.col.note"), 10, false}}}
	for _, f := range c.rep.Findings {
		for _, r := range f.Results {
			result := "report.test.past"
			switch {
			case !r.Known:
				result = "report.test.unknown"
			case !r.Past:
				result = "report.test.not"
			}
			row := cells(f.Title.In(c.lang), c.name(r.Measure)+c.t("list.comma_in")+limit(c.lang, r.Figure.Def.Unit, r.Test), show(r.Figure.Def.Unit, r.Figure.Now), c.t(result),
				r.Note.In(c.lang)+c.t("report.sure", locale.First(c.lang, "report.sure."+string(r.Sure), "sure."+string(r.Sure))))
			row[2].Link = r.Figure.Link
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}
